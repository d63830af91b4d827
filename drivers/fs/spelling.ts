/** File systems that take two spellings for one name: exFAT, a share of Windows, a Mac's disk in a container. */
import { lstat } from "node:fs/promises";
import { orAbsent } from "./errno.ts";
import { namesIn } from "./file.ts";
import { inMemory } from "./host.ts";
import { folderOf, nameOf, pathIn, RESERVED } from "./path.ts";

/** Whether the system, asked where a file is, tells the names as they are spelled there. Linux repeats those that it was asked for. */
const tellsSpelling: boolean = inMemory || process.platform === "darwin" || process.platform === "win32";

/** One text for all spellings that some file system takes for one name. Other file systems keep them apart. */
export function fold(name: string): string {
  // Upper case first, since it knows more pairs: `ß` is `SS`, the Kelvin sign a `K`.
  return /^[\x20-\x7e]*$/.test(name)
    ? name.toLowerCase()
    : name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}

/**
 * What tells of paths below a base whether all of their names are spelled as they are there. Once a file system is known to take no two
 * spellings for one name, it is not asked any more.
 */
export function spellings(path: (relative: string) => string): (relative: string) => Promise<boolean> {
  /** Whether names are found in another case; undefined while nothing has told. */
  let folds: boolean | undefined = tellsSpelling ? false : undefined;
  /** Whether they are found with their accents in another form, as with rclone and on some volumes of ZFS and HFS+, where case counts. */
  let composes: boolean | undefined = folds;
  return async (relative) => {
    if (folds === undefined) {
      // The driver's own folder has letters, and is there after the first write.
      const told = (await isFolded(path, relative, inOtherCase)) ?? (await isFolded(path, RESERVED, inOtherCase));
      folds ??= told;
    }
    if (composes === undefined && inOtherForm(relative) !== relative) {
      const told = await isComposed(path, relative);
      composes ??= told;
    }
    return !(folds || composes) || isSpelledSo(path, relative);
  };
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
  // Where case counts, two files may have these names.
  const names = await namesIn(path(folder));
  return !(names.includes(name) && names.includes(other));
}

/** Whether all names of a path are spelled so in their folders, which are read, since nothing else tells. */
export async function isSpelledSo(path: (relative: string) => string, relative: string): Promise<boolean> {
  for (let at = relative; at !== ""; at = folderOf(at))
    if (!(await namesIn(path(folderOf(at)))).includes(nameOf(at))) return false;
  return true;
}

/** Whether names are found with composed and with decomposed accents. The last name of the path that has accents tells; undefined where none has. */
export async function isComposed(path: (relative: string) => string, relative: string): Promise<boolean | undefined> {
  for (let at = relative; at !== ""; at = folderOf(at)) {
    const told = await isFolded(path, at, inOtherForm);
    if (told !== undefined) return told;
  }
  return undefined;
}
