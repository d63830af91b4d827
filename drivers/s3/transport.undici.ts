/**
 * HTTP by undici, for Node: three to twelve times cheaper than Node's fetch, HEAD keeps its connection, nothing is decompressed,
 * bodies are not copied.
 */
import { Readable } from "node:stream";
import { Agent, type Dispatcher, errors, request as send } from "undici";
import { StorageError } from "../../src/error.ts";
import type { Pieces, Transport, TransportOptions, WireResponse } from "./transport.ts";

/** Which transport a runtime got. */
export const transportName: string = "undici";

/** Milliseconds that running requests have when the transport is closed. */
const CLOSING = 5000;

/** Bytes that are handed over at once; undici counts `headersTimeout` anew whenever the connection has taken some. */
const SLICE = 256 * 1024;

/** A transport over an agent of its own, or over the dispatcher that the options bring. */
export function createTransport({ timeouts, dispatcher }: TransportOptions): Transport {
  const own =
    dispatcher === undefined
      ? new Agent({ connect: { timeout: timeouts.connect }, keepAliveTimeout: 30_000 })
      : undefined;
  const through = own ?? (dispatcher as Dispatcher);
  return {
    async send({ method, url, headers, body, signal }) {
      const size = body?.byteLength ?? 0;
      const sliced = body && size > SLICE;
      try {
        const answer = await send(url, {
          method: method as Dispatcher.HttpMethod,
          headers: sliced ? { ...headers, "content-length": String(size) } : headers,
          body: sliced ? Readable.from(slices(body), { objectMode: true, highWaterMark: 1 }) : (body ?? null),
          dispatcher: through,
          // Twice: what was handed over last may still be on its way.
          headersTimeout: sliced ? timeouts.headers * 2 : timeouts.headers,
          bodyTimeout: timeouts.body,
          // undici closes the connection after a HEAD unless told that servers answer it properly.
          reset: false,
          signal: signal ?? null,
        });
        return toResponse(answer, signal);
      } catch (error) {
        throw toError(error, signal);
      }
    },
    close: async () => {
      if (!own) return;
      // Waits for running requests, but not for ever: a body that nobody reads never ends, and destroyed with the agent it
      // does not let that promise settle either.
      let late: ReturnType<typeof setTimeout> | undefined;
      const forced = new Promise<void>((resolve, reject) => {
        late = setTimeout(() => own.destroy().then(resolve, reject), CLOSING);
      });
      await Promise.race([own.close(), forced]).finally(() => clearTimeout(late));
    },
  };
}

/** So that a slow upload is told from one that the store does not take: whole, it would be handed over at once. */
function* slices(body: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at < body.byteLength; at += SLICE) yield body.subarray(at, at + SLICE);
}

function toResponse({ statusCode, headers, body }: Dispatcher.ResponseData, signal?: AbortSignal): WireResponse {
  return {
    status: statusCode,
    header(name) {
      const value = headers[name];
      return value === undefined ? null : Array.isArray(value) ? value.join(", ") : value;
    },
    names: () => Object.keys(headers),
    pieces: () => toPieces(body, signal),
    async bytes(most) {
      const chunks: Uint8Array[] = [];
      let length = 0;
      try {
        for await (const chunk of body as AsyncIterable<Uint8Array>) {
          length += chunk.byteLength;
          // Leaving the loop destroys the body, and with it the connection.
          if (length > most) return null;
          chunks.push(chunk);
        }
      } catch (error) {
        throw toError(error, signal);
      }
      return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
    },
    discard: () => body.dump({ limit: 64 * 1024 }).catch(() => {}),
    raw: true,
  };
}

function toPieces(body: Dispatcher.ResponseData["body"], signal?: AbortSignal): Pieces {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    async next() {
      try {
        const { done, value } = await chunks.next();
        return done ? null : value;
      } catch (error) {
        throw toError(error, signal);
      }
    },
    cancel() {
      body.on("error", () => {}).destroy();
    },
  };
}

/** The caller's abort as its own reason, which undici replaces once the body is under way. */
function toError(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof errors.HeadersTimeoutError)
    return new StorageError("timeout", "the store did not answer in time", { cause: error });
  if (error instanceof errors.BodyTimeoutError)
    return new StorageError("timeout", "the store stopped sending", { cause: error });
  if (error instanceof errors.ConnectTimeoutError)
    return new StorageError("timeout", "no connection to the store in time", { cause: error });
  if (StorageError.is(error)) return error;
  const code = (error as { code?: unknown } | null)?.code;
  return new StorageError(
    "unavailable",
    `the connection to the store failed${typeof code === "string" ? ` (${code})` : ""}`,
    { cause: error },
  );
}
