/** HEAD and GET of one object. */
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  Key,
  RequestOptions,
  StoredInfo,
  StoredObject,
} from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { rangeHeader, resolveRange, type Span } from "../../src/range.ts";
import { conditionHeaders } from "../../src/s3/headers.ts";
import { toObjectBody } from "./body.ts";
import type { Client } from "./client.ts";
import { healing } from "./heal.ts";
import { checkStore, extraHeaders, toEtag, toStoredInfo, WRITE_ID } from "./headers.ts";
import { inParallel } from "./parallel.ts";
import { absent, giveUp } from "./refusal.ts";
import type { Operation } from "./request.ts";
import { type Opened, type Rest, restOf, spanOf, versionOf } from "./rest.ts";
import type { Pieces, WireResponse } from "./transport.ts";

/** Rejects `bucket-not-found` unless the store knows the bucket. That it does is remembered for each `length`; with null it is asked each time. */
export type BucketCheck = (call: CallOptions, length: number | null) => Promise<void>;

/** Metadata, and whether the object carries the id of the write that made it: see settle.ts. */
export interface Marked {
  readonly info: StoredInfo;
  readonly marked: boolean;
}

/**
 * Metadata of an object, or null. A HEAD's 404 has no body that says what is absent: the object, the bucket or, with versitygw, the user of
 * the keys. So the bucket is asked for too. Stores announce the length of the document that a GET would get, which differs with what it
 * says: one answer about the bucket holds for all 404s of that length. A doubtful 404 asks each time.
 */
export async function headMarked(
  client: Client,
  key: Key,
  call: RequestOptions,
  bucket: BucketCheck,
): Promise<Marked | null> {
  const { signal, versionId } = call;
  const headers = extraHeaders(call.headers, false);
  const operation: Operation = { method: "HEAD", key, query: { versionId }, headers, signal, accept: [404] };
  const found = await client.send(operation, async (response) => {
    await response.discard();
    const length = response.header("content-length");
    if (response.status === 404) return isDoubtful(response) ? null : Number(length);
    checkVersion(response, versionId);
    const size = length === null ? await sizeByFirstByte(client, operation, response) : lengthOf(response, length);
    return { info: toStoredInfo(key, response, size), marked: response.header(WRITE_ID) !== null };
  });
  if (found !== null && typeof found !== "number") return found;
  await bucket(call, found);
  return null;
}

/** Whether a 404 has no request id, so that a proxy may have sent it, or MinIO says in a header that something else than the object is absent. */
function isDoubtful({ header }: WireResponse): boolean {
  return header("x-amz-request-id") === null || !["NoSuchKey", null].includes(header("x-minio-error-code"));
}

/** Metadata of an object, or null. */
export async function headObject(...args: Parameters<typeof headMarked>): Promise<StoredInfo | null> {
  return (await headMarked(...args))?.info ?? null;
}

/** Opens an object. Its body is read as it is pulled, and where it is cut the rest is asked for. */
export async function getObject(client: Client, key: Key, options: GetOptions): Promise<StoredObject | null> {
  const { range, ifMatch, signal, versionId, parallel = 1 } = options;
  const first = parallel > 1 ? firstPart(range, client.settings.partSize) : range;
  const wholeInParts = parallel > 1 && !range;
  const operation: Operation & { readonly key: Key } = {
    method: "GET",
    key,
    query: { versionId },
    headers: {
      ...extraHeaders(options.headers, false),
      ...conditionHeaders(options),
      ...(first ? { range: rangeHeader(first) } : client.settings.checksums.mode),
    },
    signal,
    // An empty object has no first part.
    accept: wholeInParts ? [404, 416] : [404],
  };
  const opened = await client.send(operation, async (response, identity) => {
    if (response.status === 416) return response.discard().then(() => "in one" as const);
    if (response.status === 404) return absent(response, identity);
    checkVersion(response, versionId, ifMatch);
    const details = await detailsOf(client, operation, response, wholeInParts);
    return open(client, operation, response, details, options, first);
  });
  return opened === "in one" ? getObject(client, key, { ...options, parallel: 1 }) : opened;
}

/**
 * A check that remembers that the bucket is there. A 403 counts as yes, since only an existing bucket refuses. Calls before the first
 * answer each ask for themselves: on Workers no request may wait for what another one has asked.
 */
