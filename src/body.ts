/** Anything that can be uploaded, as the one thing drivers read from: a {@link Source}. */
import type { Source } from "./backend.ts";
import type { Readable } from "./bytes.ts";
import { carriedBy } from "./carried.ts";
import { StorageError } from "./error.ts";
import { isA, isBlob, kindOf } from "./kind.ts";
import { lingeringStream } from "./lingering.ts";
import { refuse, wholeNumber } from "./options.ts";
import { toUtf8 } from "./utf8.ts";

/** Everything `upload` takes. `null` is an empty body, which is what `request.body` is for an empty request. */
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

/** Bytes that are read at a time of a Blob without a stream. */
const SLICE = 262_144;

/** A source with what the body itself says of its type. */
export interface Body {
  readonly source: Source;
  /** A Blob's, File's, Response's or Request's own type. */
  readonly type?: string | undefined;
}

/** Requests whose body an upload has: another one would have what is left of it, or nothing, as if that were all. */
const taken = new WeakSet<object>();

function take(request: object): void {
  if (taken.has(request)) throw refuse("the body", READ_BEFORE);
  taken.add(request);
}

/** The stream of a body that nothing was made of yet. None where it is being read, and of an iterable, which begins when it is read. */
export function streamOf(body: UploadBody): ReadableStream<Uint8Array> | undefined {
  if (typeof body !== "object" || body === null || taken.has(body)) return undefined;
  const stream = (body as Partial<Response>).body ?? body;
  if (!isA(stream, "ReadableStream") || stream.locked) return undefined;
  return isA(body, "Request") ? ofRequest(stream) : stream;
}

/** Turns a body into a source; `size` is the caller's declared length, which bytes are checked against at once. */
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
    // Else the page that says so would be stored for what was asked for.
    const isResponse = isA(body, "Response");
    if (isResponse && !body.ok)
      throw refuse("the body", `has status ${body.status}; pass its own body if that is meant`);
    // A Response's Content-Length counts encoded bytes where fetch has decoded them, so it is not trusted here.
    const { headers } = body;
    const stream = carriedBy(body);
    // Nothing else tells that a host has dropped a body, as SvelteKit does with those that come without a content type.
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
    // A parser of the host's has read the request to its end, which would make an empty object.
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
 * What a Request says of its body's length. Some hosts hand on a body that they have cut, and end it as if it were whole, such as Next where it has
 * a `proxy.ts`. Encoded bodies are left out, which a host may have decoded.
 */
function announcedBy(header: (name: string) => unknown): number | undefined {
  const length = String(header("content-length") ?? "");
  const plain = !header("transfer-encoding") && /^(identity)?$/.test(String(header("content-encoding") ?? ""));
  return plain && /^\d+$/.test(length) ? Number(length) : undefined;
}

function streamed(stream: ReadableStream<Uint8Array>, size: number | undefined): Extract<Source, { stream: unknown }> {
  if (stream.locked) throw refuse("the body", "is locked to a reader; pass a free one");
  // Another kind, such as Node's own in a Response of node-fetch, has no more in common with ours.
  const foreign = !(stream instanceof ReadableStream) && Symbol.asyncIterator in stream;
  return { stream: foreign ? fromIterable(stream) : stream, size };
}

/** Text, a buffer or a view as bytes, which are not copied; undefined for anything else. */
function toBytes(value: unknown): Uint8Array | undefined {
  if (typeof value === "string") return toUtf8(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return isA(value, "ArrayBuffer") ? new Uint8Array(value) : undefined;
}

/** Rejects `invalid-option` when a body is not as long as declared. */
export function checkSize(actual: number, declared: number | undefined): void {
  if (declared !== undefined && actual !== declared) throw wrongSize(actual, declared);
}

/** Rejects a stream that has ended before its declared or its announced length. */
export function checkWhole(actual: number, { size, announced = 0 }: Extract<Source, { stream: unknown }>): void {
  checkSize(actual, size);
  if (actual >= announced) return;
  const advice = "no object was made of them; a body that was changed on the way must not keep its content-length";
  throw new StorageError("interrupted", `the request announced ${announced} bytes and gave ${actual}; ${advice}`);
}

/** The refusal of a body that is not as long as declared. */
export function wrongSize(actual: number | string, declared: number): StorageError {
  return refuse("the body", `has ${actual} bytes, but size says ${declared}; no object was made of them`);
}

/** One chunk of a body as bytes: text is encoded, everything else but bytes is refused. */
export function toChunk(chunk: unknown): Uint8Array {
  const bytes = chunk instanceof Uint8Array ? chunk : toBytes(chunk);
  if (bytes) return bytes;
  throw refuse("the body", `gave ${chunk === null ? "null" : typeof chunk} instead of bytes or text`);
}

/** What workerd, Bun and Deno are known by. workerd wants its own kind of body and reads nothing on; the others read on by themselves. */
const OTHERS = ["FixedLengthStream", "Bun", "Deno"];

/** A request's body, made to linger on Node alone: on Deno one more stream costs a third. */
function ofRequest(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return OTHERS.some((name) => name in globalThis) ? body : lingeringStream(body);
}

/** A request as Node's own servers have it. */
interface ServerRequest extends AsyncIterable<Uint8Array> {
  readonly headers: Readonly<Record<string, unknown>>;
  destroy(): unknown;
}

/** Answers to clients are of the same class, and have no method. */
function isServerRequest(body: object): body is ServerRequest {
  return (
    "httpVersion" in body &&
    "destroy" in body &&
    "headers" in body &&
    "method" in body &&
    typeof body.method === "string"
  );
}

/** Its iterator is never ended: that would leave the connection stopped, with nobody to go on. */
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

/** A Blob without a stream, as jsdom and old browsers have it. All of those have a FileReader, and few of them `arrayBuffer()`. */
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
  // Begun at once: what feeds it, such as a file stream whose file is missing, may fail before anybody pulls.
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
          // An errored stream is never cancelled, so the iterator would wait at its yield for ever.
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
