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
import { toObjectBody } from "./body.ts";
import type { Client } from "./client.ts";
import { healing } from "./heal.ts";
import { extraHeaders, ofStore, toEtag, toStoredInfo, WRITE_ID } from "./headers.ts";
import { inParallel } from "./parallel.ts";
import { absent } from "./refusal.ts";
import type { Operation } from "./request.ts";
import { type Opened, type Rest, restOf, spanOf, versionOf } from "./rest.ts";
import type { Pieces, WireResponse } from "./transport.ts";

/** Rejects unless the store knows the bucket and the keys. That it does is remembered for each `length`; null is asked each time. */
export type BucketCheck = (call: CallOptions, length: number | null) => Promise<void>;

/** Metadata, and whether the object carries the id of the write that made it. */
export interface Marked {
  readonly info: StoredInfo;
  readonly marked: boolean;
}

/**
 * Metadata of an object, or null. A HEAD's 404 has no body to say what is absent: the object, the bucket, or, with versitygw, the
 * owner of the keys. So the bucket is asked for: once for each length that stores announce of the document they would send, which
 * differs with what it says; and where not even a request id tells that it was the store and no proxy that answered, or a header says
 * that it is not the object that is absent, each time.
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
    if (response.status === 404) return isDoubtful(response) ? null : Number(response.header("content-length"));
    checkVersion(response, versionId);
    const told = response.header("content-length") !== null;
    const size = told ? lengthOf(response) : await firstByte(client, operation, response);
    return { info: toStoredInfo(key, response, size), marked: response.header(WRITE_ID) !== null };
  });
  if (found !== null && typeof found !== "number") return found;
  await bucket(call, found);
  return null;
}

/** Whether no store has signed a 404, or MinIO says by a header that something else than the object is absent. */
function isDoubtful({ header }: WireResponse): boolean {
  return header("x-amz-request-id") === null || !["NoSuchKey", null].includes(header("x-minio-error-code"));
}

/** Metadata of an object, or null. */
export async function headObject(...args: Parameters<typeof headMarked>): Promise<StoredInfo | null> {
  return (await headMarked(...args))?.info ?? null;
}

/** Opens an object; the body is read as it is pulled, and goes on where it was cut. */
export async function getObject(client: Client, key: Key, options: GetOptions): Promise<StoredObject | null> {
  const { range, ifMatch, ifNoneMatch, signal, versionId, parallel = 1 } = options;
  const first = parallel > 1 ? firstPart(range, client.settings.partSize) : range;
  const inParts = parallel > 1 && !range;
  const conditions = { "if-match": ifMatch, "if-none-match": ifNoneMatch };
  const operation: Operation & { readonly key: Key } = {
    method: "GET",
    key,
    query: { versionId },
    headers: {
      ...extraHeaders(options.headers, false),
      ...conditions,
      ...(first ? { range: rangeHeader(first) } : client.settings.checksums.mode),
    },
    signal,
    // An empty object has no first part.
    accept: inParts ? [404, 416] : [404],
  };
  const opened = await client.send(operation, async (response, identity) => {
    if (response.status === 416) return response.discard().then(() => "in one" as const);
    if (response.status === 404) return absent(response, identity);
    checkVersion(response, versionId, ifMatch);
    const details = await detailsOf(client, operation, response, inParts);
    return open(client, operation, response, details, options, first);
  });
  return opened === "in one" ? getObject(client, key, { ...options, parallel: 1 }) : opened;
}

/**
 * Asks whether the bucket is there until it was; a refusal to say counts as yes, since only an existing bucket refuses. Calls that
 * come before the first answer ask each for itself: on Workers no request may wait for what another one has asked.
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
    // No store has as many; a hostile one must not fill the memory.
    if (known.size > 5000) known.clear();
    known.add(length);
  };
}

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
  // A store without ranges answers a first part with the whole, which serves as well. A part that does not say which is none.
  const asked = range || span ? first : undefined;
  const begins = asked && span && ("suffix" in asked || asked.start < span.size);
  const expected = begins ? resolveRange(asked, span.size) : undefined;
  if ((!span && (asked || response.status === 206)) || expected?.start !== span?.start || expected?.end !== span?.end) {
    void response.discard();
    // MinIO answers 206 with nothing to a suffix of an empty object, where RFC 9110 (14.1.2) asks for 416.
    if (range && response.header("content-length") === "0") resolveRange(range, 0);
    throw new StorageError("corrupt", `the store answered ${response.status} without the bytes that were asked for`);
  }
  const info = toStoredInfo(operation.key, response, span?.size ?? lengthOf(response, length ?? ""));
  const wanted = range ? resolveRange(range, info.size) : { start: 0, end: info.size - 1 };
  const end = span?.end ?? wanted.end;
  // Where a transport decodes what is stored compressed, neither the announced length nor a position in the body is what comes.
  const plain = response.raw || info.contentEncoding === undefined || info.contentEncoding === "identity";
  const version = plain ? versionOf(response, info.size) : null;
  if (end < wanted.end && !version) {
    void response.discard();
    return "in one";
  }
  const rest = version ? restOf(client, operation, version) : undefined;
  const opened = { pieces: response.pieces(), end };
  const pieces = !plain
    ? opened.pieces
    : span && rest && parallel > 1
      ? byParts(wanted, client.settings.partSize, parallel, opened, rest)
      : healing(wanted, opened, rest);
  const body = toObjectBody(pieces, options, rest);
  const { checksums } = client.settings;
  const verified = plain && (head || !span) && checksums.verified(head ?? response, body.stream, options.place);
  const next = verified ? undefined : body.next;
  const unpacked = !plain && UNPACKED.test(info.contentEncoding ?? "");
  return new OpenedObject(info, range && wanted, next, unpacked, () => verified || body.stream());
}

/** In a function of its own, since what opens the parts must not hold the body that reads them: it would never be forgotten. */
function byParts(wanted: Span, size: number, most: number, opened: Opened, rest: Rest): Pieces {
  return inParallel(wanted, size, most, (part) =>
    healing(part, part.start === wanted.start ? opened : undefined, rest),
  );
}

