/** A folder that was typed. */
import { stat } from "node:fs/promises";

/** Whether it is there; what is no folder is refused. */
export async function isThere(folder: string): Promise<boolean> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (found?.isDirectory() === false) throw new Error(`${folder} is no folder: give the folder that the file is in`);
  return found !== undefined;
}
