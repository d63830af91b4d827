/** The one retry loop: exponential back-off with full jitter, `Retry-After`, and a budget against retry storms. */
import { type Clock, systemClock } from "./clock.ts";
import { wholeNumbers } from "./options.ts";

/** How often a failed request is repeated, and how long it waits before. */
export interface RetryOptions {
  /** Maximum number of attempts, 1 to 10; 1 means no retry. Default 4. */
  readonly attempts?: number | undefined;
  /** Upper bound of the first wait in milliseconds, 0 to 60000; it doubles with each attempt. Default 100. */
  readonly baseDelay?: number | undefined;
  /** Upper bound of any wait in milliseconds, 0 to 600000, also of one that the store asks for. Default 20000. */
  readonly maxDelay?: number | undefined;
}

/** Why an attempt failed, which decides what a retry takes from the budget. */
export type FailureKind = "throttled" | "transient" | "stale" | "cut";

/** A judged failure; `after` is how long the store asked to wait, in milliseconds. */
export interface Failure {
  readonly error: unknown;
  readonly retryable: boolean;
  readonly after?: number | undefined;
  /**
   * `stale`: a kept-alive connection may have been closed meanwhile, which says nothing about the store, so a first
   * attempt is repeated at once and takes little. `cut`: a body broke off, and the rest is requested; a success gives
   * nothing back, since the rest has only begun to come. Default `transient`.
   */
  readonly kind?: FailureKind;
}

const MOST_TOKENS = 500;
const COST: Readonly<Record<FailureKind, number>> = { throttled: 5, transient: 14, stale: 1, cut: 5 };

/**
 * Tokens that all calls of one client share. A retry takes some, and gives them back if it succeeds; a call that
 * succeeds at once gives one. In an outage they run out, so that calls fail at once instead of multiplying the load.
 * The numbers are those of botocore's standard mode.
 */
export class RetryBudget {
  #tokens = MOST_TOKENS;

  /** Takes the tokens of a retry, and returns their number; 0 if there are too few. */
  take(kind: FailureKind = "transient"): number {
    const cost = COST[kind];
    if (this.#tokens < cost) return 0;
    this.#tokens -= cost;
    return cost;
  }

  give(tokens = 1): void {
    this.#tokens = Math.min(MOST_TOKENS, this.#tokens + tokens);
  }
}

/**
 * Runs `attempt` until it succeeds, `judge` says that it cannot, or attempts or budget are used up; rejects with the
 * last error. `decided` is told after each failure what follows: a wait in milliseconds, or undefined for the end.
 */
export async function retry<T>(
  options: RetryOptions,
  budget: RetryBudget,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
  judge: (error: unknown) => Failure,
  clock: Clock = systemClock,
  decided?: (wait: number | undefined) => void,
): Promise<T> {
  const { attempts = 4, baseDelay = 100, maxDelay = 20_000 } = options;
  let taken = 0;
  for (let number = 1; ; number++) {
    signal?.throwIfAborted();
    try {
      const result = await attempt(number);
      budget.give(taken || 1);
      return result;
    } catch (error) {
      const { error: judged, retryable, after = 0, kind: told } = judge(error);
      const kind = told === "stale" && number > 1 ? "transient" : told;
      taken = signal?.aborted || !retryable || number >= attempts ? 0 : budget.take(kind);
      if (taken === 0) {
        decided?.(undefined);
        throw judged;
      }
      if (kind === "cut") taken = 0;
      const jittered = clock.random() * Math.min(maxDelay, baseDelay * 2 ** (number - 1));
      const wait = kind === "stale" ? 0 : Math.min(maxDelay, Math.max(jittered, after));
      decided?.(wait);
      if (wait > 0) await clock.sleep(wait, signal);
    }
  }
}

/**
 * Parses `Retry-After`, in seconds or as an HTTP date, into milliseconds from now; undefined if absent or malformed.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = httpDate(text);
  return date === undefined ? undefined : Math.max(0, date - now);
}

/**
 * Parses an HTTP date into milliseconds since 1970; undefined for anything else, of which `Date.parse` accepts much.
 */
export function httpDate(header: string | null): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/.test(header ?? "")) return undefined;
  const date = Date.parse(header as string);
  return Number.isNaN(date) ? undefined : date;
}

/** Checks the options; throws `invalid-option`. */
export function parseRetry(options: RetryOptions): RetryOptions {
  wholeNumbers("retry", options, { attempts: [1, 10], baseDelay: [0, 60_000], maxDelay: [0, 600_000] });
  return options;
}
