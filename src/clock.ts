/** Time and randomness, so that tests can replace them. */
import { whenAborted } from "./abort.ts";

/** The clock of retries, signatures and expiries. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** A random number from 0 to just below 1. */
  random(): number;
  /** Resolves after the time in milliseconds; on abort rejects at once with the signal's reason. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
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
