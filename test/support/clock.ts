/** A clock that a test turns: sleeping takes no time, and moves it. */
import type { Clock } from "../../src/clock.ts";

/** A clock with what was slept by it. */
export interface TestClock extends Clock {
  readonly slept: readonly number[];
  advance(milliseconds: number): void;
}

/** Starts at `start`; chance is always `chance`, so that a wait with full jitter is that share of its bound. */
export function testClock(start: number = Date.now(), chance = 0.5): TestClock {
  const slept: number[] = [];
  let time = start;
  return {
    slept,
    now: () => time,
    random: () => chance,
    async sleep(milliseconds, signal) {
      slept.push(milliseconds);
      // A turn of its own, so that whoever aborts meanwhile is heard.
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      time += milliseconds;
    },
    advance: (milliseconds) => void (time += milliseconds),
  };
}
