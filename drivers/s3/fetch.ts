/** A transport over any function with the shape of fetch: the runtime's own, or the one a user passes. */
import { whenAborted } from "../../src/abort.ts";
import { StorageError } from "../../src/error.ts";
import { quietly } from "../../src/quietly.ts";
import { BYOB_BYTES } from "../../src/reader.ts";
import { atOnce, STOPPED } from "./at-once.ts";
import type { Pieces, Timeouts, Transport, WireResponse } from "./transport.ts";

/** The part of fetch that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Bodies up to here may be read at once: a reader costs more than they do. */
const SMALL = 64 * 1024;
/** Milliseconds. workerd keeps idle connections for five seconds. */
const DISTRUST = 10_000;
/**
 * Largest piece that is asked for. On workerd each has its price, and a Worker has 128 MB for all that it does at a time; elsewhere
 * larger ones cost more, for the memory that they come in.
 */
const MOST = globalThis.navigator?.userAgent === "Cloudflare-Workers" ? 1024 * 1024 : BYOB_BYTES;

/** Sends by `fetch`, with the timeouts that fetch does not have. `raw` says that it is known to decode nothing. */
export function fromFetch(fetch: Fetch, timeouts: Timeouts, raw = false): Transport {
  // Whether it knows of caches; Workers before 2024-11-11 refuse to hear of them.
  const caches = "cache" in Request.prototype;
  let distrusted = 0;
  return {
    async send({ method, url, headers, body, copies = 0, once, signal }) {
      if (distrusted > 0 && performance.now() < distrusted) throw interim();
      const limit = new Limit(signal);
      // fetch does not say when the body is sent, so its time is added: 100 kB/s are slow enough for a bad line.
      const sending = timeouts.headers && (body?.byteLength ?? 0) / 100 + copies / 10_000;
      const init = {
        method,
        headers,
        body,
        // A redirect would carry the token and the keys in headers to whatever host it names.
        redirect: "manual",
        // A read past every cache: a browser's, Cloudflare's, Next's would answer with what an object was. Of a write, this would
        // send `Cache-Control: no-cache`, which the store keeps with the object.
        cache: caches && (method === "GET" || method === "HEAD") ? "no-store" : undefined,
        signal: limit.signal,
        // Bun and workerd can leave a stored `Content-Encoding` alone; other runtimes ignore what they do not know.
        decompress: false,
        encodeResponseBody: "manual",
        // Bun then takes a new connection, and for Deno transport.deno.ts does.
        ...(once && { keepalive: false }),
      } as RequestInit;
      const response = await limit.within(timeouts.headers + sending, "did not answer in time", async () => {
        const answer = await fetch(url, init);
        // Of a fetch that does not heed its signal.
        if (limit.ended) void answer.body?.cancel().catch(() => {});
        return answer;
      });
      if (response.status < 200 && response.status > 0) {
        limit.release();
        distrusted = performance.now() + DISTRUST;
        throw interim();
      }
      return toResponse(response, limit, timeouts.body, raw);
    },
    close: async () => {},
  };
}

/**
 * workerd takes an interim answer for the answer, and then gives the answer itself to whoever asks next over that connection: a
 * write that failed would be acknowledged. Nothing is sent before that connection has been idle for so long that it is given up.
 */
function interim(): StorageError {
  return new StorageError("unavailable", "the answer was an interim one (1xx); for ten seconds none is trusted", {
    retryable: true,
  });
}

/** What ends an exchange before its time: the caller's abort, and silence where an answer is waited for. */
class Limit {
  // One for both, so that fetch is told by one signal.
  readonly #control = new AbortController();
  // On Workers whatever is asked of a signal leaves JavaScript, so it is asked once.
  readonly signal: AbortSignal = this.#control.signal;
  /** Whether it was stopped: then nobody waits for what comes. */
  ended = false;
  /** The latest moment for what is waited for, by a clock that nobody sets. A new one leaves the timer alone, which looks at it when it fires. */
  #deadline = Infinity;
  #due = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late = "";
  #reject: ((reason: unknown) => void) | undefined;

