/** Calls of R2's binding, with retries. */
import { heeding } from "../../src/abort.ts";
import type { CallOptions } from "../../src/backend.ts";
import { hasCode } from "../../src/error.ts";
import { type Failure, retry, RetryBudget } from "../../src/retry.ts";
import { judge, rethrow } from "./errors.ts";

/** How a repeated call ended. */
export interface Outcome<T> {
  /** What it has returned; undefined if it failed after `lost`. */
  readonly made: T | undefined;
  /** The failure of an attempt that may have taken effect all the same; undefined if there was none. */
  readonly lost: unknown;
}

/** Calls of one binding, which share a retry budget. */
export interface Calls {
  /** Makes a call, at most `attempts` times. An abort only ends the waiting, since a binding takes no signal. */
  ask<T>(call: CallOptions, run: () => Promise<T>, attempts?: number): Promise<T>;
  /**
   * The same for a call that its own success may refuse when it is repeated. If the answer to an attempt was lost, that
   * attempt may have taken effect, and a refusal afterwards says nothing about it: then this resolves with `lost`
   * instead of rejecting.
   */
  repeat<T>(call: CallOptions, run: () => Promise<T>, attempts?: number): Promise<Outcome<T>>;
}

/** Calls of one binding. */
export function callsOf(): Calls {
  const budget = new RetryBudget();
  const ask = <T>({ signal }: CallOptions, run: () => Promise<T>, attempts = 4, judged = judge): Promise<T> =>
    retry({ attempts }, budget, signal, () => heeding(run().catch(rethrow), signal), judged);

  async function repeat<T>(call: CallOptions, run: () => Promise<T>, attempts = 4): Promise<Outcome<T>> {
    let lost: unknown;
    const noted = (error: unknown): Failure => {
      const failure = judge(error);
      if (failure.retryable && failure.kind !== "throttled") lost = error;
      return failure;
    };
    const made = await ask(call, run, attempts, noted).catch((error: unknown) => {
      // No attempt can have taken effect for a key that R2 does not accept.
      if (lost === undefined || call.signal?.aborted || hasCode(error, "invalid-key")) throw error;
      return undefined;
    });
    return { made, lost };
  }

  return { ask, repeat };
}
