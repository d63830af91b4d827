/** What becomes of a file's time in a copy. In microseconds. */

/**
 * The nearest microsecond of a modification time: what is left of it where a copy cuts it to them, or to the 100 ns of NTFS, or
 * counts in doubles, as Node's do.
 */
export function microsecondsOf({ mtimeNs }: { readonly mtimeNs: bigint }): bigint {
  return (mtimeNs + 500n) / 1000n;
}

const MS = 1000n;
const S = 1000n * MS;

/** The times, the last excluded, that may have become this one in a copy; null for one that no copy has cut, as the driver sets them. */
export function timesBefore(time: bigint): readonly [bigint, bigint] | null {
  // Node's own copy rounds to milliseconds, and may miss them by a microsecond, since it counts in seconds.
  const whole = time % MS === MS - 1n ? time + 1n : time;
  if (whole % MS !== 0n) return null;
  // tar and rsync to old systems know seconds, zip and FAT every other one.
  const lost = whole % S !== 0n ? MS : whole % (2n * S) === 0n ? 2n * S : S;
  return [whole - MS / 2n, whole + lost];
}
