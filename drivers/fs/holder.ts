/** Which process, or which of its threads, holds a claim, as a line of text; and whether it still runs. */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { readFile, readlink } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { patiently } from "./again.ts";
import { sha256 } from "./digest.ts";
import { isErrno, isOutOfDescriptors } from "./errno.ts";

/**
 * What can be told of a holder: `unknown` when it is of another machine or container, or when the system does not tell. Of a holder that
 * runs, Linux alone tells.
 */
export type HolderState = "running" | "gone" | "unknown";

/** This thread as {@link stateOf} understands it. */
interface Self {
  /** Where its number means something: a boot and a process namespace, elsewhere than on Linux a machine; null where the system does not tell. */
  readonly machine: string | null;
  /** Its number. */
  readonly id: number;
  /** When it began, since numbers are used again; 0 where that is not told. */
  readonly start: string;
}

/** Asked for once. */
let thisThread: Promise<Self> | undefined;

async function findSelf(): Promise<Self> {
  try {
    // Linux alone has these.
    const boot = await patiently(() => readFile("/proc/sys/kernel/random/boot_id", "utf8"));
    const namespace = await readlink("/proc/self/ns/pid");
    const id = ownThread();
    const thread = await processAt(id === process.pid ? "self" : `${id}`);
    if (!thread) return { machine: null, id, start: "0" };
    return { machine: shortened(`${boot}${namespace}`), id, start: thread.start };
  } catch (error) {
    // Without a descriptor it cannot be told now: the next call asks again.
    if (isOutOfDescriptors(error)) thisThread = undefined;
    return { machine: isAlone() ? machineByName() : null, id: process.pid, start: "0" };
  }
}

/**
 * The number of this thread, which Linux takes from those of processes; a process has that of its first thread. Not the process's: a server
 * may end a thread and live on, as Nitro does in development whenever a file changes, and would seem to hold what that thread held. Read by
 * a call that blocks, since others run on a thread of the pool.
 */
function ownThread(): number {
  try {
    const [pid, , thread] = readlinkSync("/proc/thread-self").split("/");
    return Number(pid) === process.pid ? Number(thread) : process.pid;
  } catch {
    return process.pid;
  }
}

/**
 * Whether all processes of a machine see each other: on other systems there are jails and zones. Never under Deno, which asks its user for
 * the right to see them, and of which some versions end a process of Windows when they are asked whether it runs.
 */
function isAlone(): boolean {
  return ["darwin", "win32"].includes(process.platform) && !("Deno" in globalThis);
}

/** The machine by its name and network cards; null where it has none, or the runtime does not show them. */
function machineByName(): string | null {
  try {
    const cards = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ mac }) => mac));
    const real = [...new Set(cards)].filter((mac) => /[1-9a-f]/i.test(mac)).toSorted();
    return real.length > 0 ? shortened(`${hostname()} ${real}`) : null;
  } catch {
    return null;
  }
}

function shortened(text: string): string {
  return sha256(text).slice(0, 12);
}

/** Tells this thread's lines from those of all others. Made when first asked for, since workerd gives no random bytes while modules load. */
let mark: string | undefined;
/** Tells its lines from each other. */
let lines = 0;

/** A line that names this thread, another one at each call. Below 60 bytes, so that ext4 keeps it in the inode of a link. */
export async function nameHolder(): Promise<string> {
  const { machine, id, start } = await (thisThread ??= findSelf());
  mark ??= randomBytes(6).toString("hex");
  return `${mark}-${(lines++).toString(36)}.${machine ?? ""}.${id}.${start}`;
}

/** Whether the process or thread that a line names still runs. Never rejects. */
export async function stateOf(line: string): Promise<HolderState> {
  const { machine } = await (thisThread ??= findSelf());
  const [, of, pid, start] = /^[\w-]+\.(\w*)\.(\d+)\.(\d+)$/.exec(line) ?? [];
  if (of !== machine) return "unknown";
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (isErrno(error, "ESRCH")) return "gone";
    // EPERM says that it runs, for another user.
    if (!isErrno(error, "EPERM")) return "unknown";
  }
  // Without its start it may be a later process of that number. Linux may hide the start of other users' processes.
  const now = start === "0" ? null : await processAt(pid as string).catch(() => null);
  if (!now) return "unknown";
  return now.start === start && now.runs ? "running" : "gone";
}

/**
 * A process or thread of this number, as Linux has it; null when there is none. The name may hold spaces and parentheses, so fields count
 * from its end.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
async function processAt(pid: string): Promise<{ readonly start: string; readonly runs: boolean } | null> {
  const text = await patiently(() => readFile(`/proc/${pid}/stat`, "utf8")).catch((error: unknown) => {
    if (isOutOfDescriptors(error)) throw error;
    return "";
  });
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const start = fields[19];
  // A killed process stays in the table until its parent asks for it, which in containers without an init may be never.
  return start !== undefined && /^\d+$/.test(start) ? { start, runs: !/^[ZXx]/.test(fields[0] as string) } : null;
}
