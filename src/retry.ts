/** The one retry loop: full jitter, the store's own wish to wait, a budget that stops retry storms. */
import { type Clock, systemClock } from "./clock.ts";
import { wholeNumber } from "./options.ts";

/** How often and how patiently a failed attempt is repeated. */
export interface RetryOptions {
  /** Attempts in all, 1 to 10; 1 means no retry. Default 4. */
  readonly attempts?: number;
  /** Milliseconds that the first wait has at most; it doubles each time. Default 100. */
  readonly baseDelay?: number;
  /** Milliseconds that any wait has at most, also one that the store asks for. Default 20000. */
  readonly maxDelay?: number;
}

/** A failure that the loop may repeat; `after` is what the store asked to wait, in milliseconds. */
export interface Failure {
  readonly error: unknown;
  readonly retryable: boolean;
  readonly after?: number;
}

/**
 * Tokens that all calls of one client share: a retry takes some, a success gives one back. During an outage they run out,
 * and calls fail at once instead of multiplying the load. The figures are botocore's standard mode.
 */
export class RetryBudget {
  #tokens = 500;

  take(): boolean {
    if (this.#tokens < 5) return false;
    this.#tokens -= 5;
    return true;
  }

  give(tokens = 1): void {
    this.#tokens = Math.min(500, this.#tokens + tokens);
  }
}

/** Runs `attempt` until it succeeds, fails for good, or attempts or budget are used up; rejects with the last error. */
export async function retry<T>(
  options: RetryOptions,
  budget: RetryBudget,
  signal: AbortSignal | undefined,
  attempt: (number: number) => Promise<T>,
  judge: (error: unknown) => Failure,
  clock: Clock = systemClock,
): Promise<T> {
  const { attempts = 4, baseDelay = 100, maxDelay = 20_000 } = options;
  for (let number = 1; ; number++) {
    signal?.throwIfAborted();
    try {
      const result = await attempt(number);
      budget.give();
      return result;
    } catch (error) {
      const failure = judge(error);
      if (signal?.aborted || !failure.retryable || number >= attempts || !budget.take()) throw failure.error;
      const jittered = clock.random() * Math.min(maxDelay, baseDelay * 2 ** (number - 1));
      await clock.sleep(Math.min(maxDelay, Math.max(jittered, failure.after ?? 0)), signal);
    }
  }
}

/** Reads `Retry-After`, in seconds or as a date, as milliseconds from now; undefined when absent or unreadable. */
export function retryAfter(header: string | null, now: number = Date.now()): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Checks the options; rejects `invalid-option`. */
export function parseRetry(options: RetryOptions): RetryOptions {
  const bounds: Record<keyof RetryOptions, readonly [number, number]> = {
    attempts: [1, 10],
    baseDelay: [0, 60_000],
    maxDelay: [0, 600_000],
  };
  for (const [name, [least, most]] of Object.entries(bounds)) {
    const value = options[name as keyof RetryOptions];
    if (value !== undefined) wholeNumber(`retry.${name}`, value, least, most);
  }
  return options;
}