export function bucketCheck(client: Client): BucketCheck {
  const known = new Set<number>();
  return async ({ signal }, length) => {
    if (length !== null && known.has(length)) return;
    await client.send({ method: "HEAD", signal, accept: [403, 404] }, async (response) => {
      await response.discard();
      if (response.status === 404)
        throw new StorageError("bucket-not-found", "the store knows no such bucket, or no such keys; check both names");
    });
    if (length === null) return;
    // No store has as many lengths; a hostile one must not fill the memory.
    if (known.size > 5000) known.clear();
    known.add(length);
  };
}

/** What an answer holds as an object; `in one` when the rest of it cannot be asked for in parts. */
function open(
  client: Client,
  operation: Operation & { readonly key: Key },
  response: WireResponse,
  { head, length }: Details,
  options: GetOptions,
  first: ByteRange | undefined,
): StoredObject | "in one" {
  const { range, parallel = 1 } = options;
  const span = response.status === 206 ? spanOf(response) : null;
  // A store without ranges answers with the whole object, which also serves where parts are our own idea. A 206 must name its bytes.
  const holdsAsked = span ? isPart(span, first) : !range && response.status !== 206;
  if (!holdsAsked) {
    void response.discard();
    // MinIO answers 206 with nothing to a suffix of an empty object, where RFC 9110 (14.1.2) asks for 416.
    if (range && response.header("content-length") === "0") resolveRange(range, 0);
    throw new StorageError("corrupt", `the store answered ${response.status} without the bytes that were asked for`);
  }
  const info = toStoredInfo(operation.key, response, span?.size ?? lengthOf(response, length));
  const wanted = range ? resolveRange(range, info.size) : { start: 0, end: info.size - 1 };
  const end = span?.end ?? wanted.end;
  // A transport that decodes gives other bytes than the store has: lengths and positions then say nothing of them.
  const plain = response.raw || info.contentEncoding === undefined || info.contentEncoding === "identity";
  const version = plain ? versionOf(response, info.size) : null;
  if (end < wanted.end && !version) {
    void response.discard();
    return "in one";
  }
  const rest = version ? restOf(client, operation, version) : undefined;
  const opened = { pieces: response.pieces(), end };
  let { pieces } = opened;
  if (plain && span && rest && parallel > 1) pieces = byParts(wanted, client.settings.partSize, parallel, opened, rest);
  else if (plain) pieces = healing(wanted, opened, rest);
  const body = toObjectBody(pieces, options, rest);
  const { checksums } = client.settings;
  // A checksum is of the whole object: with a span only the HEAD tells it.
  const verified = plain && (head || !span) && checksums.verified(head ?? response, body.stream, options.place);
  const next = verified ? undefined : body.next;
  const unpacked = !plain && UNPACKED.test(info.contentEncoding ?? "");
  return new OpenedObject(info, range && wanted, next, unpacked, () => verified || body.stream());
}

/** Whether a span is what a range covers. */
function isPart(span: Span & { readonly size: number }, range: ByteRange | undefined): boolean {
  if (!range || (!("suffix" in range) && range.start >= span.size)) return false;
  const { start, end } = resolveRange(range, span.size);
  return span.start === start && span.end === end;
}

/** In a function of its own, so that the closure which opens parts does not hold the body that reads them: that could never be collected. */
function byParts(wanted: Span, size: number, most: number, opened: Opened, rest: Rest): Pieces {
  return inParallel(wanted, size, most, (part) =>
    healing(part, part.start === wanted.start ? opened : undefined, rest),
  );
}

/** Encodings that transports decode unasked: https://fetch.spec.whatwg.org/#handle-content-codings. Others pass as they are. */
const UNPACKED = /\b(?:gzip|deflate|br|zstd|compress)\b/i;

/** A class, since a getter on an object literal costs more than the rest of a small answer. */
class OpenedObject implements StoredObject {
  readonly info: StoredInfo;
  readonly range: StoredObject["range"];
  readonly next: StoredObject["next"];
  readonly unpacked: boolean;
  readonly #open: () => ReadableStream<Uint8Array>;
  #body: ReadableStream<Uint8Array> | undefined;