  readonly #leave: (() => void) | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#leave = caller && whenAborted(caller, (reason) => this.stop(reason));
  }

  /** Settles with `work`, or at once when the exchange is ended, whether or not `work` listens; a failure is the end of it. */
  within<T>(milliseconds: number, late: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.ended) return reject(this.signal.reason);
      this.#late = late;
      this.#wait(milliseconds);
      work().then(
        (value) => {
          this.#deadline = Infinity;
          // No process waits for a body that nobody asks for.
          quietly(this.#timer);
          resolve(value);
        },
        (error: unknown) => {
          this.release();
          reject(this.#reasonOf(error));
        },
      );
    });
  }

  /** Ends it; does nothing to what has come to its end. */
  stop(reason: unknown): void {
    this.release();
    this.ended = true;
    this.#control.abort(reason);
    this.#reject?.(reason);
  }

  /** Lets go of the caller's signal, and of the time. */
  release(): void {
    clearTimeout(this.#timer);
    this.#leave?.();
  }

  #wait(milliseconds: number): void {
    this.#deadline = milliseconds > 0 ? performance.now() + milliseconds : Infinity;
    if (this.#timer !== undefined && this.#due <= this.#deadline) return (this.#timer as { ref?(): void }).ref?.();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#deadline === Infinity) return;
    this.#due = this.#deadline;
    // Given more milliseconds than it takes, a timer fires at once.
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const left = this.#deadline - performance.now();
        // Before what came while the process was stopped, as AWS Lambda and debuggers do, timers fire.
        if (left > 0 || left < -STOPPED) this.#wait(left > 0 ? left : STOPPED);
        else this.stop(new StorageError("timeout", `the store ${this.#late}`));
      },
      Math.min(milliseconds, 2 ** 31 - 1),
    );
  }

  /** The caller's abort and our timeout as they are, everything else as a connection that failed. */
  #reasonOf(error: unknown): unknown {
    if (this.ended) return this.signal.reason;
    if (StorageError.is(error)) return error;
    return new StorageError("unavailable", "the connection to the store failed", { cause: error });
  }
}

function toResponse(response: Response, limit: Limit, idle: number, raw: boolean): WireResponse {
  const { headers } = response;
  const length = Number(headers.get("content-length") ?? Number.NaN);
  // The length says nothing of a body that is decoded.
  const small = length <= SMALL && (raw || !headers.has("content-encoding"));
  const pieces = (): Pieces => {
    let reading: Reading | undefined;
    let over = false;
    const cancel = (reason: unknown): void => {
      limit.release();
      (reading ??= open(response.body))[1](reason);
    };
    return {
      async next(atOnce) {
        if (over) return null;
        over = !reading && small && atOnce === true;
        reading ??= over ? whole(response, limit) : open(response.body);
        try {
          const piece = await limit.within(idle, "stopped sending", reading[0]);
          if (over || piece === null) limit.release();
          return piece;
        } catch (error) {
          cancel(error);
          throw error;
        }
      },
      cancel,
    };
  };
  return {
    status: response.status,
    header: (name) => headers.get(name),
    names: () => headers.keys(),
    pieces,
    bytes: (most, times = 1) => atOnce(pieces(), most, times * idle),
    async discard() {
      // A small body is read, since some runtimes give up the connection of one that is cancelled. None is over by itself.
      if (length === 0) limit.release();
      else if (length > SMALL) pieces().cancel(undefined);
      else await this.bytes(SMALL).catch(() => {});
    },
    raw,
    // No store names this one by itself: it is seen where all are, by `Access-Control-Expose-Headers: *`.
    filtered: response.type === "cors" && !headers.has("access-control-allow-origin"),
  };
}

type Reading = [read: () => Promise<Uint8Array | null>, cancel: (reason: unknown) => void];

function whole(response: Response, limit: Limit): Reading {
  const read = async (): Promise<Uint8Array | null> => {
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.byteLength > 0 ? bytes : null;
  };
  return [read, (reason) => limit.stop(reason)];
}

function open(body: Response["body"]): Reading {
  if (!body) return [async () => null, () => {}];
  try {
    const reader = body.getReader({ mode: "byob" });
    let size = BYOB_BYTES;
    const read = async (): Promise<Uint8Array | null> => {
      const { value } = await reader.read(new Uint8Array(size));
      const length = value?.byteLength ?? 0;
      // A body that fills the memory it is given is given more.
      size = length < size ? BYOB_BYTES : Math.min(4 * size, MOST);
      return length > 0 ? (value as Uint8Array) : null;
    };
    return [read, (reason) => void reader.cancel(reason).catch(() => {})];
  } catch {
    const reader = body.getReader();
    const read = async (): Promise<Uint8Array | null> => (await reader.read()).value ?? null;
    return [read, (reason) => void reader.cancel(reason).catch(() => {})];
  }
}
