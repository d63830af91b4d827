/** Finding a record again whose file has come back with its time cut, as tar and many backups bring it. */
import { readdir } from "node:fs/promises";
import { orAbsent } from "./errno.ts";
import { type Identity, RECORDED } from "./identity.ts";
import { folderOf } from "./path.ts";
import type { Root } from "./root.ts";

const MS = 1_000_000n;

/** The times, the last excluded, that may have become this one in a copy; null for one that no copy has cut, as the driver sets them. */
export function timesBefore(mtimeNs: bigint): readonly [bigint, bigint] | null {
  const rest = mtimeNs % MS;
  // Node's own copy rounds to milliseconds, and may miss them by one microsecond, since it counts in seconds.
  const whole = rest >= 999_000n ? mtimeNs - rest + MS : mtimeNs;
  if (whole % MS !== 0n) return null;
  // tar and rsync to old systems know seconds, zip and FAT every other one.
  const lost = whole % 1000n ** 3n !== 0n ? MS : whole % (2n * 1000n ** 3n) === 0n ? 2n * 1000n ** 3n : 1000n ** 3n;
  return [whole - MS / 2n, whole + lost];
}

/**
 * Whether a version may have a record. Its time tells, so that nobody looks in vain for those of the driver's other files; one
 * that a copy has cut tells nothing.
 */
export function mayHaveRecord({ mtimeNs }: Identity): boolean {
  return (mtimeNs / 1000n) % 10n === BigInt(RECORDED) || timesBefore(mtimeNs) !== null;
}

/**
 * The path of the one record that can be that of a version whose time was cut: same key, same size, and a time that is
 * cut to this one. Null when there is none, or several, of which nothing tells the right one. `begin` is how the paths of the key's records begin.
 */
export async function adoptable(root: Root, begin: string, { mtimeNs, size }: Identity): Promise<string | null> {
  const times = timesBefore(mtimeNs);
  if (!times) return null;
  const folder = folderOf(begin);
  const names = (await orAbsent(readdir(root.path(folder)))) ?? [];
  const fitting = names.filter((name) => {
    if (!`${folder}/${name}`.startsWith(begin)) return false;
    const [, time, length] = /-(\d+)-(\d+)\.json$/.exec(name) ?? [];
    return time !== undefined && length === `${size}` && BigInt(time) >= times[0] && BigInt(time) < times[1];
  });
  return fitting.length === 1 ? `${folder}/${fitting[0]}` : null;
}
