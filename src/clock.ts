/** Time and chance, in one place, so that tests need neither wait nor guess. */
import { whenAborted } from "./abort.ts";

/** What retries, signatures and expiries are told by. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to just below 1. */
  random(): number;
  /** Resolves after so many milliseconds; rejects at once with the reason of a signal that is aborted meanwhile. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (milliseconds, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        release();
        resolve();
      }, milliseconds);
      const release = whenAborted(signal, (reason) => {
        clearTimeout(timer);
        reject(reason);
      });
    }),
};
