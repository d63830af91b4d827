/**
 * Copies inside the bucket: by one request up to 5 GiB, by parts above. With `ifNoneMatch` an object of up to one part is read and put, and a
 * larger one copied by parts, since many stores ignore the condition of a CopyObject and heed that of a PUT or a completion.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
import type { BackendCopyOptions, Key, MultipartBackend, StoredInfo, UploadedPart } from "../../src/backend.ts";
import { copyHeaders, type CopyHeaders, refuseLoss } from "../../src/copy-headers.ts";
import { hasCode, refusedAt, StorageError } from "../../src/error.ts";
import { encodePath } from "../../src/key.ts";
import { encodeRfc3986 } from "../../src/sigv4/encode.ts";
import { isTwin, pinOf } from "../../src/move.ts";
import { MAX_PART, partSizeFor } from "../../src/plan.ts";
import { pool } from "../../src/pool.ts";
import { inParts, type PutBytes, putSource } from "../../src/put.ts";
import { type HeaderMap, toRequestHeaders } from "../../src/s3/headers.ts";
import { childText, type Element } from "../../src/s3/xml.ts";
import type { Client } from "./client.ts";
import { storedVersion, toDate, toEtag } from "./headers.ts";
import { type BucketCheck, getObject, headMarked } from "./read.ts";
import type { WireResponse } from "./transport.ts";
import { putObject } from "./write.ts";

/** Bytes of a part that the store copies: none of them travels, so few large parts are best. */
const COPY_PART = 1024 * 1024 * 1024;

/** How often a copy is begun at most, when its source is replaced or its upload is aborted meanwhile. */
const TRIES = 3;

/** A copy of one version of the source. */
interface Copy extends Pick<BackendCopyOptions, "versionId" | "ifNoneMatch" | "signal"> {
  readonly info: StoredInfo;
  /** Whether the source carries the id of the write that made it. */
  readonly marked: boolean;
  readonly to: Key;
  readonly headers: CopyHeaders;
  /** Whether the requests have a condition, so that the store copies this version and no other. */
  readonly pinned: boolean;
  /** Whether this version was copied: the store's condition says so, or else a look afterwards. */
  isStill(): Promise<boolean>;
}

/** The end of the ETag of an upload in parts, which Swift refuses in conditions although it is the object's own. */
const OF_PARTS = /-\d+"$/;

/** Copies an object, headers and metadata included; null when the source is absent. */
export async function copyObject(
  client: Client,
  steps: MultipartBackend,
  from: Key,
  to: Key,
  options: BackendCopyOptions,
  bucket: BucketCheck,
): Promise<StoredInfo | null> {
  const { ifMatch, ifNoneMatch, signal, versionId } = options;
  const headers = copyHeaders(options.headers);
  const look = (): ReturnType<typeof headMarked> =>
    headMarked(client, from, { signal, headers: headers.source, versionId }, bucket);
  /** The source whose own ETag the store has refused. */
  let refused: StoredInfo | undefined;
  for (let tries = 1; ; tries++) {
    // The size says how to copy, and the ETag pins all requests to one version.
    const source = await look();
    if (!source) return null;
    if (ifMatch !== undefined && ifMatch !== source.info.etag)
      throw new StorageError("precondition-failed", "no object matches ifMatch", { key: from });
    // Refused, and still the same: the store compares the condition with something else than the ETag that it gives. Then a look afterwards
    // takes the condition's place, as it does for a store that ignores conditions.
    const pinned = !refused || !isTwin(refused, source.info);
    const isStill = async (): Promise<boolean> => {
      const now = pinned && client.settings.conditionalWrites ? source : await look();
      return now !== null && isTwin(now.info, source.info);
    };
    const copy = { ...source, versionId, to, headers, ifNoneMatch, signal, pinned, isStill };
    try {
      return await copyVersion(client, steps, copy);
    } catch (error) {
      if (!StorageError.is(error) || error.key === to) throw error;
      // In doubt it is not begun again, where its own target could be what refuses it.
      if (ifNoneMatch !== undefined && error.code === "ambiguous") throw error;
      // The cause of `ambiguous` is what the store said last.
      const replaced = [error, error.cause].some((said) => hasCode(said, "precondition-failed"));
      if (replaced && OF_PARTS.test(source.info.etag) && !readsBytes(steps, copy)) refused = source.info;
      const mayLookAgain = ifMatch === undefined || (refused && error.code !== "ambiguous");
      const overtaken = error.response?.code === "NoSuchUpload" || (replaced && mayLookAgain);
      if (overtaken && tries < TRIES) continue;
      // With `ifMatch`, a source that was replaced is the caller's own condition.
      if (overtaken && !(replaced && ifMatch !== undefined) && error.code !== "ambiguous")
        throw new StorageError("conflict", "the copy was aborted, or its source was replaced", {
          retryable: true,
          cause: error,
        });
      throw error;
    }
  }
}

async function copyVersion(client: Client, steps: MultipartBackend, copy: Copy): Promise<StoredInfo | null> {
  const { info, to, ifNoneMatch } = copy;
  if (ifNoneMatch === undefined && info.size <= MAX_PART) return inOneRequest(client, copy);
  refuseLoss(info);
  return (readsBytes(steps, copy) ? readAndPut : copyParts)(client, steps, copy).catch(refusedAt(to));
}

