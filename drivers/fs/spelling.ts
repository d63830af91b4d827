/** Names that a file system takes for one though they are spelled in two ways, as exFAT, a share of Windows, or a Mac's disk in a container do. */
import { lstat } from "node:fs/promises";
import { orAbsent } from "./errno.ts";
import { namesIn } from "./file.ts";
import { inMemory } from "./host.ts";
import { folderOf, nameOf, pathIn } from "./path.ts";

/** Whether the system's own word for where a file is has the names as they are spelled there. Linux repeats what it was asked for. */
export const tellsSpelling: boolean = inMemory || process.platform === "darwin" || process.platform === "win32";

/** One text for all spellings that any file system takes for one name. Some keep apart what is one here. */
export function fold(name: string): string {
  // Upper case first, since it knows more pairs: `ß` is `SS`, the Kelvin sign a `K`.
  return /^[\x20-\x7e]*$/.test(name)
    ? name.toLowerCase()
    : name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}

/** A name with small and capital letters exchanged. */
export function inOtherCase(name: string): string {
  return name.replace(/[a-z]/gi, (letter) => (letter < "a" ? letter.toLowerCase() : letter.toUpperCase()));
}

/** A name with its accents composed, or decomposed if they were. */
export function inOtherForm(name: string): string {
  const composed = name.normalize("NFC");
  return composed === name ? name.normalize("NFD") : composed;
}

/** Whether what is at a path is found in another spelling as well; undefined where its last name has no other, or it is gone. */
export async function isFolded(
  path: (relative: string) => string,
  relative: string,
  respelled: (name: string) => string,
): Promise<boolean | undefined> {
  const name = nameOf(relative);
  const other = respelled(name);
  if (other === name) return undefined;
  const folder = folderOf(relative);
  const isThere = async (name: string): Promise<boolean> => !!(await orAbsent(lstat(path(pathIn(folder, name)))));
  if (!(await isThere(other))) return (await isThere(name)) ? false : undefined;
  // Two files have these names, where case counts.
  const names = await namesIn(path(folder));
  return !(names.includes(name) && names.includes(other));
}

/** Whether all names of a path are spelled so in their folders. Those are read, since nothing else tells. */
export async function isSpelledSo(path: (relative: string) => string, relative: string): Promise<boolean> {
  for (let at = relative; at !== ""; at = folderOf(at))
    if (!(await namesIn(path(folderOf(at)))).includes(nameOf(at))) return false;
  return true;
}

/** Whether names are found with composed and decomposed accents, as the last name on the way says that has any; undefined where none has. */
export async function isComposed(path: (relative: string) => string, relative: string): Promise<boolean | undefined> {
  for (let at = relative; at !== ""; at = folderOf(at)) {
    const told = await isFolded(path, at, inOtherForm);
    if (told !== undefined) return told;
  }
  return undefined;
}
