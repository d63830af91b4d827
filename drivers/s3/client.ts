/** The one place that signs, sends, retries and maps errors. */
import { sha256Hex } from "#digest";
import { createTransport } from "#transport";
import { StorageError } from "../../src/error.ts";
import { defined } from "../../src/options.ts";
import { type Failure, retry, retryAfter, RetryBudget } from "../../src/retry.ts";
import { type Identity, signHeaders } from "../../src/sigv4/sign.ts";
import { complaintOf, readComplaint, toStorageError } from "./errors.ts";
import { fromFetch } from "./fetch.ts";
import type { HeaderMap } from "./headers.ts";
import type { Settings } from "./settings.ts";
import type { Transport, WireRequest, WireResponse } from "./transport.ts";
import { objectUrl, type Query } from "./url.ts";
import { type Element, readXml } from "./xml.ts";

/** One S3 operation before it is signed. */
export interface Operation {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without the base; absent for an operation on the bucket. */
  readonly key?: string;
  readonly query?: Query;
  /** Lower-case names; signed, except those that proxies rewrite. */
  readonly headers?: HeaderMap;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Statuses other than 2xx that are an answer, not an error. */
  readonly accept?: readonly number[];
  /** A failure that counts as the first attempt: this one waits, and takes from the budget, as its repetition. */
  readonly failed?: unknown;
  /** Whether a lost answer leaves open what happened, so that a later refusal may be the echo of our own success. */
  readonly conditional?: boolean;
}

/** Largest document that is read: a listing of 1000 keys of 1024 bytes, fully escaped, is below it. */
const MAX_DOCUMENT = 16 * 1024 * 1024;
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Proxies and CDNs change these on their way, so a signature over them would not hold. */
const UNSIGNED = ["range", "accept-encoding"];

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
    let sent = false;
    // An attempt without any answer; an attempt that the store may have carried out although it did not say so.
    let lost = false;
    let doubtful = false;
    const attempt = async (number: number): Promise<T> => {
      sent = false;
      if (number === 1 && operation.failed !== undefined) throw operation.failed;
      const identity = await this.settings.identity();
      const request = await this.#sign(operation, identity);
      sent = true;
      const response = await this.#transport.send(request);
      const { status } = response;
      if ((status >= 200 && status < 300) || operation.accept?.includes(status)) return read(response, identity);
      const error = toStorageError(response, await readComplaint(response), identity);
      throw new Refusal(error, retryAfter(response.header("x-amz-retry-after") ?? response.header("retry-after")));
    };
    const judge = (thrown: unknown): Failure => {
      const error = thrown instanceof Refusal ? thrown.error : thrown;
      const status = thrown instanceof Refusal ? thrown.error.response?.status : undefined;
      lost ||= status === undefined ? sent && !isUnsent(error) : status === 502 || status === 504;
      doubtful ||= lost || status === 500;
      const after = thrown instanceof Refusal ? thrown.after : undefined;
      return { error, retryable: StorageError.is(error) && error.retryable, after };
    };
    const { retry: retries, clock } = this.settings;
    try {
      return await retry(retries, this.budget, operation.signal, attempt, judge, clock);
    } catch (error) {
      if (!operation.conditional || operation.signal?.aborted || !StorageError.is(error)) throw error;
      // A refusal may be the echo of our own success.
      const echo = error.code === "precondition-failed" || error.code === "not-found";
      if (!lost && !(doubtful && echo)) throw error;
      throw new StorageError("ambiguous", "the answer to this write was lost: it may have taken effect", {
        cause: error,
        response: error.response,
      });
    }
  }

  /** Sends an operation that answers with a document, and reads it to the end of the root that is expected. */
  document<T = Element>(
    operation: Operation,
    root: string,
    read: (found: Element, identity: Identity) => T = (found) => found as T,
  ): Promise<T> {
    return this.send(operation, async (response, identity) => {
      const bytes = await response.bytes(MAX_DOCUMENT);
      if (!bytes) throw new StorageError("corrupt", "the store's answer is larger than any S3 document");
      const found = readXml(new TextDecoder().decode(bytes));
      if (found.name === root) return read(found, identity);
      if (found.name !== "Error") {
        const name = found.name.slice(0, 50);
        throw new StorageError("corrupt", `the store answered <${name}> instead of <${root}>`, { retryable: true });
      }
      // S3 answers 200 before it knows: what went wrong then stands in the body.
      const answer = { status: 500, header: response.header };
      throw new Refusal(toStorageError(answer, complaintOf(found), identity), undefined);
    });
  }

  /** Lets go of the connections. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #sign(operation: Operation, identity: Identity): Promise<WireRequest> {
    const { settings } = this;
    const { method, key, query, body, signal } = operation;
    const { url, path } = objectUrl(settings.address, key === undefined ? "" : settings.base + key, query);
    const signed = { ...settings.headers, ...defined(operation.headers ?? {}) } as Record<string, string>;
    const unsigned: Record<string, string> = {};
    for (const name of UNSIGNED) {
      if (signed[name] === undefined) continue;
      unsigned[name] = signed[name];
      delete signed[name];
    }
    if (method === "GET" || method === "HEAD") unsigned["accept-encoding"] = "identity";
    signed["x-amz-content-sha256"] = await this.#payloadHash(body);
    const scope = { identity, region: settings.region, date: new Date(settings.clock.now()) };
    const headers = await signHeaders({ method, url, path, headers: signed }, scope);
    return { method, url, headers: { ...headers, ...unsigned }, body, signal };
  }

  #payloadHash(body: Uint8Array | undefined): string | Promise<string> {
    if (!body || body.byteLength === 0) return EMPTY_SHA256;
    return this.settings.signPayload ? sha256Hex(body) : "UNSIGNED-PAYLOAD";
  }
}

/** An answer from the store that is no success: it did arrive, so nothing about the request is in doubt. */
class Refusal {
  readonly error: StorageError;
  readonly after: number | undefined;

  constructor(error: StorageError, after: number | undefined) {
    this.error = error;
    this.after = after;
  }
}

/** Whether the request cannot have arrived: no connection stood. */
function isUnsent(error: unknown): boolean {
  const cause = (error as { cause?: { code?: unknown } } | null)?.cause;
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"].includes(String(cause?.code));
}
