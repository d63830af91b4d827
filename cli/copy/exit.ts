/** What a copy ends with where all is not well. */

/** An object was not copied, or the command line is wrong. */
export const FAILED = 1;
/** Of a check: an object is missing or differs, as `cmp` and `diff` have it. */
export const DIFFERS = 1;
/** Of a check: it could not be made. */
export const UNCHECKED = 2;
/** Stopped by a signal, as shells have it: 128 and its number. */
export const STOPPED: Readonly<Record<"SIGINT" | "SIGTERM", number>> = { SIGINT: 130, SIGTERM: 143 };

/** citty ends with 1 where an argument is missing, by which a check would say that something differs. A listener of `exit`, until the command runs. */
export function endUnchecked(code: number): void {
  if (code !== 0) process.exitCode = UNCHECKED;
}
