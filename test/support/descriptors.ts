/** What this process has open, as Linux tells it. */
import { readdirSync, readlinkSync } from "node:fs";

/** Where an open file is; empty for one that is closed by now. */
export function placeOf(fd: number | string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

/** Where the open files and folders are of which the paths begin so. */
export function openBelow(base: string): readonly string[] {
  return readdirSync("/proc/self/fd")
    .map(placeOf)
    .filter((place) => place.startsWith(base));
}