  constructor(
    info: StoredInfo,
    range: StoredObject["range"],
    next: StoredObject["next"],
    unpacked: boolean,
    open: () => ReadableStream<Uint8Array>,
  ) {
    this.info = info;
    this.range = range;
    this.next = next;
    this.unpacked = unpacked;
    this.#open = open;
  }

  get body(): ReadableStream<Uint8Array> {
    return (this.#body ??= this.#open());
  }
}

/** The first part of a parallel download. A suffix is asked for whole, since only its answer says where it begins. */
function firstPart(range: ByteRange | undefined, size: number): ByteRange {
  if (range && "suffix" in range) return range;
  const { start, end = Number.MAX_SAFE_INTEGER } = range ?? { start: 0 };
  return { start, end: Math.min(end, start + size - 1) };
}

/** What the answer to a GET, or a HEAD beside it, says of the whole object. */
interface Details {
  /** The HEAD's answer, where one was needed: it has the checksums of the whole. */
  readonly head?: WireResponse;
  /** The length; null where no answer has one. */
  readonly length: string | null;
}

/** Asks a HEAD where a first part does not tell the checksum of the whole, or a proxy has taken the length of the whole away. */
async function detailsOf(
  client: Client,
  operation: Operation,
  response: WireResponse,
  wholeInParts: boolean,
): Promise<Details> {
  const { mode } = client.settings.checksums;
  const length = response.header("content-length");
  const isComplete = response.status === 206 ? !wholeInParts || !mode : length !== null;
  if (isComplete) return { length };
  const headers = { ...operation.headers, range: undefined, "if-none-match": undefined, ...mode };
  try {
    const head = await client.send({ ...operation, method: "HEAD", headers, accept: [] }, (other) =>
      other.discard().then(() => other),
    );
    const [sameEtag, sameEncoding] = ["etag", "content-encoding"].map(
      (name) => head.header(name) === response.header(name),
    );
    if (sameEtag && sameEncoding)
      return {
        head,
        length: length ?? head.header("content-length") ?? `${await sizeByFirstByte(client, operation, head)}`,
      };
    // The object may have been replaced between the two; a proxy that encodes only one of the answers always does so.
    throw new StorageError("corrupt", "the store or a proxy answered with another version", { retryable: !sameEtag });
  } catch (error) {
    void response.discard();
    throw error;
  }
}

/** Learns the size of an object by a request for its first byte: Apache removes a length of 0 from the answer to a HEAD. */
async function sizeByFirstByte(client: Client, operation: Operation, { header }: WireResponse): Promise<number> {
  const headers = {
    ...operation.headers,
    ...{ "if-none-match": undefined, "if-match": header("etag") ?? undefined, range: "bytes=0-0" },
  };
  const asked: Operation = { ...operation, method: "GET", headers, accept: [404, 412, 416] };
  const size = await client.send(asked, async (response) => {
    await response.discard();
    const { status } = response;
    if (status === 416) {
      const told = response.header("content-range");
      return lengthOf(response, told === null || told === "bytes */0" ? "0" : null);
    }
    if ((status !== 200 && status !== 206) || toEtag(response.header("etag")) !== toEtag(header("etag"))) return false;
    checkStore(response);
    if (status === 200) return lengthOf(response, response.header("content-length"));
    const span = spanOf(response);
    return lengthOf(response, span?.start === 0 ? `${span.size}` : null);
  });
  if (size !== false) return size;
  throw new StorageError("corrupt", "the object was replaced while it was asked for", { retryable: true });
}

/** Rejects an answer that is of another version than was asked for: some caches look at nothing but the path. */
function checkVersion(response: WireResponse, versionId: string | undefined, ifMatch?: string): void {
  checkStore(response);
  const [version, etag] = ["x-amz-version-id", "etag"].map(response.header);
  const matched = !ifMatch || !etag || toEtag(etag) === toEtag(ifMatch);
  if (matched && (!versionId || !version || version === versionId)) return;
  giveUp(response, matched ? "corrupt" : "precondition-failed", "the store or a proxy answered with another version");
}

/** The length of an object, whose answer is given up when there is none: taken for empty, the object would be copied and served as such. */
function lengthOf(response: WireResponse, length: string | null): number {
  if (length !== null && /^\d{1,15}$/.test(length)) return Number(length);
  giveUp(response, "corrupt", "the store or a proxy answered without the length of the object");
}
