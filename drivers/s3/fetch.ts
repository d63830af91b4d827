/** A transport over any function with the shape of fetch: the runtime's own, or the one a user passes. */
import { whenAborted } from "../../src/abort.ts";
import { StorageError } from "../../src/error.ts";
import { quietly } from "../../src/quietly.ts";
import { BYOB_BYTES } from "../../src/reader.ts";
import { atOnce, STOPPED } from "./at-once.ts";
import type { Pieces, Timeouts, Transport, WireResponse } from "./transport.ts";

/** The part of fetch that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Bodies of up to so many bytes may be read in one piece, since a reader costs more than they do. */
const SMALL = 64 * 1024;
/** For how long nothing is sent after an interim answer, in milliseconds. workerd keeps idle connections for five seconds. */
const DISTRUST = 10_000;
/**
 * Bytes of the largest piece that is asked for. On workerd each piece has its price, and a Worker has 128 MB for all that it does at a time;
 * elsewhere the memory for larger pieces costs more than they save.
 */
const MOST = globalThis.navigator?.userAgent === "Cloudflare-Workers" ? 1024 * 1024 : BYOB_BYTES;

/** Sends by `fetch`, with the timeouts that fetch does not have. `raw`: it is known to decode nothing. */
export function fromFetch(fetch: Fetch, timeouts: Timeouts, raw = false): Transport {
  // Workers with a compatibility date before 2024-11-11 have no such option, and refuse it.
  const caches = "cache" in Request.prototype;
  let distrustedUntil = 0;
  return {
    async send({ method, url, headers, body, copies = 0, once, signal }) {
      if (distrustedUntil > 0 && performance.now() < distrustedUntil) throw interim();
      const limit = new Limit(signal);
      // fetch does not say when the body has been sent, so the time for that is added: as slowly as 100 kB/s.
      const sending = timeouts.headers && (body?.byteLength ?? 0) / 100 + copies / 10_000;
      const init = {
        method,
        headers,
        body,
        // A redirect that is followed would carry the session token, and customer keys in headers, to whatever host it names.
        redirect: "manual",
        // Caches of browsers, Cloudflare and Next would answer with an older version. Only for reads: with a write it would send
        // `Cache-Control: no-cache`, which the store would keep with the object.
        cache: caches && (method === "GET" || method === "HEAD") ? "no-store" : undefined,
        signal: limit.signal,
        // Bun's and workerd's ways to decode nothing; other runtimes ignore them.
        decompress: false,
        encodeResponseBody: "manual",
        // Bun then takes a new connection; for Deno transport.deno.ts does.
        ...(once && { keepalive: false }),
      } as RequestInit;
      const response = await limit.within(timeouts.headers + sending, "did not answer in time", async () => {
        const answer = await fetch(url, init);
        // It came too late, from a fetch that does not heed its signal.
        if (limit.ended) void answer.body?.cancel().catch(() => {});
        return answer;
      });
      if (response.status < 200 && response.status > 0) {
        limit.release();
        distrustedUntil = performance.now() + DISTRUST;
        throw interim();
      }
      return toResponse(response, limit, timeouts.body, raw);
    },
    close: async () => {},
  };
}

/**
 * workerd takes an interim answer (1xx) for the answer, and gives the answer itself to the next request on that connection: a write that
 * failed would be acknowledged. So nothing is sent until that connection has been idle for so long that workerd gives it up.
 */
function interim(): StorageError {
  return new StorageError("unavailable", "the answer was an interim one (1xx); for ten seconds none is trusted", {
    retryable: true,
  });
}

