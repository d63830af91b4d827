/** A claim on a name: one process at a time holds it, and what a crashed one held is taken over. */
import { link, lstat, lutimes, open, readlink } from "node:fs/promises";
import { type Clock, systemClock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { patiently } from "./again.ts";
import { type Local, symlink, unlink } from "./calls.ts";
import { sha256 } from "./digest.ts";
import { isErrno, orAbsent } from "./errno.ts";
import { nameHolder, stateOf } from "./holder.ts";
import { setBits } from "./mode.ts";
import { readText } from "./text.ts";

/** A claim that has not changed for so long counts as left, where nothing tells whether its holder runs. */
const STALE_MS = 30_000;
/** How often a holder shows that it is there. */
const BEAT_MS = 5000;
/** A claim this old by the wall clock counts as left at once. Much longer, since the clocks of two machines may differ by hours. */
const OLD_MS = 24 * 60 * 60 * 1000;
/** So does a right to free one, which is held for a moment: who is taken for dead by mistake still looks again before it frees anything. */
const OLD_RIGHT_MS = 10 * 60 * 1000;
const GIVE_UP_MS = 2 * STALE_MS;
/** How often a name that is taken may be absent at the next look before that is waited for: mostly the claim has just ended. */
const MISSED = 20;

/** More than any line has: what lies there may be no claim. */
const LINE_BYTES = 256;

/** What was seen of a claim. */
interface Seen {
  readonly line: string;
  readonly mtimeNs: bigint;
}

/** What was seen of a claim that is waited for. */
interface Resting extends Seen {
  /** Milliseconds that were waited without a change. The waits are summed up, since any clock may be put. */
  readonly rested: number;
}

/** A file that names this process, for many claims in one go: each is a link to it, which costs a third of a file. */
export interface Holding {
  readonly file: string;
  readonly line: string;
  end(): Promise<void>;
}

/** Makes the file of many claims, each on another name. The folder must exist. */
export async function hold(file: string): Promise<Holding> {
  const line = await nameHolder();
  await writeNew(file, line);
  const stop = beat(file);
  return {
    file,
    line,
    async end() {
      stop();
      await end(file, line);
    },
  };
}

/** Makes a file with a line in it. On failure none is left: an empty one would be waited for. */
async function writeNew(path: string, line: string): Promise<void> {
  const handle = await patiently(() => open(path, "wx"));
  try {
    // Other users must read who holds it, whatever the umask is; it tells nothing of objects, and its folder keeps off whom it should.
    const letRead = (): Promise<void> => setBits(handle, path, 0o644).catch(() => {});
    await handle
      .writeFile(line)
      .then(letRead)
      .finally(() => handle.close());
  } catch (error) {
    await unlink(path).catch(() => {});
    throw error;
  }
}

/** Lines of this process's claims that are over and could not be removed, by path: else they would be held as long as it runs. */
const over = new Map<string, string>();

function isOver(path: string, line: string): boolean {
  return over.get(path) === line;
}

/** Removes a claim. Never rejects. */
async function end(path: string, line: string, local?: Local): Promise<void> {
  await orAbsent(patiently(() => unlink(path, local))).catch(() => over.set(path, line));
}

/** Claims that are waited for, by path, as they were seen: whoever waits next goes on where one gave up that had less time than that takes. */
const resting = new Map<string, Resting>();
const MOST_RESTING = 1000;

/** How a claim is waited for. */
export interface ClaimOptions {
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
  /** What the claim is to be a link of. */
  readonly holding?: Holding | undefined;
  /** Of the folder's file system. */
  readonly local?: Local;
}

/** Waits for the claim at a path and gives the function that ends it. The folder must exist. */
export async function claim(
  path: string,
  { signal, clock = systemClock, holding, local }: ClaimOptions = {},
): Promise<() => Promise<void>> {
  const line = holding?.line ?? (await nameHolder());
  let missed = 0;
  for (let waited = 0; !(await take(path, line, holding?.file, local));) {
    const now = await look(path);
    const seen = resting.get(path);
    // Ours: when an answer is lost, NFS asks again, and meets the claim that its first request has made.
    if (now?.line === line) break;
    const rested = now && seen && isSame(now, seen) ? seen.rested : 0;
    // One that is taken and absent at each look is another machine's: the mount remembers that nothing was there.
    if (now ? await free(path, { ...now, rested }, clock) : ++missed < MISSED) continue;
    if (waited > GIVE_UP_MS)
      throw new StorageError("unavailable", "another process has been writing this object for a minute");
    // Short at first, since a claim is held for one rename.
    const wait = (0.5 + clock.random()) * Math.min(100, 4 + rested / 10);
    await clock.sleep(wait, signal);
    waited += wait;
    if (resting.size >= MOST_RESTING) resting.clear();
    if (now) resting.set(path, { ...now, rested: rested + wait });
  }
  resting.delete(path);
  // An earlier one may have had the same line, that of the holding.
  over.delete(path);
  const taken = { steady: performance.now(), wall: clock.now() };
  const stop = beat(path);
  return async () => {
    stop();
    // By both clocks: one may stand still while the machine sleeps, the other may be put.
    const held = Math.max(performance.now() - taken.steady, clock.now() - taken.wall);
    if (held > STALE_MS) {
      // After so long it may be somebody else's.
      const now = await look(path).catch(() => void over.set(path, line));
      if (now?.line !== line) return;
    }
    await end(path, line, local);
  };
}

function beat(path: string): () => void {
  const timer = setInterval(() => {
    const now = new Date();
    void lutimes(path, now, now).catch(() => {});
  }, BEAT_MS);
  return () => clearInterval(timer);
}

/** Ends a claim whose holder is gone; one that is held stays. Gives whether it is ended. */
export async function endIfLeft(path: string, clock: Clock = systemClock, oldMs?: number): Promise<boolean> {
  const seen = await look(path);
  return seen !== null && free(path, { ...seen, rested: 0 }, clock, oldMs);
}

/** Takes a claim; false when somebody has it. A symbolic link gets its text in the step that makes it; where there are none, a file serves. */
async function take(path: string, line: string, file?: string, local?: Local): Promise<boolean> {
  try {
    if (file !== undefined) {
      await link(file, path);
      return true;
    }
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    // No hard links here, or too many of this file.
  }
  try {
    if (process.platform !== "win32") {
      await symlink(line, path, local);
      return true;
    }
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    // exFAT and some network file systems have none, Deno and Node allow none to a program of limited rights.
  }
  try {
    await writeNew(path, line);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

async function look(path: string): Promise<Seen | null> {
  const stats = await orAbsent(lstat(path, { bigint: true }));
  if (!stats) return null;
  // What is neither, such as a pipe, names nobody.
  let line: string | null = "";
  if (stats.isSymbolicLink()) line = await orAbsent(readlink(path));
  else if (stats.isFile()) line = await readText(path, false, { most: LINE_BYTES });
  return line === null ? null : { line, mtimeNs: stats.mtimeNs };
}

function isSame(a: Seen, b: Seen): boolean {
  return a.line === b.line && a.mtimeNs === b.mtimeNs;
}

async function isLeft(path: string, { line, mtimeNs, rested }: Resting, clock: Clock, oldMs: number): Promise<boolean> {
  if (isOver(path, line)) return true;
  const state = await stateOf(line);
  if (state !== "unknown") return state === "gone";
  return rested > STALE_MS || clock.now() - Number(mtimeNs / 1_000_000n) > oldMs;
}

/**
 * Removes a claim that was left; gives whether it is gone. The right to do so is a claim as well, named after this very one: else a second
 * process that saw it too could remove the claim that the first has taken since. A right that a crash left is freed in the same way.
 */
async function free(path: string, seen: Resting, clock: Clock, oldMs: number = OLD_MS): Promise<boolean> {
  if (!(await isLeft(path, seen, clock, oldMs))) return false;
  const wasOver = isOver(path, seen.line);
  const right = `${path}.${sha256(`${seen.line} ${seen.mtimeNs}`).slice(0, 8)}`;
  const line = await nameHolder();
  if (!(await take(right, line)) && (await look(right))?.line !== line) return endIfLeft(right, clock, OLD_RIGHT_MS);
  try {
    const now = await look(path);
    // One that was over may be held anew meanwhile, by the same line.
    if (now && isSame(now, seen) && isOver(path, seen.line) === wasOver) {
      await orAbsent(unlink(path));
      over.delete(path);
    }
  } finally {
    await end(right, line);
  }
  return true;
}
