/** What becomes of a file's time in a copy. In microseconds. */

/**
 * The microsecond that is nearest to a modification time. It stays the same in a copy that cuts times to microseconds or to the 100 ns of
 * NTFS, or counts in doubles, as Node does.
 */
export function microsecondsOf({ mtimeNs }: { readonly mtimeNs: bigint }): bigint {
  return (mtimeNs + 500n) / 1000n;
}

const MS = 1000n;
const S = 1000n * MS;

/** From which time on, and before which, times may have become this one in a copy; null for a time that no copy has cut. */
export function timesBefore(time: bigint): readonly [bigint, bigint] | null {
  // Node's copy rounds to milliseconds, and may miss one by a microsecond, since it counts in seconds.
  const whole = time % MS === MS - 1n ? time + 1n : time;
  if (whole % MS !== 0n) return null;
  // tar and rsync to old systems know seconds, zip and FAT every other one.
  const lost = whole % S !== 0n ? MS : whole % (2n * S) === 0n ? 2n * S : S;
  return [whole - MS / 2n, whole + lost];
}
