/** Which version of an object a file is: its modification time, size and inode. The time also tells whether the version has a record. */
import type { BigIntStats } from "node:fs";
import { coarseTimes, timeStep } from "./host.ts";
import { microsecondsOf } from "./times.ts";

/** What tells one version of a file from another. */
export type Identity = Pick<BigIntStats, "mtimeNs" | "size" | "ino"> & { readonly dev?: bigint };

/** Devices on which a file that nobody has changed may have another inode number the next time. */
const renumbering = new Set<bigint>();

/** Notes that inode numbers of a device mean nothing, as with FUSE: rclone gives new ones after moments, others with each mount. */
export function renumbers(device: bigint): void {
  renumbering.add(device);
}

/** The inode number as far as it means something. Times of whole seconds may be shared, and a number helps as long as it lasts. */
function numberOf({ ino, dev, mtimeNs }: Identity): bigint {
  return dev !== undefined && renumbering.has(dev) && mtimeNs % 1_000_000_000n !== 0n ? 0n : ino;
}

/** The ETag of a version. */
export function etagOf(version: Identity): string {
  const { mtimeNs, size } = version;
  return `"${mtimeNs.toString(16)}-${size.toString(16)}-${numberOf(version).toString(16)}"`;
}

/** Whether two are the same version. */
export function isSame(a: Identity, b: Identity): boolean {
  return a.mtimeNs === b.mtimeNs && a.size === b.size && numberOf(a) === numberOf(b);
}

/** Whether two looks were at one file. Time and size do not tell: whoever puts another one in its place may choose them. */
export function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  if (renumbering.has(a.dev)) return a.dev === b.dev && isSame(a, b);
  // On Windows Node tells a device by name in another way than by descriptor.
  return a.ino === b.ino && (process.platform === "win32" || a.dev === b.dev);
}

/**
 * The times that the driver sets tell whether there is a record. With one, the milliseconds are an odd number and the microseconds below them
 * end with this digit, and are fewer than 500, so that rounding leaves the number odd. Without one, the milliseconds are an even number.
 */
const RECORDED = 6;

/**
 * Whether a version may have a record, by its time: so nobody looks in vain for one of the driver's other files. Of a time that a copy or a
 * runtime has cut to milliseconds these tell; whole seconds tell nothing.
 */
export function mayHaveRecord(version: Identity): boolean {
  // As a number, since calculating with a bigint is slow.
  const us = Number(microsecondsOf(version) % 1_000_000n);
  // Copies miss the whole millisecond by a microsecond.
  const whole = us % 1000 === 999 ? us + 1 : us;
  const isOdd = Math.floor(whole / 1000) % 2 === 1;
  if (whole % 1000 === 0) return isOdd || whole % 1_000_000 === 0;
  return isOdd && us % 10 === RECORDED;
}

/** Whether a version has a record, as an odd or an even number of milliseconds says it: 1 when it has one. */
type Kind = 0 | 1;

/** What times are counted in here, in microseconds: milliseconds where times are coarse. */
const TICK = coarseTimes ? 1000n : 1n;
const SECOND = 1_000_000n;
/** How far the clocks of two writers may be apart, in microseconds. A time further ahead is another program's. */
const APART = 60n * SECOND;

/** The last times that this process has given, by kind. */
const last: [number, number] = [0, 0];

/**
 * A modification time for now, in seconds (a Date where times are coarse), that says whether the version has a record. This process
 * gives none twice, unless it would be more than a minute ahead of the clock.
 *
 * File systems take their own times from a clock that ticks every few milliseconds, and give a deleted file's inode to
 * the next one: two versions of equal length would look the same. The part below a millisecond is random, so that
 * processes do not meet either.
 */
export function nextStamp(recorded: boolean): number | Date {
  const kind = Number(recorded) as Kind;
  const now = coarseTimes ? Date.now() : Date.now() * 1000 + random(1000);
  // The clock was put back, or more is written than there are times. Further ahead the time would pass for another program's: see stampAfter.
  if (last[kind] - now > Number(APART / TICK)) last[kind] = 0;
  last[kind] = ofKind(Math.max(last[kind] + 1, now), kind);
  return asTime(last[kind]);
}

/** The first time from this one on that is of a kind. */
function ofKind(time: number, kind: Kind): number {
  return coarseTimes ? coarse(time, kind) : fine(time, kind);
}

/** A time as it is set. */
function asTime(time: number): number | Date {
  if (coarseTimes) return new Date(time);
  // A quarter more, so that this is the nearest microsecond whether a runtime cuts or keeps what a double holds.
  return (time + (timeStep === 1 ? 0.25 : 0)) / 1e6;
}

/** The time that a version has, to be set anew where a file system has lost it. */
export function stampOf({ mtimeNs }: Pick<Identity, "mtimeNs">): number | Date {
  return asTime(Number(microsecondsOf({ mtimeNs }) / TICK));
}

/** Of the microseconds below a millisecond, the first that says that there is a record, and the distance to the next. */
const [FIRST, EVERY] = timeStep === 1 ? [RECORDED, 10] : [16, 40];
/** The last that says so. */
const LAST = 496;

/** The first microsecond from this one on that is of a kind. */
function fine(time: number, kind: Kind): number {
  const ms = Math.floor(time / 1000);
  const us = time - ms * 1000;
  const isOfKind = ms % 2 === kind;
  // Not close to a whole millisecond, which would look like a time that a copy has cut.
  if (isOfKind && kind === 0 && us <= 992) return ms * 1000 + Math.ceil(Math.max(1, us) / timeStep) * timeStep;
  if (isOfKind && kind === 1 && us <= LAST) return time + ((FIRST + 1000 - us) % EVERY);
  const next = (ms + (isOfKind ? 2 : 1)) * 1000;
  return next + (kind === 0 ? timeStep * (1 + random(900 / timeStep)) : FIRST + EVERY * random(400 / EVERY));
}

/** The first millisecond from this one on that is of a kind, and no whole second, which would look like a time that a copy has cut. */
function coarse(ms: number, kind: Kind): number {
  const time = ms % 2 === kind ? ms : ms + 1;
  return time % 1000 === 0 ? time + 2 : time;
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}

/**
 * A later time for a version that is not younger, by its own, than the one it replaces: another process has given that its time, or its draft was
 * written later. Null when its own time serves. Since each is later than the one before, no two versions of a key share an ETag, nor the name of a
 * record. `cut` is what the file system makes times a multiple of, in microseconds.
 */
export function stampAfter(before: Identity, own: Identity, recorded: boolean, cut = 1n): number | Date | null {
  const [old, present] = [microsecondsOf(before), microsecondsOf(own) / TICK];
  // Two milliseconds later where times are coarse: one later, a runtime of finer times would take the older version's record for that of a copy
  // whose time was cut to this one.
  const least = old / TICK + (coarseTimes ? 2n : 1n);
  if (least <= present) return null;
  // The first later one that the file system keeps as it is.
  const kept = ((old / cut + 1n) * cut) / TICK;
  const first = kept > least ? kept : least;
  const late = (first - present) * TICK;
  if (late > APART) return null;
  const kind = Number(recorded) as Kind;
  const time = ofKind(Number(first), kind);
  // This process gives that time to no other version. One that is far ahead does not count: the clock gets there by itself.
  if (late < SECOND) last[kind] = Math.max(last[kind], time);
  return asTime(time);
}
