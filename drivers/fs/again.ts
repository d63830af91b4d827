/** Calls that are made again, since they may well succeed the next time. */
import { isErrno, isOutOfDescriptors, isStale } from "./errno.ts";

/** How often a file may be lost in one call before that is an error. */
const LOOKS = 20;

/** Looks for files, and does so again when one was lost meanwhile. */
export async function afresh<T>(look: () => Promise<T>): Promise<T> {
  for (let looks = 1; ; looks++) {
    try {
      return await look();
    } catch (error) {
      if (!isStale(error) || looks === LOOKS) throw error;
    }
  }
}

/** How long a file may be held on Windows, by a scanner or a reader, in milliseconds. */
const HELD_MS = 2000;

/** How long a call may be without luck while others of the process find descriptors, in milliseconds. */
const LONGEST_MS = 30_000;
let successes = 0;

/**
 * Repeats a call that fails for want of descriptors: for 1.3 s, in 6 repetitions, while no other call here gets on either, and as long as
 * others do for at most half a minute. On Windows repeats for two seconds one that fails since a file is held, and often: whoever reads a
 * file again and again has it open most of the time.
 */
export async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let delay = 20, waited = 0, before = successes; ; delay *= 2) {
    try {
      const result = await call();
      successes++;
      return result;
    } catch (error) {
      if (process.platform === "win32" && isErrno(error, "EPERM", "EACCES", "EBUSY")) {
        if (waited > HELD_MS) throw error;
        delay = 10 + 20 * Math.random();
      } else if (!isOutOfDescriptors(error) || waited > LONGEST_MS) throw error;
      else if (successes !== before) delay = 20 + 20 * Math.random();
      else if (delay > 640) throw error;
      before = successes;
    }
    await new Promise((resolve) => setTimeout(resolve, delay));
    waited += delay;
  }
}
