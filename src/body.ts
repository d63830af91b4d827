/** Turns anything that can be uploaded into a {@link Source}, which drivers read from. */
import type { Source } from "./backend.ts";
import type { Readable } from "./bytes.ts";
import { carriedBy } from "./carried.ts";
import { StorageError } from "./error.ts";
import { isA, isBlob, kindOf } from "./kind.ts";
import { lingeringStream } from "./lingering.ts";
import { refuse, wholeNumber } from "./options.ts";
import { toUtf8 } from "./utf8.ts";

/** The bodies that `upload` takes. `null` is an empty body, as the `body` of an empty Request is null. */
export type UploadBody =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | Response
  | Request
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>
  | null;

const READ_BEFORE = "was read before; pass a free one";

/** Bytes that are read at a time from a Blob without `stream()`. */
const SLICE = 262_144;

/** A source, and the type that the body itself has. */
export interface Body {
  readonly source: Source;
  /** MIME type of a Blob, File, Response or Request. */
  readonly type?: string | undefined;
}

/** Requests whose body an upload has taken. A second upload would take the rest, or nothing, for the whole body. */
const taken = new WeakSet<object>();

function take(request: object): void {
  if (taken.has(request)) throw refuse("the body", READ_BEFORE);
  taken.add(request);
}

/**
 * The stream of a body that nobody reads yet, to cancel it. Undefined for an iterable, which begins only when it is
 * read.
 */
export function unreadStream(body: UploadBody): ReadableStream<Uint8Array> | undefined {
  if (typeof body !== "object" || body === null || taken.has(body)) return undefined;
  const stream = (body as Partial<Response>).body ?? body;
  if (!isA(stream, "ReadableStream") || stream.locked) return undefined;
  return isA(body, "Request") ? ofRequest(stream) : stream;
}

/**
 * Turns a body into a source. `size` is the length that the caller declares; bodies of known length are checked against
 * it.
 */
export function toBody(body: UploadBody, size?: number): Body {
  if (size !== undefined) wholeNumber("size", size);
  const bytes = toBytes(body === null ? "" : body);
  if (bytes) return { source: fixed(bytes, size) };
  if (isBlob(body)) {
    checkSize(body.size, size);
    const source = body.stream
      ? streamed(body.stream(), body.size)
      : { stream: fromIterable(slicesOf(body)), size: body.size };
    return { source, type: body.type || undefined };
  }
  if (isA(body, "ReadableStream")) return { source: streamed(body, size) };
  if (isA(body, "Response") || isA(body, "Request")) {
    if (body.bodyUsed) throw refuse("the body", READ_BEFORE);
    // Otherwise an error page would be stored instead of the file.
    const isResponse = isA(body, "Response");
    if (isResponse && !body.ok)
      throw refuse("the body", `has status ${body.status}; pass its own body if that is meant`);
    // The Content-Length of a Response is not used: it counts encoded bytes, which fetch may have decoded.
    const { headers } = body;
    const stream = carriedBy(body);
    // A host may have dropped the body, as SvelteKit does without a content type. Only these headers show it.
    if (!stream && Number(headers.get("content-length") ?? headers.has("transfer-encoding")))
      throw refuse("the body", "was dropped by the host; send a content-type");
    const type = headers.get("content-type") || undefined;
    if (!stream) return { source: fixed(new Uint8Array(), size), type };
    const source = streamed(stream, size);
    if (isResponse) return { source, type };
    take(body);
    const announced = size === undefined ? announcedBy((name) => headers.get(name)) : undefined;
    return { source: { ...source, stream: ofRequest(source.stream), announced }, type };
  }
  if (typeof body === "object" && body && Symbol.asyncIterator in body) {
    // A body parser of the host has read the request to its end: it would make an empty object.
    if ("readableEnded" in body && body.readableEnded) throw refuse("the body", READ_BEFORE);
    if (!isServerRequest(body)) return { source: { stream: fromIterable(body), size } };
    take(body);
    const announced = size === undefined ? announcedBy((name) => body.headers[name]) : undefined;
    return { source: { stream: lingeringStream(fromRequest(body)), size, announced } };
  }
  throw refuse(
    "the body",
    `is ${kindOf(body)}; pass a string, bytes, Blob, Response, ReadableStream, async iterable or null`,
  );
}

function fixed(bytes: Uint8Array, size: number | undefined): Source {
  checkSize(bytes.byteLength, size);
  return { bytes };
}

/**
 * The length that a Request announces for its body. Some hosts cut a body and end it as if it were whole, such as Next
 * with a `proxy.ts`. Undefined for encoded bodies, which a host may have decoded.
 */
function announcedBy(header: (name: string) => unknown): number | undefined {
  const length = String(header("content-length") ?? "");
  const plain = !header("transfer-encoding") && /^(identity)?$/.test(String(header("content-encoding") ?? ""));
  return plain && /^\d+$/.test(length) ? Number(length) : undefined;
}

