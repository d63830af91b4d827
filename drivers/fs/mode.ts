/** Permission bits of files and folders, whatever the umask is; and the user to whom they apply. */
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
 * Sets the bits of what is open, so that a link which has taken its place at the path steers nothing. By the path only where Node's permission
 * model allows no other way.
 */
export async function setBits(file: { chmod(bits: number): Promise<void> }, path: string, bits: number): Promise<void> {
  try {
    await file.chmod(bits);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED") throw error;
    await chmod(path, bits);
  }
}

/** The bits of folders that hold files of a mode: whoever may read these may enter, and the driver may always write. */
function folderBits(mode: number): number {
  return 0o700 | mode | ((mode & 0o444) >> 2);
}

/** Makes a folder; with a mode of files, one with the bits that go with it. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  if (mode === undefined) return mkdir(path);
  await mkdir(path, folderBits(mode));
  await setFolderBits(path, mode);
}

/** Gives a folder that was made this moment the bits that go with a mode of files. */
export async function setFolderBits(path: string, mode: number): Promise<void> {
  // Windows knows no such bits of folders, nor does workerd.
  if (process.platform === "win32" || inMemory) return;
  const bits = folderBits(mode);
  const folder = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const made = await folder.stat();
    // Setting bits would clear the one that hands on the group, which the folder has from the one above it.
    if (bitsOf(made) !== bits) await setBits(folder, path, (made.mode & 0o7000) | bits);
  } finally {
    await folder.close();
  }
}
