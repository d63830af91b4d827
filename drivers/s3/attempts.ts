/** The attempts of one operation: each is signed anew, and may be mended by what a refusal before it has taught. */
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

/** Takes what is wanted from an answer; `identity` signed the request. */
export type Read<T> = (response: WireResponse, identity: Identity) => Promise<T> | T;

/** What all operations of one client share. */
export interface Shared {
  readonly settings: Settings;
  readonly transport: Transport;
  readonly budget: RetryBudget;
}

/** Sends one operation until it succeeds or fails for good; made for one operation, and run once. */
export class Attempts<T> {
  readonly #shared: Shared;
  readonly #operation: Operation;
  readonly #read: Read<T>;
  readonly #doubt = new Doubt();
  #mend: Mend | undefined;
  /** Whether a request may have left, and has had no answer. */
  #sent = false;
  /** Requests so far, as observers count attempts. */
  #requests = 0;
  /** The attempt under way, where somebody observes it. */
  #watched: Attempt | undefined;
  #lastError: unknown;

  constructor(shared: Shared, operation: Operation, read: Read<T>) {
    this.#shared = shared;
    this.#operation = operation;
    this.#read = read;
  }

  async run(): Promise<T> {
    const { settings, budget } = this.#shared;
    const { signal, conditional } = this.#operation;
    const attempt = (number: number): Promise<T> => this.#attempt(number);
    const judge = (thrown: unknown): Failure => this.#judge(thrown);
    const decided = (wait: number | undefined): void => this.#report(this.#lastError, wait);
    try {
      return await retry(settings.retry, budget, signal, attempt, judge, settings.clock.own, decided);
    } catch (error) {
      // Here a lost answer becomes `ambiguous`.
      throw conditional && !signal?.aborted ? this.#doubt.verdict(error, conditional === "source") : error;
    }
  }

  /** One attempt of the retry loop. A request whose refusal can be mended is sent again at once. */
  async #attempt(number: number): Promise<T> {
    const { settings, transport } = this.#shared;
    const operation = this.#operation;
    const { signal, failed, accept } = operation;
    if (number === 1 && failed !== undefined) throw failed;
    for (;;) {
      this.#sent = false;
      let signed: Signed | undefined;
      try {
        const identity = await settings.identity(signal);
        // Where one kept connection has died, all may have: without `once`, each repetition would take the next of them.
        const [request, by] = await toRequest(settings, operation, identity, number > 1);
        signed = by;
        this.#sent = true;
        this.#requests++;
        if (settings.onEvent) this.#watched = { number: this.#requests, started: performance.now() };
        const response = await transport.send(request);
        if (this.#watched) this.#watched.response = response;
        const { status } = response;
        if ((status < 200 || status > 299) && !accept?.includes(status))
          throw new Refusal(response, await readComplaint(response), identity);
        const result = await this.#read(response, identity);
        this.#report();
        return result;
      } catch (error) {
        if (!(error instanceof Refusal) || !signed) throw error;
        // It was answered, so what fails while it is mended leaves nothing in doubt.
        this.#sent = false;
        if (!(await this.#isMended(error, signed))) throw error;
        this.#report(error.error, 0);
        signal?.throwIfAborted();
      }
    }
  }

  #isMended(refusal: Refusal, signed: Signed): Promise<boolean> {
    const { settings, transport } = this.#shared;
    this.#mend ??= menderOf(settings, async (asked, identity) => {
      const [request] = await toRequest(settings, asked, identity);
      return transport.send(request);
    });
    return this.#mend(refusal.answer, refusal.complaint, signed, this.#operation);
  }

  /** What the retry loop and `#doubt` are told of a failed attempt. */
  #judge(thrown: unknown): Failure {
    const refused = thrown instanceof Refusal ? thrown : undefined;
    const error = (this.#lastError = refused?.error ?? thrown);
    this.#doubt.add(error, this.#sent);
    const retryable = StorageError.is(error) && error.retryable;
    if (refused)
      return { error, retryable, ...waitOf(refused.answer, refused.complaint, this.#shared.settings.clock.now()) };
    if (thrown === this.#operation.failed) return { error, retryable, kind: "cut" };
    const stale = this.#sent && retryable && error.code === "unavailable" && !isUnsent(error);
    return { error, retryable, kind: stale ? "stale" : "transient" };
  }

  /** Tells the observer how the attempt under way ended. */
  #report(error?: unknown, wait?: number): void {
    const { onEvent } = this.#shared.settings;
    if (onEvent && this.#watched) notify(onEvent, attemptEvent(this.#operation, this.#watched, error, wait));
    this.#watched = undefined;
  }
}
