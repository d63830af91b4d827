/** Checks folders from the command line. */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";

/** Whether the folder exists; throws if it is not a folder. */
export async function isThere(folder: string): Promise<boolean> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found?.isDirectory() === false) throw new Error(`${folder} is no folder: give the folder that the file is in`);
  return found !== undefined;
}

/** A path without symbolic links, also if it does not exist yet. */
export async function withoutLinks(path: string): Promise<string> {
  return realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return join(await withoutLinks(dirname(path)), basename(path));
  });
}

/**
 * Refuses a folder within the folder of a store, which keeps the headers of all files below it. One that is a store
 * itself is fine.
 */
export async function mustBeWhole(folder: string): Promise<void> {
  const real = await withoutLinks(folder);
  if (await isStore(real)) return;
  for (let above = dirname(real); above !== dirname(above); above = dirname(above)) {
    if (!(await isStore(above))) continue;
    const prefix = `${relative(above, real).replaceAll(sep, "/")}/`;
    throw new Error(
      `${folder} lies in ${above}, which keeps the headers of its files: name that folder, in which keys begin with ${JSON.stringify(prefix)} (copy has --prefix ${prefix})`,
    );
  }
}

async function isStore(folder: string): Promise<boolean> {
  return stat(join(folder, ".unbucket", "version")).then(
    (found) => found.isFile(),
    () => false,
  );
}
