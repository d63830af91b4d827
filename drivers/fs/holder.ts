/** Which process, or which thread of one, holds a claim, in a line of text, and whether it still runs. */
import { randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { readFile, readlink } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { sha256 } from "./digest.ts";
import { isBusy, isErrno, patiently } from "./errno.ts";

/** What can be told of a holder: `unknown` when it is of another machine or container, or when the system does not say, as of one that runs elsewhere than on Linux. */
export type HolderState = "running" | "gone" | "unknown";

/** This thread as {@link stateOf} understands it. */
interface Self {
  /** Where process numbers mean something: boot and process namespace, elsewhere than on Linux the machine; null where the system does not tell. */
  readonly machine: string | null;
  /** Its number. */
  readonly id: number;
  /** When it began, since numbers are used again; 0 where that is not told. */
  readonly start: string;
}

const self = async (): Promise<Self> => {
  try {
    // Linux alone has these.
    const boot = await patiently(() => readFile("/proc/sys/kernel/random/boot_id", "utf8"));
    const namespace = await readlink("/proc/self/ns/pid");
    const id = ownThread();
    const own = await processAt(id === process.pid ? "self" : `${id}`);
    if (!own) return { machine: null, id, start: "0" };
    return { machine: shortened(`${boot}${namespace}`), id, start: own.start };
  } catch (error) {
    // For want of a descriptor it is not told now, and will be later.
    if (isBusy(error)) known = undefined;
    return { machine: isAlone() ? machineByName() : null, id: process.pid, start: "0" };
  }
};

/**
 * Linux numbers threads as it does processes, of which each is its own first thread. A server may end a thread and live on, as Nitro does in
 * development whenever a file changes: what that thread held would be held as long as the server runs. Read by this thread itself, not by one of the pool.
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
 * Whether all processes of a machine see each other: elsewhere there are jails and zones. Not asked under Deno, which asks its user for the right, and by some
 * versions of which a process of Windows is ended by the question whether it runs.
 */
function isAlone(): boolean {
  return ["darwin", "win32"].includes(process.platform) && !("Deno" in globalThis);
}

/** By what its network knows it by; null where it has none, or the runtime does not let see it. */
function machineByName(): string | null {
  try {
    const cards = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ mac }) => mac));
    const own = [...new Set(cards)].filter((mac) => /[1-9a-f]/i.test(mac)).toSorted();
    return own.length > 0 ? shortened(`${hostname()} ${own}`) : null;
  } catch {
    return null;
  }
}

function shortened(text: string): string {
  return sha256(text).slice(0, 12);
}

let known: Promise<Self> | undefined;

/** Tells this thread, and with a number each line of it, from all others. Made when first asked for: workerd loads no chance. */
let own: string | undefined;
let lines = 0;

/** A line that names this thread, another one at each call. Below 60 bytes, so that ext4 keeps it in the inode of a link. */
export async function nameHolder(): Promise<string> {
  const { machine, id, start } = await (known ??= self());
  own ??= randomBytes(6).toString("hex");
  return `${own}-${(lines++).toString(36)}.${machine ?? ""}.${id}.${start}`;
}

/** Whether the process or thread that a line names still runs. Never rejects. */
export async function stateOf(line: string): Promise<HolderState> {
  const { machine } = await (known ??= self());
  const [, of, pid, start] = /^[\w-]+\.(\w*)\.(\d+)\.(\d+)$/.exec(line) ?? [];
  if (of !== machine) return "unknown";
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (isErrno(error, "ESRCH")) return "gone";
    // EPERM says that it runs, for another user.
    if (!isErrno(error, "EPERM")) return "unknown";
  }
  // Elsewhere than on Linux it may be a later one of that number; there other users' processes may be hidden.
  const now = start === "0" ? null : await processAt(pid as string).catch(() => null);
  if (!now) return "unknown";
  return now.start === start && now.runs ? "running" : "gone";
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name may hold spaces and parentheses, so fields count from its end. */
async function processAt(pid: string): Promise<{ readonly start: string; readonly runs: boolean } | null> {
  const text = await patiently(() => readFile(`/proc/${pid}/stat`, "utf8")).catch((error: unknown) => {
    if (isBusy(error)) throw error;
    return "";
  });
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const start = fields[19];
  // A killed process whose parent does not ask for it stays in the table, as in containers without an init.
  return start !== undefined && /^\d+$/.test(start) ? { start, runs: !/^[ZXx]/.test(fields[0] as string) } : null;
}
