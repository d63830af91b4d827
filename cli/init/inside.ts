/** Checks that all writes stay in the project. */
import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import type { Change } from "./change.ts";

/** Throws if a change would be written through a symbolic link that leads out of the project, or to nothing. */
export function mustStayInside(dir: string, changes: readonly Change[]): void {
  const root = realpathSync(dir);
  for (const { action, path } of changes) {
    if (action === "keep") continue;
    const file = join(root, path);
    const real = realOf(file);
    if (!`${real}${sep}`.startsWith(root.endsWith(sep) ? root : root + sep))
      throw new Error(`${path} leads out of the project, to ${real}: put a file of its own there`);
    if (action === "create" && isLink(file))
      throw new Error(`${path} is a link to what is not there: put a file of its own there`);
  }
}

/** The real path, also of a file that does not exist yet. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const real = join(realOf(dirname(path)), basename(path));
  return isLink(real) ? realOf(resolve(dirname(real), readlinkSync(real))) : real;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
