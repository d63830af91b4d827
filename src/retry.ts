/** The one retry loop: full jitter, the store's own wish to wait, a budget that stops retry storms. */
import { type Clock, systemClock } from "./clock.ts";
import { wholeNumbers } from "./options.ts";

/** How often and how patiently a failed attempt is repeated. */
export interface RetryOptions {
  /** Attempts in all, 1 to 10; 1 means no retry. Default 4. */
  readonly attempts?: number | undefined;
  /** Milliseconds that the first wait has at most; it doubles each time. Default 100. */
  readonly baseDelay?: number | undefined;
  /** Milliseconds that any wait has at most, also one that the store asks for. Default 20000. */
  readonly maxDelay?: number | undefined;
}

/** Why an attempt failed, which says what its repetition takes from the budget. */
export type FailureKind = "throttled" | "transient" | "stale" | "cut";

/** A failure that the loop may repeat; `after` is what the store asked to wait, in milliseconds. */
export interface Failure {
  readonly error: unknown;
  readonly retryable: boolean;
  readonly after?: number | undefined;
  /**
   * `stale`: perhaps a kept connection was closed meanwhile, which says nothing of the store: a first attempt is repeated at
   * once, and for little. `cut`: a body broke off whose rest is asked for, which gives nothing back when that only begins to
   * come. Default `transient`.
   */
  readonly kind?: FailureKind;
}

const MOST_TOKENS = 500;
const COST: Readonly<Record<FailureKind, number>> = { throttled: 5, transient: 14, stale: 1, cut: 5 };

/**
 * Tokens that all calls of one client share: a retry takes some, and gives them back when it succeeds; a call that succeeds at
 * once gives one. During an outage they run out, and calls fail at once instead of multiplying the load. The figures are
 * those of botocore's standard mode.
 */
export class RetryBudget {
  #tokens = MOST_TOKENS;

  /** What a retry took, or 0 when there is too little left. */
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
 * Runs `attempt` until it succeeds, fails for good, or attempts or budget are used up; rejects with the last error.
 * `decided` hears of every failure what follows: a wait in milliseconds, or undefined for the end.
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
 * Reads `Retry-After`, in seconds or as an HTTP date, as milliseconds from now; undefined when absent or unreadable.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = httpDate(text);
  return date === undefined ? undefined : Math.max(0, date - now);
}

/** An HTTP date in milliseconds since 1970; undefined for anything else, such as the odd texts that `Date.parse` takes for dates. */
export function httpDate(header: string | null): number | undefined {
  if (!/^[A-Z][a-z]{2,8},? .*\d\d:\d\d:\d\d/.test(header ?? "")) return undefined;
  const date = Date.parse(header as string);
  return Number.isNaN(date) ? undefined : date;
}

/** Checks the options; rejects `invalid-option`. */
export function parseRetry(options: RetryOptions): RetryOptions {
  wholeNumbers("retry", options, { attempts: [1, 10], baseDelay: [0, 60_000], maxDelay: [0, 600_000] });
  return options;
}
