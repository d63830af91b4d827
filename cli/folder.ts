/** A folder that was typed. */
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";

/** Whether it is there; what is no folder is refused. */
export async function isThere(folder: string): Promise<boolean> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found?.isDirectory() === false) throw new Error(`${folder} is no folder: give the folder that the file is in`);
  return found !== undefined;
}

/** A path by its own name, also of what is not there yet. */
export async function withoutLinks(path: string): Promise<string> {
  return realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return join(await withoutLinks(dirname(path)), basename(path));
  });
}

/** Refuses a folder inside one of unbucket's, which keeps the headers of all files below it, and lists them; not one that is a store of its own. */
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
