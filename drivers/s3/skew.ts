/** The store's time: the machine's own, corrected by what refusals teach. */
import type { Clock } from "../../src/clock.ts";
import { httpDate } from "../../src/retry.ts";
import type { Answer } from "./complaint.ts";

/** A refused HEAD has no code to tell why. Stores accept 15 minutes; from 5 on it was the time. */
const TOLERATED = 5 * 60 * 1000;

/** In the year 2096: what a store says beyond is no time. */
const LATEST = 4e12;

/** Whether a refusal says, or without a code may say, that the request was signed for another time. */
export function isUntimely({ status }: Answer, code: string | undefined): boolean {
  return code === "RequestTimeTooSkewed" || (code === undefined && status === 403);
}

/** A clock that can be put right; whoever signs, presigns or watches an expiry reads it. */
export class StoreClock implements Pick<Clock, "now"> {
  /** Milliseconds that the store is ahead. */
  #offset = 0;
  /** The machine's own, which waits go by. */
  readonly own: Clock;

  constructor(own: Clock) {
    this.own = own;
  }

  now(): number {
    return this.own.now() + this.#offset;
  }

  /**
   * Learns from a refusal of a request that was signed for `signed`; whether another signature may succeed. Compared is with
   * the time of that request, not with what was learnt meanwhile: of ten refused at once each is worth a repetition.
   */
  learn(answer: Answer, code: string | undefined, signed: number): boolean {
    const date = httpDate(answer.header("date"));
    // Beyond some date no signature can be made, and no later answer would put it right.
    if (date === undefined || date > LATEST || !isUntimely(answer, code)) return false;
    if (Math.abs(date - signed) < (code === undefined ? TOLERATED : 1000)) return false;
    this.#offset = date - this.own.now();
    return true;
  }

  /** Goes back to the machine's own time: a request that was signed for the time that was learnt was refused as well. */
  forget(): void {
    this.#offset = 0;
  }
}