/** Stops one exchange when the caller aborts it, and when nothing comes for too long while something is waited for. */
class Limit {
  readonly #control = new AbortController();
  // Kept, since on Workers each access to a controller or a signal leaves JavaScript.
  readonly signal: AbortSignal = this.#control.signal;
  /** Whether it was stopped: then nobody waits for what comes. */
  ended = false;
  /** The latest moment for what is waited for, by `performance.now()`, which nobody sets back. */
  #deadline = Infinity;
  /** One timer serves deadlines that are moved back: when it fires too early, it is set anew. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires. */
  #due = 0;
  #late = "";
  #reject: ((reason: unknown) => void) | undefined;
  readonly #unfollow: (() => void) | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#unfollow = caller && whenAborted(caller, (reason) => this.stop(reason));
  }

  /**
   * Settles with `work`, which may take so many milliseconds (0: no limit); or at once when the exchange is stopped, whether or not `work`
   * listens. `late` completes "the store …" for the timeout's message. Once `work` has failed, nothing more is waited for.
   */
  within<T>(milliseconds: number, late: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      if (this.ended) return reject(this.signal.reason);
      this.#late = late;
      this.#wait(milliseconds);
      work().then(
        (value) => {
          this.#deadline = Infinity;
          // Until the next piece is asked for, the timer keeps no process alive.
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

  /** Aborts the exchange, if it is not over. */
  stop(reason: unknown): void {
    this.release();
    this.ended = true;
    this.#control.abort(reason);
    this.#reject?.(reason);
  }

  /** Stops listening to the caller's signal, and the timer. */
  release(): void {
    clearTimeout(this.#timer);
    this.#unfollow?.();
  }

  #wait(milliseconds: number): void {
    this.#deadline = milliseconds > 0 ? performance.now() + milliseconds : Infinity;
    if (this.#timer !== undefined && this.#due <= this.#deadline) return (this.#timer as { ref?(): void }).ref?.();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#deadline === Infinity) return;
    this.#due = this.#deadline;
    // A timer that is given more milliseconds than that fires at once.
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        const left = this.#deadline - performance.now();
        // After the process was stopped, as by AWS Lambda or a debugger, timers fire before what has arrived is seen: that gets a moment.
        if (left > 0 || left < -STOPPED) this.#wait(left > 0 ? left : STOPPED);
        else this.stop(new StorageError("timeout", `the store ${this.#late}`));
      },
      Math.min(milliseconds, 2 ** 31 - 1),
    );
  }

  /** The caller's abort and our timeout as they are, anything else as a connection that failed. */
  #reasonOf(error: unknown): unknown {
    if (this.ended) return this.signal.reason;
    if (StorageError.is(error)) return error;
    // Bun's own, or Node's behind its fetch; the others have none.
    const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } };
    const named = code ?? cause?.code;
    const message = `the connection to the store failed${typeof named === "string" ? ` (${named})` : ""}`;
    return new StorageError("unavailable", message, { cause: error });
  }
}

function toResponse(response: Response, limit: Limit, idle: number, raw: boolean): WireResponse {
  const { headers } = response;
  const length = Number(headers.get("content-length") ?? NaN);
  // Of a body that the transport decodes, the length says nothing.
  const small = length <= SMALL && (raw || !headers.has("content-encoding"));
  const pieces = (): Pieces => {
    let reading: Reading | undefined;
    /** Whether the body is read in one piece, which was asked for: nothing follows it. */
    let inOne = false;
    const cancel = (reason: unknown): void => {
      limit.release();
      (reading ??= byPieces(response.body)).cancel(reason);
    };
    return {
      async next(atOnce) {
        if (inOne) return null;
        inOne = !reading && small && atOnce === true;
        reading ??= inOne ? whole(response, limit) : byPieces(response.body);
        try {
          const piece = await limit.within(idle, "stopped sending", reading.read);
          if (inOne || piece === null) limit.release();
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
      // A small body is read, since some runtimes close the connection of a body that is cancelled. Of an empty one there is nothing to read.
      if (length === 0 || response.bodyUsed) limit.release();
      else if (length > SMALL) pieces().cancel(undefined);
      else await this.bytes(SMALL).catch(() => {});
    },
    raw,
    // No store exposes this header by its name, so a page sees it only where `Access-Control-Expose-Headers: *` exposes all.
    filtered: response.type === "cors" && !headers.has("access-control-allow-origin"),
  };
}

/** How the body of one answer is read. */
interface Reading {
  readonly read: () => Promise<Uint8Array | null>;
  readonly cancel: (reason: unknown) => void;
}

function whole(response: Response, limit: Limit): Reading {
  const read = async (): Promise<Uint8Array | null> => {
    const bytes = new Uint8Array(await response.arrayBuffer());
    return bytes.byteLength > 0 ? bytes : null;
  };
  return { read, cancel: (reason) => limit.stop(reason) };
}

function byPieces(body: Response["body"]): Reading {
  if (!body) return { read: async () => null, cancel: () => {} };
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
    return { read, cancel: (reason) => void reader.cancel(reason).catch(() => {}) };
  } catch {
    // Not every body is a byte stream.
    const reader = body.getReader();
    const read = async (): Promise<Uint8Array | null> => (await reader.read()).value ?? null;
    return { read, cancel: (reason) => void reader.cancel(reason).catch(() => {}) };
  }
}
