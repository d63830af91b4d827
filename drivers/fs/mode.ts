/** Permission bits: those of the option `mode`, and those that go with an object's. The umask takes none of them away. And who asks for them. */
import { chmod, mkdir, stat } from "node:fs/promises";

const BITS = 0o777;

/** The number of this user; undefined where there are none, and under Deno, which asks for the right to know it. */
export function ownUser(): number | undefined {
  return "Deno" in globalThis ? undefined : process.geteuid?.();
}

/** The bits of a file. */
export function bitsOf({ mode }: { readonly mode: bigint | number }): number {
  return Number(mode) & BITS;
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
  // Windows knows no such bits of folders.
  if (process.platform === "win32") return;
  const bits = folderBits(mode);
  const made = await stat(path);
  // A call that sets bits takes away that of the group, which the folder has from the one above.
  if (bitsOf(made) !== bits) await chmod(path, (made.mode & 0o7000) | bits);
}
