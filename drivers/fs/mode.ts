/** Permission bits: those of the option `mode`, and those that go with an object's. The umask takes none of them away. And who asks for them. */
import { constants } from "node:fs";
import { chmod, mkdir, open } from "node:fs/promises";
import { inMemory } from "./host.ts";

const BITS = 0o777;

const { O_RDONLY, O_NOFOLLOW = 0, O_DIRECTORY = 0 } = constants;

/** The number of this user; undefined where there are none, and under Deno, which asks for the right to know it. */
export function ownUser(): number | undefined {
  return "Deno" in globalThis ? undefined : process.geteuid?.();
}

/** The bits of a file. */
export function bitsOf({ mode }: { readonly mode: bigint | number }): number {
  return Number(mode) & BITS;
}

/**
 * Sets the bits of what is open at a path: a link that has taken its place there steers nothing. By the path only where Node's permission model
 * allows no other way.
 */
export async function setBits(file: { chmod(bits: number): Promise<void> }, path: string, bits: number): Promise<void> {
  try {
    await file.chmod(bits);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED") throw error;
    await chmod(path, bits);
  }
}

/** The bits of folders that hold files of a mode: to be entered by whoever may read these, and always the driver's own to write. */
function folderBits(mode: number): number {
  return 0o700 | mode | ((mode & 0o444) >> 2);
}

/** Makes a folder; with a mode of files, for those whom these are for. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  if (mode === undefined) return mkdir(path);
  await mkdir(path, folderBits(mode));
  await openTo(path, mode);
}

/** Gives a folder that was made this moment the bits that go with a mode of files. */
export async function openTo(path: string, mode: number): Promise<void> {
  // Windows knows no such bits of folders, nor does workerd.
  if (process.platform === "win32" || inMemory) return;
  const bits = folderBits(mode);
  const folder = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const made = await folder.stat();
    // A call that sets bits takes away that of the group, which the folder has from the one above.
    if (bitsOf(made) !== bits) await setBits(folder, path, (made.mode & 0o7000) | bits);
  } finally {
    await folder.close();
  }
}
