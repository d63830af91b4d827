/** The store's time: the machine's own, corrected by what refusals teach. */
import type { Clock } from "../../src/clock.ts";
import { httpDate } from "../../src/retry.ts";
import type { Answer } from "./complaint.ts";

/**
 * Milliseconds from which a difference is taken for the reason of a refusal that names none, as of a HEAD. Stores accept 15 minutes.
 */
const TOLERATED = 5 * 60 * 1000;

/** A moment in the year 2096: a date beyond it is not taken for the time. */
const LATEST = 4e12;

/** Whether a refusal says, or without a code may say, that the request was signed for another time. */
export function isUntimely({ status }: Answer, code: string | undefined): boolean {
  return code === "RequestTimeTooSkewed" || (code === undefined && status === 403);
}

/** A clock that can be put right. Signatures, presigned URLs and the expiry of keys go by it. */
export class StoreClock implements Pick<Clock, "now"> {
  /** Milliseconds that the store is ahead. */
  #offset = 0;
  /** The machine's own clock, by which waits go. */
  readonly own: Clock;

  constructor(own: Clock) {
    this.own = own;
  }

  now(): number {
    return this.own.now() + this.#offset;
  }

  /**
   * Learns from the refusal of a request that was signed for the time `signed`; whether another signature may succeed. The answer's date is
   * compared with that time and not with what was learnt meanwhile, so that of ten requests refused at once each is repeated.
   */
  learn(answer: Answer, code: string | undefined, signed: number): boolean {
    const date = httpDate(answer.header("date"));
    // A date too far off could not be signed for, so that no later answer could put the clock right again.
    if (date === undefined || date > LATEST || !isUntimely(answer, code)) return false;
    if (Math.abs(date - signed) < (code === undefined ? TOLERATED : 1000)) return false;
    this.#offset = date - this.own.now();
    return true;
  }

  /** Goes back to the machine's own time: with the one that was learnt, a request was refused as well. */
  forget(): void {
    this.#offset = 0;
  }
}
