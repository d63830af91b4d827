/** What programs behind a mount do otherwise than disks: a stand-in over a disk, for `vi.mock` of `drivers/fs/calls.ts` and `node:fs/promises`. */
import * as disk from "node:fs";
import type * as FsPromises from "node:fs/promises";
import type * as Calls from "../../drivers/fs/calls.ts";

/** What a mount does. */
export interface Habits {
  /** Gives a file another number at each look, as rclone does after moments, and SSHFS when it has forgotten it. */
  readonly renumbers?: boolean;
  /** Sets times when a file is closed alone, as s3fs does. */
  readonly setsTimesAtClose?: boolean;
  /** Cuts times to multiples of so many nanoseconds, as SFTP does. */
  readonly unit?: bigint;
  /** Gives a file a time of its own where it gets another name, as EncFS does; a link too, as SeaweedFS does. */
  readonly touchesNames?: boolean;
  /** Sends bytes at the close, and loses them: the last that were written, without a word or with this error. */
  readonly loses?: "silently" | "EIO";
  /** Of files alone of such a path. */
  readonly losesOf?: RegExp;
  /** What a call rejects with: by name, before or after it was done. */
  readonly fails?: { readonly call: string; readonly code: string; readonly done: boolean };
  /** Done once a file is open. One that is replaced then is said to be absent, as by SSHFS and s3fs, which go by names. */
  readonly onOpen?: () => void;
}

/** What the mount of this moment does; undefined: what the disk does. */
export const mount: { habits: Habits | undefined } = { habits: undefined };

/** Times that are to be set, by path. */
const pending = new Map<string, number | Date>();
let numbers = 0;
const written = new Set<number>();

const fail = (call: string, done: boolean): void => {
  const { fails } = mount.habits ?? {};
  if (fails?.call === call && fails.done === done) throw Object.assign(new Error("injected"), { code: fails.code });
};
const placeOf = (fd: unknown): string => disk.readlinkSync(`/proc/self/fd/${String(fd)}`);

function seen(stats: disk.BigIntStats | undefined): disk.BigIntStats | undefined {
  if (!stats || !mount.habits) return stats;
  const { renumbers, unit = 1n } = mount.habits;
  if (renumbers) stats.ino = BigInt(++numbers);
  return Object.assign(stats, { mtimeNs: (stats.mtimeNs / unit) * unit });
}

/** For `vi.mock` of `drivers/fs/calls.ts`. */
export function mountedCalls(calls: typeof Calls): typeof Calls {
  const touch = (path: string): void => {
    if (mount.habits?.touchesNames) disk.utimesSync(path, 1_700_000_000, 1_700_000_000);
  };
  return {
    ...calls,
    async call(atOnce, name, ...args) {
      const [first] = args;
      if (!mount.habits) return calls.call(atOnce, name, ...args);
      fail(name, false);
      const { onOpen, loses, losesOf = /^/ } = mount.habits;
      if ((name === "fstat" || name === "read") && onOpen && placeOf(first).endsWith(" (deleted)"))
        throw Object.assign(new Error("injected"), { code: "ENOENT" });
      if (name === "write") written.add(first as number);
      if (name === "close" && written.delete(first as number) && loses && losesOf.test(placeOf(first))) {
        const path = placeOf(first);
        await calls.call(atOnce, name, ...args);
        if (loses === "EIO") throw Object.assign(new Error("injected"), { code: "EIO" });
        return disk.truncateSync(path, 1) as never;
      }
      const path = name === "close" || name === "fstat" ? placeOf(first) : String(first);
      const result: unknown = await calls.call(atOnce, name, ...args);
      if (name === "close" && pending.has(path)) {
        const time = pending.get(path) as number;
        pending.delete(path);
        disk.utimesSync(path, time, time);
      }
      if (name === "open" && disk.fstatSync(result as number).isFile() && !path.includes(".unbucket")) {
        mount.habits = { ...mount.habits, onOpen: mount.habits.onOpen && (() => {}) };
        onOpen?.();
      }
      if (name === "lstat" || name === "fstat") return seen(result as disk.BigIntStats) as never;
      fail(name, true);
      return result as never;
    },
    async rename(from, to, local) {
      fail("rename", false);
      await calls.rename(from, to, local);
      if (!to.includes(".json") && !to.includes("/meta/")) touch(to);
      fail("rename", true);
    },
    async utimes(path, time, local) {
      if (mount.habits?.setsTimesAtClose) pending.set(path, time);
      else await calls.utimes(path, time, local);
    },
  };
}

const FUSE = 0x65735546;

/** For `vi.mock` of `node:fs/promises`. */
export function mountedPromises(fs: typeof FsPromises): typeof FsPromises {
  const statfs = async (path: string): Promise<disk.StatsFs> => {
    const stats = await fs.statfs(path);
    return mount.habits ? Object.assign(stats, { type: FUSE }) : stats;
  };
  const link: typeof fs.link = async (from, to) => {
    fail("link", false);
    await fs.link(from, to);
    if (mount.habits?.touchesNames) await fs.utimes(to, 1_700_000_000, 1_700_000_000);
    fail("link", true);
  };
  return { ...fs, statfs, link } as typeof FsPromises;
}
