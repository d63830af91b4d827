/** One writer at a time per key, among all processes on the folder. */
import { claim, hold, type Holding } from "./claim.ts";
import { sha256 } from "./digest.ts";
import { isErrno } from "./errno.ts";
import { inMemory } from "./host.ts";
import { folderOf } from "./path.ts";
import type { Root } from "./root.ts";
import { fold } from "./spelling.ts";

/** By name, the end of the work that was begun last. */
const tails = new Map<string, Promise<void>>();

/** What a full disk says. */
const NO_ROOM = ["ENOSPC", "EDQUOT"];

/** How a lock is waited for. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether the work is done without a claim where the disk is too full for one. */
  readonly needsNoRoom?: boolean;
  /** The folder of temporary files, where the caller has just used it, so that it is not looked at again. */
  readonly folder?: string;
  /** What the claims of many keys in one go are links of. */
  readonly holding?: Holding;
}

/** Options for the locks of many keys in one go, so that each costs less. The caller ends the holding. */
export async function shareLocks(root: Root): Promise<Pick<LockOptions, "folder" | "holding">> {
  if (inMemory) return {};
  try {
    // By its name the sweep takes it for a claim, should this process be killed.
    const file = `${await root.temp()}.claim`;
    return { folder: folderOf(file), holding: await hold(root.path(file)) };
  } catch (error) {
    // On a full disk each lock goes by itself, or is refused.
    if (isErrno(error, ...NO_ROOM)) return {};
    throw error;
  }
}

/** The name of the claim on a key. Keys that a file system may take for one share it, else two writers could both find the name free. */
export function claimPath(key: string): string {
  return `${sha256(fold(key)).slice(0, 32)}.claim`;
}

/** Lets a key go; the second call does nothing. Never rejects. */
export type Unlock = () => Promise<void>;

/**
 * Runs work while nobody else writes the key: in turn within this process, by a claim in the folder between processes. Work may unlock
 * the key before it ends, when what is left concerns no other writer.
 */
export function withLock<T>(
  root: Root,
  key: string,
  options: LockOptions,
  work: (unlock: Unlock) => Promise<T>,
): Promise<T> {
  return inTurn(`${root.base}\0${fold(key)}`, async (next) => {
    if (inMemory) return work(async () => next());
    const end = await claimed(root, key, options);
    let unlocked: Promise<void> | undefined;
    const unlock: Unlock = () => (unlocked ??= end().then(next));
    try {
      return await work(unlock);
    } finally {
      await unlock();
    }
  });
}

async function claimed(
  root: Root,
  key: string,
  { signal, needsNoRoom, folder, holding }: LockOptions,
): Promise<() => Promise<void>> {
  try {
    const place = folder ?? (await root.tempFolder());
    return await claim(root.path(`${place}/${claimPath(key)}`), { signal, holding, local: root.isLocal() });
  } catch (error) {
    // Else nothing could be deleted any more, and deletes make room.
    if (needsNoRoom && isErrno(error, ...NO_ROOM)) return async () => {};
    throw error;
  }
}

/** Runs work when all that was begun before under the same name has ended or called `next`. */
export async function inTurn<T>(name: string, work: (next: () => void) => Promise<T>): Promise<T> {
  const before = tails.get(name);
  let release: () => void = () => {};
  const tail = new Promise<void>((resolve) => (release = resolve));
  tails.set(name, tail);
  try {
    await before;
    return await work(release);
  } finally {
    release();
    if (tails.get(name) === tail) tails.delete(name);
  }
}
