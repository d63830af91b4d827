/** HEAD and GET of one object, with every byte counted. */
import type { ByteRange, CallOptions, GetOptions, Key, StoredInfo, StoredObject } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { parseContentRange, rangeHeader, resolveRange } from "../../src/range.ts";
import type { Client } from "./client.ts";
import { readComplaint } from "./errors.ts";
import { toInfo, WRITE_ID } from "./headers.ts";
import type { WireResponse } from "./transport.ts";

/** Answers whether the bucket exists, asked at most once as long as it does. */
export type BucketCheck = (call: CallOptions) => Promise<void>;

/** Metadata, and whether the object carries the id of the write that made it. */
export interface Marked {
  readonly info: StoredInfo;
  readonly marked: boolean;
}

/** Metadata of an object, or null. A HEAD's 404 has no body, so the bucket is asked once whether it is there. */
export async function headMarked(
  client: Client,
  key: Key,
  call: CallOptions,
  bucket: BucketCheck,
): Promise<Marked | null> {
  const found = await client.send({ method: "HEAD", key, signal: call.signal, accept: [404] }, async (response) => {
    await response.discard();
    if (response.status === 404) return null;
    return { info: toInfo(key, response, lengthOf(response)), marked: response.header(WRITE_ID) !== null };
  });
  if (!found) await bucket(call);
  return found;
}

/** Metadata of an object, or null. */
export async function headObject(...args: Parameters<typeof headMarked>): Promise<StoredInfo | null> {
  return (await headMarked(...args))?.info ?? null;
}

/** Opens an object; the body is read as it is pulled. */
export async function getObject(
  client: Client,
  key: Key,
  options: GetOptions,
  bucket: BucketCheck,
): Promise<StoredObject | null> {
  const { range, ifMatch, ifNoneMatch, signal } = options;
  const headers = {
    range: range && rangeHeader(range),
    "if-match": ifMatch,
    "if-none-match": ifNoneMatch,
  };
  const opened = await client.send({ method: "GET", key, headers, signal, accept: [404] }, async (response) => {
    if (response.status !== 404) return open(key, response, range);
    const { code } = await readComplaint(response);
    return code === "NoSuchKey" ? null : code === "NoSuchBucket" ? missing() : "unclear";
  });
  if (opened !== "unclear") return opened;
  await bucket({ signal });
  return null;
}

/** Asks once per client whether the bucket is there; a refusal to say counts as yes, since only an existing bucket refuses. */
export function bucketCheck(client: Client): BucketCheck {
  let known = false;
  return async ({ signal }) => {
    if (known) return;
    await client.send({ method: "HEAD", signal, accept: [403, 404] }, async (response) => {
      await response.discard();
      if (response.status === 404) missing();
    });
    known = true;
  };
}

function missing(): never {
  throw new StorageError("bucket-not-found", "the bucket does not exist; create it, or correct its name");
}

function open(key: Key, response: WireResponse, range: ByteRange | undefined): StoredObject {
  const ranged = range !== undefined;
  const span = response.status === 206 ? parseContentRange(response.header("content-range")) : null;
  const wanted = range && span && resolveRange(range, span.size);
  if (ranged !== (span !== null) || wanted?.start !== span?.start || wanted?.end !== span?.end) {
    void response.discard();
    // MinIO answers 206 with nothing to a suffix of an empty object, where RFC 9110 (14.1.2) asks for 416.
    if (ranged && response.header("content-length") === "0") {
      throw new StorageError("invalid-range", "this range cannot be served: the object has 0 bytes");
    }
    throw new StorageError(
      "corrupt",
      `the store answered ${response.status} to a ${ranged ? "range" : "whole"} request, and not with the bytes that were asked for`,
    );
  }
  const info = toInfo(key, response, span?.size ?? lengthOf(response));
  const expected = span ? span.end - span.start + 1 : info.size;
  // Where a runtime decodes what is stored compressed, the announced length is not what comes.
  const countable = info.contentEncoding === undefined || info.contentEncoding === "identity";
  const body = countable ? counted(response.stream(), expected) : response.stream();
  return { info, body, range: span ? { start: span.start, end: span.end } : undefined };
}

/** The announced length. An object of unknown length is an error: taken for empty, it would be copied and served as such. */
function lengthOf(response: WireResponse): number {
  const length = response.header("content-length");
  if (length !== null) return Number(length);
  void response.discard();
  throw new StorageError("corrupt", "the store, or a proxy before it, did not say how long the object is");
}

/** Passes bytes on, and errors when they are fewer or more than announced: some transports end such a body without a word. */
function counted(stream: ReadableStream<Uint8Array>, expected: number): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let received = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        received += value?.byteLength ?? 0;
        if (received > expected || (done && received < expected)) {
          if (!done) reader.cancel().catch(() => {});
          throw new StorageError(
            "corrupt",
            `the store announced ${expected} bytes and sent ${done ? "" : "at least "}${received}`,
            { retryable: true },
          );
        }
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
