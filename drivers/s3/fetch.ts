/** A transport over any function with the shape of fetch: the runtime's own, or the one a user passes. */
import { heeding, whenAborted } from "../../src/abort.ts";
import { collect } from "../../src/collect.ts";
import { StorageError } from "../../src/error.ts";
import type { Pieces, Timeouts, Transport, WireResponse } from "./transport.ts";

/** The part of fetch that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Large enough that workerd, whose default reader gives 4 KiB pieces, reads at full speed. */
const BYOB_BYTES = 256 * 1024;

/** Sends by `fetch`, with the timeouts that fetch does not have. `raw` says that it is known to decode nothing. */
export function fromFetch(fetch: Fetch, timeouts: Timeouts, raw = false): Transport {
  return {
    async send({ method, url, headers, body, once, signal }) {
      // One controller for both: the caller's signal, and our own timer until the head is there. The body has its own timer.
      const controller = new AbortController();
      const release = whenAborted(signal, (reason) => controller.abort(reason));
      // fetch does not say when the body is sent, so its time is added: 100 kB/s are slow enough for a bad line.
      const sending = timeouts.headers && (body?.byteLength ?? 0) / 100;
      const late = timer(timeouts.headers + sending, () =>
        controller.abort(new StorageError("timeout", "the store did not answer in time")),
      );
      try {
        const answer = fetch(url, {
          method,
          headers,
          // A redirect would carry the token and the keys in headers to whatever host it names.
          redirect: "manual",
          signal: controller.signal,
          ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
          // Bun then takes a new connection, and for Deno transport.deno.ts does.
          ...(once ? { keepalive: false } : {}),
          ...RAW,
        });
        const response = await heeding(answer, controller.signal);
        return toResponse(response, controller, timeouts.body, release, raw);
      } catch (error) {
        release();
        throw reasonOf(error, signal, controller.signal);
      } finally {
        clearTimeout(late);
      }
    },
    close: async () => {},
  };
}

/** Bun and workerd can leave a stored `Content-Encoding` alone; other runtimes ignore what they do not know. */
const RAW: RequestInit = { decompress: false, encodeResponseBody: "manual" } as RequestInit;

function toResponse(
  response: Response,
  controller: AbortController,
  idle: number,
  release: () => void,
  raw: boolean,
): WireResponse {
  const read = (): Pieces => piecewise(response.body, controller, idle, release);
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    names: () => response.headers.keys(),
    pieces: read,
    async bytes(most) {
      const pieces = read();
      const all = await collect(pieces.next, 0, most);
      if (!all) pieces.cancel(undefined);
      return all;
    },
    async discard() {
      // A small body is read, since some runtimes give up the connection of one that is cancelled.
      const short = Number(response.headers.get("content-length") ?? "0") <= 64 * 1024;
      if (short) await this.bytes(64 * 1024).catch(() => {});
      else read().cancel(undefined);
    },
    raw,
  };
}

function piecewise(body: Response["body"], controller: AbortController, idle: number, release: () => void): Pieces {
  if (!body) {
    release();
    return { next: async () => null, cancel: () => {} };
  }
  const [reader, read] = open(body);
  return {
    async next() {
      const late = timer(idle, () => controller.abort(new StorageError("timeout", "the store stopped sending")));
      try {
        const piece = await heeding(read(), controller.signal);
        if (piece === null) release();
        return piece;
      } catch (error) {
        release();
        reader.cancel(error).catch(() => {});
        throw reasonOf(error, undefined, controller.signal);
      } finally {
        clearTimeout(late);
      }
    },
    cancel(reason) {
      release();
      reader.cancel(reason).catch(() => {});
    },
  };
}

function open(
  body: ReadableStream<Uint8Array>,
): [{ cancel(reason: unknown): Promise<void> }, () => Promise<Uint8Array | null>] {
  try {
    const reader = body.getReader({ mode: "byob" });
    const read = async (): Promise<Uint8Array | null> => {
      const { value } = await reader.read(new Uint8Array(BYOB_BYTES));
      return value && value.byteLength > 0 ? value : null;
    };
    return [reader, read];
  } catch {
    const reader = body.getReader();
    return [reader, async () => (await reader.read()).value ?? null];
  }
}

function timer(milliseconds: number, run: () => void): ReturnType<typeof setTimeout> | undefined {
  return milliseconds > 0 ? setTimeout(run, milliseconds) : undefined;
}

/** The caller's abort as it is, our timeout as itself, everything else as a connection that failed. */
function reasonOf(error: unknown, signal: AbortSignal | undefined, own: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (own.aborted) return own.reason;
  return StorageError.is(error)
    ? error
    : new StorageError("unavailable", "the connection to the store failed", { cause: error });
}
