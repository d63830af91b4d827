/** Which version of a file is on the disk: its modification time, size and inode. */
import type { BigIntStats } from "node:fs";
import { coarseTimes } from "./host.ts";
import { microsecondsOf, timesBefore } from "./times.ts";

/** What tells one version of a file from another. */
export type Identity = Pick<BigIntStats, "mtimeNs" | "size" | "ino">;

/** The ETag of a version. */
export function etagOf({ mtimeNs, size, ino }: Identity): string {
  return `"${mtimeNs.toString(16)}-${size.toString(16)}-${ino.toString(16)}"`;
}

/** Whether two are the same version. */
export function isSame(a: Identity, b: Identity): boolean {
  return a.mtimeNs === b.mtimeNs && a.size === b.size && a.ino === b.ino;
}

/** The last digit of the microseconds in the times of files with a record, and of no others that the driver sets. */
const RECORDED = 7;

/**
 * Whether a version may have a record. Its time tells, so that nobody looks in vain for those of the driver's other files; one
 * that a copy has cut tells nothing.
 */
export function mayHaveRecord(version: Identity): boolean {
  const time = microsecondsOf(version);
  // Calculating with integers of any length is slow, and nearly all times are told by their last three digits.
  const last = Number(time % 1000n);
  if (last % 10 === RECORDED) return true;
  return (last === 0 || last === 999) && timesBefore(time) !== null;
}

let last = 0;

/**
 * The present time as a modification time that this process never gives twice, in seconds: one that says whether the version has a record.
 *
 * File systems take their own times from a clock that ticks every few milliseconds, and give a deleted file's inode to
 * the next one: two versions of equal length would look the same. The part below a millisecond is random, so that
 * processes do not meet either.
 */
export function nextStamp(recorded: boolean): number | Date {
  if (coarseTimes) {
    last = Math.max(last + 1, Date.now());
    // About a whole second it would look like a time that a copy has cut.
    if (last % 1000 === 0) last++;
    return new Date(last);
  }
  last = Math.max(last + 1, Date.now() * 1000 + Math.floor(Math.random() * 1000));
  if (recorded) last += (RECORDED + 10 - (last % 10)) % 10;
  else if (last % 10 === RECORDED) last++;
  // About a whole millisecond it would look like a time that a copy has cut.
  if (last % 1000 === 999) last++;
  if (last % 1000 === 0) last++;
  // Some runtimes cut to whole microseconds, others keep what a double holds: with a quarter more, all of them are nearest to this one.
  return (last + 0.25) / 1e6;
}

/** Two processes are not further apart: what is further in the future is a file of another program. */
const APART_MS = 60_000n;

/**
 * A time for a version that is to replace one of the same time, which another process has given, or one record would be that of both; null when its
 * own serves. Whole milliseconds must be later, since they are few, and by two of what is seen of the other: runtimes that give times in between
 * would take its record for that of a copy whose time was cut to this one.
 */
export function stampAfter(before: Identity, own: Identity, recorded: boolean): number | Date | null {
  if (!coarseTimes) return microsecondsOf(before) === microsecondsOf(own) ? nextStamp(recorded) : null;
  const ms = before.mtimeNs / 1_000_000n;
  const ahead = ms - own.mtimeNs / 1_000_000n;
  if (ahead < -1n || ahead > APART_MS) return null;
  const next = Number(ms) + 2;
  return new Date(next % 1000 === 0 ? next + 1 : next);
}