/** What transports unpack unasked: https://fetch.spec.whatwg.org/#handle-content-codings. Others pass as they are. */
const UNPACKED = /\b(?:gzip|deflate|br|zstd|compress)\b/i;

/** A class, since a getter of an object's own costs more than all else of a small answer. */
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

/** What is asked for first, where the rest shall come in parts beside it. The start of a suffix is known from its answer alone. */
function firstPart(range: ByteRange | undefined, size: number): ByteRange {
  if (range && "suffix" in range) return range;
  const { start, end = Number.MAX_SAFE_INTEGER } = range ?? { start: 0 };
  return { start, end: Math.min(end, start + size - 1) };
}

/** What the first answer did not say of its bytes. */
interface Details {
  /** What they are checked by, where they come in parts. */
  readonly head?: WireResponse;
  /** How many they are, where a proxy has taken that away from the whole. */
  readonly length: string | null;
}

async function detailsOf(
  client: Client,
  operation: Operation,
  response: WireResponse,
  inParts: boolean,
): Promise<Details> {
  const { mode } = client.settings.checksums;
  const length = response.header("content-length");
  if (response.status === 206 ? !inParts || !mode : length !== null) return { length };
  const headers = { ...operation.headers, range: undefined, "if-none-match": undefined, ...mode };
  try {
    const head = await client.send({ ...operation, method: "HEAD", headers, accept: [] }, (other) =>
      other.discard().then(() => other),
    );
    const [etag, encoding] = ["etag", "content-encoding"].map((name) => head.header(name) === response.header(name));
    if (etag && encoding)
      return { head, length: length ?? head.header("content-length") ?? `${await firstByte(client, operation, head)}` };
    // The object may have been replaced between the two; a proxy that packs the one answer alone does so always.
    throw new StorageError("corrupt", "the store or a proxy answered with another version", { retryable: !etag });
  } catch (error) {
    void response.discard();
    throw error;
  }
}

/** What a refusal of the first byte says of an empty object, if anything. */
const NONE = "bytes */0";

/** How long an object is, told by a request for its first byte: Apache takes a length of 0 away from the answer to a HEAD. */
async function firstByte(client: Client, operation: Operation, { header }: WireResponse): Promise<number> {
  const headers = {
    ...operation.headers,
    ...{ "if-none-match": undefined, "if-match": header("etag") ?? undefined, range: "bytes=0-0" },
  };
  const asked: Operation = { ...operation, method: "GET", headers, accept: [404, 412, 416] };
  const size = await client.send(asked, async (response) => {
    await response.discard();
    const { status } = response;
    if (status === 416) return lengthOf(response, (response.header("content-range") ?? NONE) === NONE ? "0" : "");
    if ((status !== 200 && status !== 206) || toEtag(response.header("etag")) !== toEtag(header("etag"))) return false;
    ofStore(response);
    if (status === 200) return lengthOf(response);
    const span = spanOf(response);
    return lengthOf(response, span?.start === 0 ? `${span.size}` : "");
  });
  if (size !== false) return size;
  throw new StorageError("corrupt", "the object was replaced while it was asked for", { retryable: true });
}

/** Whether it is the object that was asked for: some caches look at nothing but the path. */
function checkVersion(response: WireResponse, versionId: string | undefined, ifMatch?: string): void {
  ofStore(response);
  const [version, etag] = ["x-amz-version-id", "etag"].map(response.header);
  const matched = !ifMatch || !etag || toEtag(etag) === toEtag(ifMatch);
  if (matched && (!versionId || !version || version === versionId)) return;
  void response.discard();
  throw new StorageError(
    matched ? "corrupt" : "precondition-failed",
    "the store or a proxy answered with another version",
  );
}

/**
 * The length that an answer announces, or another one in its place. An object of unknown length is an error: taken for empty, it
 * would be copied and served as such.
 */
function lengthOf(response: WireResponse, length = response.header("content-length") ?? ""): number {
  if (/^\d{1,15}$/.test(length)) return Number(length);
  void response.discard();
  throw new StorageError("corrupt", "the store or a proxy answered without the length of the object");
}
