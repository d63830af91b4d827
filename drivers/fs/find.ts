/** Which of a key's candidate files exist. */
import type { BigIntStats } from "node:fs";
import { afresh } from "./again.ts";
import { orAbsent } from "./errno.ts";
import { candidatesOf, KEYS_FOLDER, type Candidate, type Candidates } from "./path.ts";
import type { Root } from "./root.ts";

/** A candidate that is a file. */
export interface Found {
  readonly candidate: Candidate;
  readonly stats: BigIntStats;
}

/** A key's places under a root. */
export function placesOf(root: Root, key: string): Candidates {
  return candidatesOf(key, root.posix);
}

/** The file at one candidate, if it is a regular one that no link leads to; else null. */
export async function findAt(root: Root, candidate: Candidate): Promise<Found | null> {
  if (candidate.tree === "keys" && !root.mayHave(KEYS_FOLDER)) return null;
  return afresh(async () => {
    const stats = await root.fileNow(candidate.path);
    return stats && (await isReachable(root, candidate.path, true)) ? { candidate, stats } : null;
  });
}

/** Whether no link leads to a path, and its names are spelled so: `File` is not `file`, also where the system takes it for that. */
export async function isReachable(root: Root, path: string, seen?: boolean): Promise<boolean> {
  return (await orAbsent(root.whereabouts(path, seen))) === "inside";
}

/** Every file that a key has. The first one counts; others are what an interrupted write left. */
export async function findAll(root: Root, key: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const candidate of placesOf(root, key)) {
    const file = await findAt(root, candidate);
    if (file) found.push(file);
  }
  return found;
}

/**
 * The first result of looks at the candidates in turn. Between two looks a write may move a key to an earlier one, so all but the last are
 * looked at again.
 */
export async function firstOf<T>(
  root: Root,
  key: string,
  look: (candidate: Candidate) => Promise<T | null>,
): Promise<T | null> {
  const places = placesOf(root, key);
  for (const candidate of [...places, ...places.slice(0, -1)]) {
    const result = await look(candidate);
    if (result !== null) return result;
  }
  return null;
}
