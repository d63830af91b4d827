/** A claim on a key between processes, for file systems without hard links. */
import { createHash } from "node:crypto";
import { lstat, open, unlink } from "node:fs/promises";
import { StorageError } from "../../src/error.ts";
import { errnoOf, orAbsent, patiently } from "./errno.ts";
import { RESERVED } from "./path.ts";
import type { Root } from "./root.ts";

/** A claim is held for one rename; one that is older was left by a crash. */
const STALE_MS = 30_000;
const POLL_MS = 5;

/** Runs work while no other process creates the same key. */
export async function claim(root: Root, key: string, work: () => Promise<void>): Promise<void> {
  const path = root.path(`${RESERVED}/tmp/${createHash("sha256").update(key).digest("hex").slice(0, 32)}.claim`);
  const give = Date.now() + 2 * STALE_MS;
  while (!(await take(path))) {
    await freeIfStale(path);
    if (Date.now() > give) throw new StorageError("conflict", "another process is creating the object");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    await work();
  } finally {
    await unlink(path).catch(() => {});
  }
}

/**
 * Removes a claim that a crash left. Only who has claimed this very claim, by its time, may: else a second process that saw
 * it too could remove the claim which the first has taken since. A right that a crash left is freed in the same way.
 */
async function freeIfStale(path: string): Promise<void> {
  const seen = await orAbsent(lstat(path));
  if (!seen || Date.now() - seen.mtimeMs <= STALE_MS) return;
  const right = `${path}.${Math.trunc(seen.mtimeMs)}`;
  if (!(await take(right))) return freeIfStale(right);
  try {
    const now = await orAbsent(lstat(path));
    if (now?.mtimeMs === seen.mtimeMs) await orAbsent(unlink(path));
  } finally {
    await unlink(right).catch(() => {});
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const handle = await patiently(() => open(path, "wx"));
    await handle.close();
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}
