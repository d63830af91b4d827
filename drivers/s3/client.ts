/** The one place that signs, sends, retries and maps errors. */
import { sha256Hex } from "#digest";
import { createTransport } from "#transport";
import { StorageError } from "../../src/error.ts";
import { defined } from "../../src/options.ts";
import { type Failure, retry, retryAfter, RetryBudget } from "../../src/retry.ts";
import { type Identity, signHeaders } from "../../src/sigv4/sign.ts";
import { readComplaint, toStorageError } from "./errors.ts";
import { fromFetch } from "./fetch.ts";
import type { HeaderMap } from "./headers.ts";
import type { Settings } from "./settings.ts";
import type { Transport, WireResponse } from "./transport.ts";
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
  /** Whether a lost answer leaves open what happened, so that a later refusal may be the echo of our own success. */
  readonly conditional?: boolean;
}

/** Largest document that is read: a listing of 1000 keys of 1024 bytes, fully escaped, is below it. */
const MAX_DOCUMENT = 16 * 1024 * 1024;
const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
/** Answers that, as a lost one, leave open whether the request took effect: the store failed at it, or a proxy gave up waiting. */
const UNCLEAR = [500, 502, 504];
/** Proxies and CDNs change these on their way, so a signature over them would not hold. */
const UNSIGNED = ["range", "accept-encoding"];

/** Sends operations to one bucket. */
export class Client {
  readonly settings: Settings;
  readonly #transport: Transport;
  readonly #budget = new RetryBudget();

  constructor(settings: Settings) {
    this.settings = settings;
    const { fetch, timeouts, dispatcher } = settings;
    this.#transport = fetch ? fromFetch(fetch, timeouts) : createTransport({ timeouts, dispatcher });
  }

  /** Sends an operation; `read` takes what is wanted from the answer, and is part of the attempt that is retried. */
  send<T>(operation: Operation, read: (response: WireResponse) => Promise<T> | T): Promise<T> {
    let lost = false;
    return retry(
      this.settings.retry,
      this.#budget,
      operation.signal,
      async () => {
        const identity = await this.settings.identity();
        const response = await this.#attempt(operation, identity);
        if ((response.status >= 200 && response.status < 300) || operation.accept?.includes(response.status))
          return read(response);
        const complaint = await readComplaint(response);
        const error = toStorageError(response, complaint, identity);
        if (lost && operation.conditional && (error.code === "precondition-failed" || error.code === "not-found")) {
          throw new StorageError(
            "ambiguous",
            "the answer to this write was lost, and the store now refuses it: it may have taken effect",
            {
              cause: error,
              response: error.response,
            },
          );
        }
        throw new Refusal(error, retryAfter(response.header("x-amz-retry-after") ?? response.header("retry-after")));
      },
      (error) => {
        const failure = judge(error);
        if (!(error instanceof Refusal) || UNCLEAR.includes(error.error.response?.status ?? 0)) lost = true;
        return failure;
      },
    );
  }

  /** Sends an operation that answers with a document, and reads it to the end of the root that is expected. */
  document(operation: Operation, root: string): Promise<Element> {
    return this.send(operation, async (response) => {
      const bytes = await response.bytes(MAX_DOCUMENT);
      if (!bytes) throw new StorageError("corrupt", "the store's answer is larger than any S3 document");
      const found = readXml(new TextDecoder().decode(bytes));
      if (found.name === root) return found;
      // S3 answers 200 before it knows: what went wrong then stands in the body.
      if (found.name === "Error") {
        const failed = {
          ...response,
          status: 500,
          bytes: async () => bytes,
          header: (name: string) => response.header(name),
        };
        const identity = await this.settings.identity();
        throw new Refusal(toStorageError(failed, await readComplaint(failed), identity), undefined);
      }
      throw new StorageError("corrupt", `the store answered with <${found.name.slice(0, 50)}> instead of <${root}>`, {
        retryable: true,
      });
    });
  }

  /** Lets go of the connections. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #attempt(operation: Operation, identity: Identity): Promise<WireResponse> {
    const { settings } = this;
    const { method, key, query, body, signal } = operation;
    const { url, path } = objectUrl(settings.address, key === undefined ? "" : settings.base + key, query);
    const signed = defined({ ...settings.headers, ...operation.headers }) as Record<string, string>;
    const unsigned: Record<string, string> = {};
    for (const name of UNSIGNED) {
      if (signed[name] === undefined) continue;
      unsigned[name] = signed[name];
      delete signed[name];
    }
    if (method === "GET" || method === "HEAD") unsigned["accept-encoding"] = "identity";
    signed["x-amz-content-sha256"] = await this.#payloadHash(body);
    const scope = { identity, region: settings.region, date: new Date() };
    const headers = await signHeaders({ method, url, path, headers: signed }, scope);
    return this.#transport.send({
      method,
      url,
      headers: { ...headers, ...unsigned },
      body,
      signal,
    });
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

function judge(error: unknown): Failure {
  if (error instanceof Refusal) {
    return {
      error: error.error,
      retryable: error.error.retryable,
      after: error.after,
    };
  }
  return { error, retryable: StorageError.is(error) && error.retryable };
}