/** Whether an object is read and put. Not one with an encoding, which some runtimes decode. */
function readsBytes({ plan }: MultipartBackend, { info, ifNoneMatch }: Pick<Copy, "info" | "ifNoneMatch">): boolean {
  const isPlain = ["", "identity"].includes(info.contentEncoding ?? "");
  return ifNoneMatch !== undefined && info.size <= plan.partSize && (isPlain || info.size === 0);
}

async function inOneRequest(client: Client, copy: Copy): Promise<StoredInfo> {
  const { info, marked, to, signal } = copy;
  // The store copies all headers by default, also those that we do not know. They are replaced only to leave the write id out.
  const replacing =
    marked && !info.missingMetadata ? { ...toRequestHeaders(info), "x-amz-metadata-directive": "REPLACE" } : {};
  const headers = { ...copy.headers.write, ...sourceHeaders(client, copy), ...replacing };
  const operation = { method: "PUT", key: to, headers, copies: info.size, signal, conditional: "source" } as const;
  const made = await client.document<StoredInfo | null>(
    operation,
    "CopyObjectResult",
    (root, response) => copied(info, to, root, response),
    null,
  );
  if (!(await copy.isStill()))
    throw new StorageError(
      "conflict",
      "the source was replaced while it was copied: the target may hold either version",
      { key: to, retryable: true },
    );
  if (made) return made;
  // Some servers answer without a document: then the copy itself must be there.
  const found = await headMarked(client, to, { signal, headers: copy.headers.target }, async () => {});
  if (found?.info.etag === info.etag && found.info.size === info.size)
    // An equal object may have been there before.
    return { ...found.info, versionId: undefined };
  throw new StorageError("corrupt", "the store answered with nothing, and does not have the copy");
}

async function readAndPut(client: Client, steps: MultipartBackend, copy: Copy): Promise<StoredInfo | null> {
  const { info, to, headers, versionId, ifNoneMatch, signal } = copy;
  const from = info.key as Key;
  const asked = { ifMatch: pinOf(info), versionId, headers: headers.source, signal };
  const object = await getObject(client, from, asked).catch(refusedAt(from));
  if (!object) return null;
  const put: PutBytes = (...whole) => putObject(client, ...whole);
  // The headers that came with the bytes, since a source without an ETag may be another one now.
  const options = { ...object.info, headers: headers.write, ifNoneMatch, signal };
  const copying = putSource(put, steps, to, { stream: object.body, size: object.info.size }, options);
  return copying.catch((error: unknown) => {
    // A conflict without a response is not the target's: the source was replaced while it was read.
    const replaced = hasCode(error, "conflict") && error.response === undefined;
    throw replaced ? new StorageError("precondition-failed", error.message, { key: from, cause: error }) : error;
  });
}

async function copyParts(client: Client, steps: MultipartBackend, copy: Copy): Promise<StoredInfo> {
  const { info, to, ifNoneMatch, signal } = copy;
  const begun = { ...info, headers: copy.headers.write, ifNoneMatch, checksum: false, signal } as const;
  const from = sourceHeaders(client, copy);
  return inParts(steps, to, begun, async ({ uploadId }) => {
    const size = partSizeFor(COPY_PART, info.size);
    const parts: UploadedPart[] = [];
    const numbers = Array.from({ length: Math.ceil(info.size / size) }, (_, index) => index + 1);
    await pool(numbers, steps.plan.concurrency, async (partNumber) => {
      const start = (partNumber - 1) * size;
      const end = Math.min(start + size, info.size) - 1;
      // A single part needs no range, which AWS documents only for sources above 5 MB.
      const range = numbers.length > 1 ? `bytes=${start}-${end}` : undefined;
      const headers = { ...from, "x-amz-copy-source-range": range };
      const query = { partNumber, uploadId };
      const operation = { method: "PUT", key: to, query, headers, copies: size, signal } as const;
      const root = await client.document(operation, "CopyPartResult").catch(refusedAt(info.key));
      parts.push({ partNumber, etag: toEtag(childText(root, "ETag")) });
    });
    if (!(await copy.isStill()))
      throw new StorageError("precondition-failed", "the source was replaced while it was copied", { key: info.key });
    return { parts: parts.sort((a, b) => a.partNumber - b.partNumber), size: info.size };
  });
}

/** The headers that name the source and its version to the store. */
function sourceHeaders({ settings: { bucket, base } }: Client, { info, versionId, headers, pinned }: Copy): HeaderMap {
  const version = versionId === undefined ? "" : `?versionId=${encodeRfc3986(versionId)}`;
  const source = `/${bucket}/${encodePath(base + info.key)}${version}`;
  return {
    ...headers.part,
    "x-amz-copy-source": source,
    "x-amz-copy-source-if-match": pinned ? pinOf(info) : undefined,
  };
}

function copied(info: StoredInfo, to: Key, root: Element, response: WireResponse): StoredInfo {
  const lastModified = toDate(childText(root, "LastModified"));
  return { ...info, key: to, lastModified, ...storedVersion(response, childText(root, "ETag")) };
}
