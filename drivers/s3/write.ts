/** PutObject, CopyObject and the four steps of a multipart upload, each one request. */
import type { BackendCopyOptions, CallOptions, Key, PutOptions, StoredInfo, UploadedPart } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { encodePath } from "../../src/key.ts";
import { headersOf } from "../../src/options.ts";
import type { Client, Operation } from "./client.ts";
import { extraHeaders, type HeaderMap, toEtag, toRequestHeaders } from "./headers.ts";
import { childText, escapeXml } from "./xml.ts";

/** Stores bytes by one request. */
export async function putObject(client: Client, key: Key, bytes: Uint8Array, options: PutOptions): Promise<StoredInfo> {
  const headers = { ...toRequestHeaders(options), ...conditions(options), ...extraHeaders(options.headers) };
  const operation: Operation = {
    method: "PUT",
    key,
    headers,
    body: bytes,
    signal: options.signal,
    conditional: isConditional(options),
  };
  const etag = await refusedAsPrecondition(options, () => client.send(operation, etagOf));
  return stored(key, bytes.byteLength, etag, options);
}

/** Copies inside the bucket, headers and metadata included; null when the source is absent. */
export async function copyObject(client: Client, from: Key, to: Key, options: BackendCopyOptions): Promise<boolean> {
  const { bucket, base } = client.settings;
  const headers = {
    "x-amz-copy-source": `/${bucket}/${encodePath(base + from)}`,
    "x-amz-copy-source-if-match": options.ifMatch,
  };
  try {
    await client.document({ method: "PUT", key: to, headers, signal: options.signal }, "CopyObjectResult");
    return true;
  } catch (error) {
    if (StorageError.is(error) && error.code === "not-found") return false;
    throw error;
  }
}

/** Begins an upload and gives its id. */
export async function createUpload(client: Client, key: Key, options: PutOptions): Promise<string> {
  const headers = { ...toRequestHeaders(options), ...extraHeaders(options.headers) };
  const root = await client.document(
    { method: "POST", key, query: { uploads: "" }, headers, signal: options.signal },
    "InitiateMultipartUploadResult",
  );
  const id = childText(root, "UploadId");
  if (!id) throw new StorageError("corrupt", "the store began an upload without naming it");
  return id;
}

/** Stores one part. */
export async function putPart(
  client: Client,
  key: Key,
  uploadId: string,
  partNumber: number,
  bytes: Uint8Array,
  call: CallOptions,
): Promise<UploadedPart> {
  const etag = await client.send(
    { method: "PUT", key, query: { partNumber, uploadId }, body: bytes, signal: call.signal },
    etagOf,
  );
  return { partNumber, etag };
}

/** Makes the object out of its parts; `size` is their sum, when it is known. */
export async function completeUpload(
  client: Client,
  key: Key,
  uploadId: string,
  parts: readonly UploadedPart[],
  options: PutOptions,
): Promise<string> {
  const list = parts
    .map((part) => `<Part><PartNumber>${part.partNumber}</PartNumber><ETag>${escapeXml(part.etag)}</ETag></Part>`)
    .join("");
  const body = new TextEncoder().encode(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`,
  );
  const headers = { "content-type": "application/xml", ...conditions(options) };
  const operation: Operation = {
    method: "POST",
    key,
    query: { uploadId },
    headers,
    body,
    signal: options.signal,
    conditional: true,
  };
  const root = await refusedAsPrecondition(options, () => client.document(operation, "CompleteMultipartUploadResult"));
  return toEtag(childText(root, "ETag"));
}

/** Gives an upload up; one that is gone counts as given up. */
export function abortUpload(client: Client, key: Key, uploadId: string, call: CallOptions): Promise<void> {
  return client.send({ method: "DELETE", key, query: { uploadId }, signal: call.signal, accept: [404] }, (response) =>
    response.discard(),
  );
}

/** What is known of an object right after it was written. */
export function stored(key: Key, size: number, etag: string, options: PutOptions): StoredInfo {
  return { key, size, etag, ...headersOf(options) };
}

async function etagOf(response: Parameters<Parameters<Client["send"]>[1]>[0]): Promise<string> {
  const etag = response.header("etag");
  await response.discard();
  // Browsers hide it unless the bucket's CORS rule exposes it; without it a part cannot be completed.
  if (etag === null)
    throw new StorageError(
      "corrupt",
      "the store acknowledged the write without an ETag (in a browser: expose ETag in the bucket's CORS rule)",
      { retryable: true },
    );
  return toEtag(etag);
}

function conditions(options: PutOptions): HeaderMap {
  return {
    "if-match": options.ifMatch,
    "if-none-match": options.ifNoneMatch,
  };
}

function isConditional(options: PutOptions): boolean {
  return options.ifMatch !== undefined || options.ifNoneMatch !== undefined;
}

/** With If-Match on an absent key, AWS answers 404 and others 412: both mean that the condition does not hold. */
async function refusedAsPrecondition<T>(options: PutOptions, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (
      options.ifMatch !== undefined &&
      StorageError.is(error) &&
      error.code === "not-found" &&
      error.response?.code !== "NoSuchUpload"
    ) {
      throw new StorageError("precondition-failed", "there is no object to match ifMatch", {
        cause: error,
        response: error.response,
      });
    }
    throw error;
  }
}
