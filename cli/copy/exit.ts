/** Exit codes of `unbucket copy` other than 0. */

/** An object was not copied, or the command line is wrong. */
export const FAILED = 1;
/** Of a check: an object is missing or differs, as with `cmp` and `diff`. */
export const DIFFERS = 1;
/** Of a check: it could not be completed. */
export const UNCHECKED = 2;
/** Stopped by a signal: 128 plus its number, as in shells. */
export const STOPPED: Readonly<Record<"SIGINT" | "SIGTERM", number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Listens to `exit` until the command runs: if an argument is missing, citty exits with 1, which of a check means a
 * difference.
 */
export function endUnchecked(code: number): void {
  if (code !== 0) process.exitCode = UNCHECKED;
}
