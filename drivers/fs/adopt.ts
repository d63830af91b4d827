/** Finding a record again whose file has come back with its time cut, as tar and many backups bring it. */
import { namesIn } from "./file.ts";
import type { Identity } from "./identity.ts";
import { folderOf } from "./path.ts";
import type { Root } from "./root.ts";
import { microsecondsOf, timesBefore } from "./times.ts";

/**
 * The path of the record of a version whose time was cut: of the same key, which says how the paths begin, of the same size, and of a time
 * that is cut to this one. Null when there is none, or several, of which nothing tells the right one.
 */
export async function adoptable(root: Root, prefix: string, version: Identity): Promise<string | null> {
  const times = timesBefore(microsecondsOf(version));
  if (!times) return null;
  const folder = folderOf(prefix);
  const fitting = (await namesIn(root.path(folder))).filter((name) => {
    if (!`${folder}/${name}`.startsWith(prefix)) return false;
    const [, time, length] = /-(\d+)-(\d+)\.json$/.exec(name) ?? [];
    return time !== undefined && length === `${version.size}` && BigInt(time) >= times[0] && BigInt(time) < times[1];
  });
  return fitting.length === 1 ? `${folder}/${fitting[0]}` : null;
}
