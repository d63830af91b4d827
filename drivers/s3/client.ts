/** The one place that sends, repeats and judges: each attempt is signed anew, and what a refusal teaches is learnt. */
import { createTransport } from "#transport";
import { heeding } from "../../src/abort.ts";
import { StorageError } from "../../src/error.ts";
import { notify } from "../../src/event.ts";
import { type Failure, retry, RetryBudget } from "../../src/retry.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Attempt, attemptEvent } from "./attempt.ts";
import { type Answer, type Complaint, complaintOf, readComplaint } from "./complaint.ts";
import { Doubt, isUnsent } from "./doubt.ts";
import { toStorageError, waitOf } from "./errors.ts";
import { fromFetch } from "./fetch.ts";
import { Mender } from "./mend.ts";
import { type Operation, type Signed, toRequest } from "./request.ts";
import type { Settings } from "./settings.ts";
import type { Transport, WireResponse } from "./transport.ts";
import { type Element, readXml } from "./xml.ts";

/** Largest document that is read: a listing of 1000 keys of 1024 bytes, fully escaped, is below it. */
const MAX_DOCUMENT = 16 * 1024 * 1024;

/** Takes what is wanted from an answer; `identity` is who asked. */
export type Read<T> = (response: WireResponse, identity: Identity) => Promise<T> | T;

/** Sends operations to one bucket. */
export class Client {
  readonly settings: Settings;
  readonly #transport: Transport;
  readonly budget: RetryBudget = new RetryBudget();

  constructor(settings: Settings) {
    this.settings = settings;
    const { fetch, timeouts, dispatcher } = settings;
    this.#transport = fetch ? fromFetch(fetch, timeouts) : createTransport({ timeouts, dispatcher });
  }

  /** Sends an operation; `read` takes what is wanted from the answer, and is part of the attempt that is retried. */
  async send<T>(operation: Operation, read: Read<T>): Promise<T> {
    const { retry: retries, clock, onEvent } = this.settings;
    const { signal } = operation;
    const doubt = new Doubt();
    let mender: Mender | undefined;
    let sent = false;
    let made = 0;
    let watched: Attempt | undefined;
    const tell = (error?: unknown, wait?: number): void => {
      if (onEvent && watched) notify(onEvent, attemptEvent(operation, watched, error, wait));
      watched = undefined;
    };

    const once = async (): Promise<T> => {
      sent = false;
      const identity = await this.#identity(signal);
      const [request, signed] = await toRequest(this.settings, operation, identity);
      sent = true;
      made++;
      if (onEvent) watched = { number: made, started: performance.now() };
      const response = await this.#transport.send(request);
      if (watched) watched.response = response;
      const { status } = response;
      if ((status < 200 || status > 299) && !operation.accept?.includes(status)) {
        throw new Refusal(response, await readComplaint(response), signed);
      }
      try {
        return await read(response, identity);
      } catch (error) {
        if (error instanceof Refusal) error.signed = signed;
        throw error;
      }
    };
    const attempt = async (number: number): Promise<T> => {
      sent = false;
      if (number === 1 && operation.failed !== undefined) throw operation.failed;
      for (;;) {
        try {
          const result = await once();
          tell();
          return result;
        } catch (error) {
          if (!(error instanceof Refusal) || !error.signed) throw error;
          // It was answered: what fails from here on leaves nothing open.
          sent = false;
          mender ??= this.#mender();
          if (!(await mender.mend(error.answer, error.complaint, error.signed, operation))) throw error;
          tell(error.toError(), 0);
          signal?.throwIfAborted();
        }
      }
    };

    let last: unknown;
    const judge = (thrown: unknown): Failure => {
      const refused = thrown instanceof Refusal ? thrown : undefined;
      last = refused?.toError() ?? thrown;
      doubt.add(last, sent);
      const retryable = StorageError.is(last) && last.retryable;
      if (refused) return { error: last, retryable, ...waitOf(refused.answer, refused.complaint, clock.now()) };
      if (thrown === operation.failed) return { error: last, retryable, kind: "cut" };
      const stale = sent && retryable && (last as StorageError).code === "unavailable" && !isUnsent(last);
      return { error: last, retryable, kind: stale ? "stale" : "transient" };
    };
    try {
      return await retry(retries, this.budget, signal, attempt, judge, clock, (wait) => tell(last, wait));
    } catch (error) {
      // Here a lost answer becomes `ambiguous`.
      throw operation.conditional && !signal?.aborted ? doubt.verdict(error) : error;
    }
  }

  /**
   * Sends an operation that answers with a document, and reads it to the end of the root that is expected. `blank` is what an
   * answer without a document gives, which is an error by default.
   */
  document<T = Element>(
    operation: Operation,
    root: string,
    read: (found: Element, identity: Identity) => T = (found) => found as T,
    blank?: T,
  ): Promise<T> {
    return this.send(operation, async (response, identity) => {
      const bytes = await response.bytes(MAX_DOCUMENT);
      if (!bytes) throw new StorageError("corrupt", "the store's document is too large");
      if (bytes.byteLength === 0 && blank !== undefined) return blank;
      const found = readXml(new TextDecoder().decode(bytes));
      if (found.name === root) return read(found, identity);
      if (found.name !== "Error") {
        const name = found.name.slice(0, 50);
        throw new StorageError("corrupt", `the store answered <${name}> instead of <${root}>`, { retryable: true });
      }
      // S3 answers 200 before it knows: what went wrong then stands in the body.
      throw new Refusal({ status: 500, header: response.header }, complaintOf(found));
    });
  }

  /** Lets go of the connections. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  #mender(): Mender {
    return new Mender(this.settings, async (asked, identity) => {
      const [request] = await toRequest(this.settings, asked, identity);
      return this.#transport.send(request);
    });
  }

  /** Fixed keys are there at once; those of a function may take long, and an abort does not wait for them. */
  #identity(signal: AbortSignal | undefined): Identity | Promise<Identity> {
    const identity = this.settings.identity();
    return signal && identity instanceof Promise ? heeding(identity, signal) : identity;
  }
}

/** An answer from the store that is no success: it did arrive, so nothing about the request is in doubt. */
class Refusal {
  readonly answer: Answer;
  readonly complaint: Complaint;
  signed: Signed | undefined;
  #error: StorageError | undefined;

  constructor(answer: Answer, complaint: Complaint, signed?: Signed) {
    this.answer = answer;
    this.complaint = complaint;
    this.signed = signed;
  }

  toError(): StorageError {
    return (this.#error ??= toStorageError(this.answer, this.complaint, this.signed?.identity));
  }
}
