/**
 * The requests of a multipart upload, and those that list what is under way.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import type {
  BegunUpload,
  CallOptions,
  CompleteOptions,
  Key,
  PartOptions,
  PendingPage,
  PutOptions,
  StoredPart,
  StoredVersion,
  UploadedPart,
} from "../../src/backend.ts";
import { nullIfAbsent, StorageError } from "../../src/error.ts";
import { advancing, following } from "../../src/pages.ts";
import { conditionHeaders, toRequestHeaders } from "../../src/s3/headers.ts";
import {
  childFlag,
  childNumber,
  childrenOf,
  childText,
  type Element,
  type Markup,
  writeXml,
} from "../../src/s3/xml.ts";
import { beginHeaders, bodyHeader, idOf, partElement, wholeHeaders } from "./checksum.ts";
import type { Client } from "./client.ts";
import { deleteObject } from "./delete.ts";
import { extraHeaders, storedVersion, toDate, toEtag } from "./headers.ts";
import { listObjects, namesOf, without } from "./list.ts";
import { findWrite, settle, writeMark } from "./settle.ts";
import { acknowledged } from "./write.ts";

/** Begins an upload. */
export async function createUpload(client: Client, key: Key, options: PutOptions): Promise<BegunUpload> {
  const stored = toRequestHeaders(options);
  const { writeId, header } = writeMark(client, stored);
  const algorithm = client.settings.checksums.of(options.checksum);
  const headers = { ...stored, ...header, ...beginHeaders(algorithm), ...extraHeaders(options.headers) };
  const root = await client.document(
    { method: "POST", key, query: { uploads: "" }, headers, signal: options.signal },
    "InitiateMultipartUploadResult",
  );
  const uploadId = childText(root, "UploadId");
  if (!uploadId) throw new StorageError("corrupt", "the store answered without an upload id");
  return { uploadId, writeId, checksum: algorithm && idOf(algorithm) };
}

/** Stores one part. */
export async function putPart(
  client: Client,
  key: Key,
  uploadId: string,
  partNumber: number,
  bytes: Uint8Array,
  { checksum: id, signal }: PartOptions,
): Promise<UploadedPart> {
  const algorithm = client.settings.checksums.byId(id);
  const checksum = await algorithm?.of(bytes);
  const headers = bodyHeader(algorithm, checksum);
  const { etag } = await client.send(
    { method: "PUT", key, query: { partNumber, uploadId }, headers, body: bytes, signal },
    acknowledged,
  );
  return { partNumber, etag, size: bytes.byteLength, ...(checksum === undefined ? {} : { checksum }) };
}

/** Makes the object out of its parts. */
export function completeUpload(
  client: Client,
  key: Key,
  uploadId: string,
  parts: readonly UploadedPart[],
  options: CompleteOptions,
): Promise<StoredVersion> {
  const algorithm = client.settings.checksums.byId(options.checksum);
  const list = parts.map((part): Markup => {
    const number: Markup = ["PartNumber", String(part.partNumber)];
    return ["Part", [number, ["ETag", part.etag], ...partElement(algorithm, part)]];
  });
  const body = writeXml(["CompleteMultipartUpload", list]);
  const headers = {
    "content-type": "application/xml",
    ...conditionHeaders(options),
    ...wholeHeaders(algorithm, parts),
  };
  const { signal } = options;
  return settle(client, key, options, () =>
    client.document(
      { method: "POST", key, query: { uploadId }, headers, body, signal, conditional: true },
      "CompleteMultipartUploadResult",
      (root, response) => storedVersion(response, childText(root, "ETag")),
    ),
  );
}

/**
 * The version that a finished upload has made; null where it made none, or another object took its place. A store that misses nodes, and
 * a proxy, say 404 of objects that are there. Such a store still lists them, so the listing is asked too.
 */
export async function completedUpload(
  client: Client,
  key: Key,
  { writeId }: BegunUpload,
  { signal }: CallOptions,
): Promise<StoredVersion | null> {
  const { version, absent } = await findWrite(client, key, writeId, signal);
  const listed = absent && (await listObjects(client, { prefix: key, limit: 1, signal })).objects[0];
  if (!listed || listed.key !== key) return version;
  throw new StorageError("ambiguous", "the store lists the object and calls it absent", { retryable: true });
}

/** Aborts an upload; an absent one is success. */
export function abortUpload(client: Client, key: Key, uploadId: string, { signal }: CallOptions): Promise<void> {
  return deleteObject(client, key, { signal }, { uploadId });
}

/** The parts that the store holds, ascending; null when it knows no such upload. */
export async function listParts(
  client: Client,
  key: Key,
  uploadId: string,
  { signal }: CallOptions,
): Promise<readonly StoredPart[] | null> {
  const parts: StoredPart[] = [];
  let marker: string | undefined;
  const advance = advancing();
  try {
    for (;;) {
      const query = { uploadId, "max-parts": 1000, "part-number-marker": marker };
      const root = await client.document({ method: "GET", key, query, signal }, "ListPartsResult");
      parts.push(...childrenOf(root, "Part").map(toPart));
      if (!childFlag(root, "IsTruncated")) return parts.sort((a, b) => a.partNumber - b.partNumber);
      marker = following(true, childText(root, "NextPartNumberMarker"));
      advance(marker);
    }
  } catch (error) {
    return nullIfAbsent(error);
  }
}

/**
 * A page of the uploads under way, as the store lists them. MinIO takes the prefix for a key, and without one lists only uploads that began
 * since its start.
 */
export async function listUploads(
  client: Client,
  prefix: string,
  { signal }: CallOptions,
  cursor?: string,
): Promise<PendingPage> {
  const { base } = client.settings;
  const [key, id] = (cursor === undefined ? [] : JSON.parse(cursor)) as [key?: string, id?: string | null];
  // No `encoding-type`: Ceph then encodes keys without saying so, and SeaweedFS says so without doing it. The price: of a key with characters
  // that XML cannot hold, some stores list U+FFFD.
  const query = {
    uploads: "",
    prefix: base + prefix || undefined,
    "key-marker": key,
    "upload-id-marker": id ?? undefined,
  };
  const root = await client.document({ method: "GET", query, signal }, "ListMultipartUploadsResult");
  const names = namesOf(root, base, prefix);
  const uploads = childrenOf(root, "Upload").map((upload) => {
    const uploadId = childText(upload, "UploadId");
    const initiated = toDate(childText(upload, "Initiated"));
    if (!uploadId || !initiated) throw without("UploadId or Initiated");
    return { key: names.relative(upload, "Key"), uploadId, initiated };
  });
  if (!childFlag(root, "IsTruncated")) return { uploads };
  const next = [names.decode(childText(root, "NextKeyMarker") ?? ""), childText(root, "NextUploadIdMarker")];
  following(true, next[0] || next[1]);
  return { uploads, cursor: JSON.stringify(next) };
}

function toPart(part: Element): StoredPart {
  const [partNumber, size] = [childNumber(part, "PartNumber"), childNumber(part, "Size")];
  if (!Number.isSafeInteger(partNumber) || partNumber < 1 || !Number.isSafeInteger(size))
    throw without("PartNumber or Size");
  const lastModified = toDate(childText(part, "LastModified"));
  return { partNumber, size, etag: toEtag(childText(part, "ETag")), ...(lastModified && { lastModified }) };
}
