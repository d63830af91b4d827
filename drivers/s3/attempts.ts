/** The attempts of one operation: each is signed anew, and what a refusal teaches is learnt. */
import { StorageError } from "../../src/error.ts";
import { notify } from "../../src/event.ts";
import { type Failure, retry, type RetryBudget } from "../../src/retry.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Attempt, attemptEvent } from "./attempt.ts";
import { readComplaint } from "./complaint.ts";
import { Doubt, isUnsent } from "./doubt.ts";
import { waitOf } from "./errors.ts";
import { menderOf, type Mend } from "./mend.ts";
import { Refusal } from "./refusal.ts";
import { type Operation, type Signed, toRequest } from "./request.ts";
import type { Settings } from "./settings.ts";
import type { Transport, WireResponse } from "./transport.ts";

/** Takes what is wanted from an answer; `identity` is who asked. */
export type Read<T> = (response: WireResponse, identity: Identity) => Promise<T> | T;

/** What all operations of one client share. */
export interface Line {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly budget: RetryBudget;
}

/** Sends one operation until it succeeds or fails for good; made for one operation, and run once. */
export class Attempts<T> {
  readonly #line: Line;
  readonly #operation: Operation;
  readonly #read: Read<T>;
  readonly #doubt = new Doubt();
  #mend: Mend | undefined;
  /** Whether a request has left to which no answer has come. */
  #sent = false;
  #made = 0;
  #watched: Attempt | undefined;
  #last: unknown;

  constructor(line: Line, operation: Operation, read: Read<T>) {
    this.#line = line;
    this.#operation = operation;
    this.#read = read;
  }

  async run(): Promise<T> {
    const { settings, budget } = this.#line;
    const { signal, conditional } = this.#operation;
    const attempt = (number: number): Promise<T> => this.#attempt(number);
    const judge = (thrown: unknown): Failure => this.#judge(thrown);
    const decided = (wait: number | undefined): void => this.#tell(this.#last, wait);
    try {
      return await retry(settings.retry, budget, signal, attempt, judge, settings.clock.own, decided);
    } catch (error) {
      // Here a lost answer becomes `ambiguous`.
      throw conditional && !signal?.aborted ? this.#doubt.verdict(error, conditional === "source") : error;
    }
  }

  /** One attempt, and those that follow at once from what its refusal teaches. */
  async #attempt(number: number): Promise<T> {
    const { settings, transport } = this.#line;
    const operation = this.#operation;
    const { signal, failed, accept } = operation;
    for (;;) {
      this.#sent = false;
      if (number === 1 && failed !== undefined) throw failed;
      let signed: Signed | undefined;
      try {
        const identity = await settings.identity(signal);
        // Where one kept connection has died, all may have: each attempt would meet the next.
        const [request, by] = await toRequest(settings, operation, identity, number > 1);
        signed = by;
        this.#sent = true;
        this.#made++;
        if (settings.onEvent) this.#watched = { number: this.#made, started: performance.now() };
        const response = await transport.send(request);
        if (this.#watched) this.#watched.response = response;
        const { status } = response;
        if ((status < 200 || status > 299) && !accept?.includes(status))
          throw new Refusal(response, await readComplaint(response), identity);
        const result = await this.#read(response, identity);
        this.#tell();
        return result;
      } catch (error) {
        if (!(error instanceof Refusal) || !signed) throw error;
        // It was answered: what fails from here on leaves nothing open.
        this.#sent = false;
        if (!(await this.#mended(error, signed))) throw error;
        this.#tell(error.error, 0);
        signal?.throwIfAborted();
      }
    }
  }

  #mended(refusal: Refusal, signed: Signed): Promise<boolean> {
    const { settings, transport } = this.#line;
    this.#mend ??= menderOf(settings, async (asked, identity) => {
      const [request] = await toRequest(settings, asked, identity);
      return transport.send(request);
    });
    return this.#mend(refusal.answer, refusal.complaint, signed, this.#operation);
  }

  #judge(thrown: unknown): Failure {
    const refused = thrown instanceof Refusal ? thrown : undefined;
    const error = (this.#last = refused?.error ?? thrown);
    this.#doubt.add(error, this.#sent);
    const retryable = StorageError.is(error) && error.retryable;
    if (refused)
      return { error, retryable, ...waitOf(refused.answer, refused.complaint, this.#line.settings.clock.now()) };
    if (thrown === this.#operation.failed) return { error, retryable, kind: "cut" };
    const stale = this.#sent && retryable && error.code === "unavailable" && !isUnsent(error);
    return { error, retryable, kind: stale ? "stale" : "transient" };
  }

  #tell(error?: unknown, wait?: number): void {
    const { onEvent } = this.#line.settings;
    if (onEvent && this.#watched) notify(onEvent, attemptEvent(this.#operation, this.#watched, error, wait));
    this.#watched = undefined;
  }
}