function streamed(stream: ReadableStream<Uint8Array>, size: number | undefined): Extract<Source, { stream: unknown }> {
  if (stream.locked) throw refuse("the body", "is locked to a reader; pass a free one");
  // A stream of another class, such as that of Node in a Response of node-fetch, can only be iterated.
  const foreign = !(stream instanceof ReadableStream) && Symbol.asyncIterator in stream;
  return { stream: foreign ? fromIterable(stream) : stream, size };
}

/** Text, a buffer or a view as bytes, without a copy; undefined for anything else. */
function toBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === "string") return toUtf8(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isA(value, "ArrayBuffer") ? new Uint8Array(value) : undefined;
}

/** Throws `invalid-option` if a body has another length than declared. */
export function checkSize(actual: number, declared: number | undefined): void {
  if (declared !== undefined && actual !== declared) throw wrongSize(actual, declared);
}

/** Checks a stream that has ended: throws if it is shorter than declared or announced. */
export function checkWhole(actual: number, { size, announced = 0 }: Extract<Source, { stream: unknown }>): void {
  checkSize(actual, size);
  if (actual >= announced) return;
  const advice = "no object was made of them; a body that was changed on the way must not keep its content-length";
  throw new StorageError("interrupted", `the request announced ${announced} bytes and gave ${actual}; ${advice}`);
}

/** The error for a body of another length than declared. */
export function wrongSize(actual: number | string, declared: number): StorageError {
  return refuse("the body", `has ${actual} bytes, but size says ${declared}; no object was made of them`);
}

/** One chunk of a body as bytes; text is encoded, anything else throws. */
export function toChunk(chunk: unknown): Uint8Array {
  const bytes = chunk instanceof Uint8Array ? chunk : toBytes(chunk);
  if (bytes) return bytes;
  throw refuse("the body", `gave ${chunk === null ? "null" : typeof chunk} instead of bytes or text`);
}

/**
 * Globals of workerd, Bun and Deno. workerd needs its own kind of stream and never reads on; the others read on by
 * themselves.
 */
const OTHER_RUNTIMES = ["FixedLengthStream", "Bun", "Deno"];

/** The body of a request, which lingers on Node only: on Deno one more stream costs a third of the time. */
function ofRequest(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return OTHER_RUNTIMES.some((name) => name in globalThis) ? body : lingeringStream(body);
}

/** A request of Node's `http`. */
interface ServerRequest extends AsyncIterable<Uint8Array> {
  readonly headers: Readonly<Record<string, unknown>>;
  destroy(): unknown;
}

/**
 * Whether this is a request of Node's `http` to a server. The answer to a client is of the same class, but has no
 * method.
 */
function isServerRequest(body: object): body is ServerRequest {
  return (
    "httpVersion" in body &&
    "destroy" in body &&
    "headers" in body &&
    "method" in body &&
    typeof body.method === "string"
  );
}

/**
 * Reads a request of Node's `http`. The iterator is never returned: that would leave the connection paused for ever.
 */
function fromRequest(request: ServerRequest): Readable {
  const iterator = request[Symbol.asyncIterator]();
  return {
    getReader: () => ({
      async read() {
        const { done, value } = await iterator.next();
        return done ? { done, value: undefined } : { done: false, value: toChunk(value) };
      },
      async cancel() {
        request.destroy();
      },
    }),
  };
}

/**
 * Reads a Blob without `stream()`, as in jsdom and old browsers. All of those have FileReader, but few have
 * `arrayBuffer()`.
 */
async function* slicesOf(blob: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += SLICE) {
    yield await new Promise((resolve, reject) => {
      if (!("FileReader" in globalThis)) throw refuse("the body", "is a Blob without stream(); pass its bytes");
      const reader = new FileReader();
      reader.addEventListener("load", () => resolve(new Uint8Array(reader.result as ArrayBuffer)));
      reader.addEventListener("error", () => reject(reader.error));
      reader.readAsArrayBuffer(blob.slice(at, at + SLICE));
    });
  }
}

function fromIterable(iterable: AsyncIterable<Uint8Array | string>): ReadableStream<Uint8Array> {
  const iterator = iterable[Symbol.asyncIterator]();
  // Started at once: a producer, such as a file stream whose file is missing, may fail before the first pull.
  let first: Promise<IteratorResult<unknown>> | undefined = iterator.next();
  first.catch(() => {});
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await (first ?? iterator.next());
        first = undefined;
        if (done) return controller.close();
        try {
          controller.enqueue(toChunk(value));
        } catch (error) {
          // An errored stream is never cancelled, so the iterator would stay suspended for ever.
          await iterator.return?.();
          throw error;
        }
      },
      async cancel(reason) {
        await iterator.return?.(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
