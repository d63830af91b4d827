/**
 * Copies inside the bucket: one request up to 5 GiB, by parts above.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
import type { BackendCopyOptions, Key, MultipartBackend, StoredInfo, UploadedPart } from "../../src/backend.ts";
import { copyHeaders, type CopyHeaders, refuseLoss } from "../../src/copy-headers.ts";
import { hasCode, StorageError } from "../../src/error.ts";
import { encodePath } from "../../src/key.ts";
import { encodeRfc3986 } from "../../src/sigv4/encode.ts";
import { MAX_PART, partSizeFor } from "../../src/plan.ts";
import { pool } from "../../src/pool.ts";
import { inParts } from "../../src/put.ts";
import { toRequestHeaders } from "../../src/s3/headers.ts";
import { childText, type Element } from "../../src/s3/xml.ts";
import type { Client } from "./client.ts";
import { toDate, toEtag } from "./headers.ts";
import { type BucketCheck, headMarked, type Marked } from "./read.ts";

/** Bytes of a part of a copy: no byte of it travels, so few large requests are best. */
const COPY_PART = 1024 * 1024 * 1024;

/** How often a copy is begun because its source was replaced, or its upload swept, meanwhile. */
const TRIES = 3;

type Steps = Pick<MultipartBackend, "create" | "complete" | "abort" | "plan">;

/** Copies an object, headers and metadata included; null when the source is absent. */
export async function copyObject(
  client: Client,
  steps: Steps,
  from: Key,
  to: Key,
  options: BackendCopyOptions,
  bucket: BucketCheck,
  limit: number = MAX_PART,
): Promise<StoredInfo | null> {
  const { ifMatch, signal, versionId } = options;
  const headers = copyHeaders(options.headers);
  const version = versionId === undefined ? {} : { versionId };
  for (let tries = 1; ; tries++) {
    // Its size says how to copy, and its ETag pins all parts to one version.
    const source = await headMarked(client, from, { signal, headers: headers.source, ...version }, bucket);
    if (!source) return null;
    if (ifMatch !== undefined && ifMatch !== source.info.etag)
      throw new StorageError("precondition-failed", "no object matches ifMatch");
    try {
      return await copyVersion(client, steps, source, to, { ...version, headers, signal }, limit);
    } catch (error) {
      if (!StorageError.is(error)) throw error;
      // In doubt, the cause is what the store said last.
      const replaced = [error, error.cause].some((said) => hasCode(said, "precondition-failed"));
      const overtaken = error.response?.code === "NoSuchUpload" || (replaced && ifMatch === undefined);
      if (overtaken && tries < TRIES) continue;
      if (overtaken && error.code !== "ambiguous")
        throw new StorageError("conflict", "the copy was aborted, or its source was replaced", {
          retryable: true,
          cause: error,
        });
      throw error;
    }
  }
}

async function copyVersion(
  client: Client,
  steps: Steps,
  { info, marked }: Marked,
  to: Key,
  options: Omit<BackendCopyOptions, "headers"> & { readonly headers: CopyHeaders },
  limit: number,
): Promise<StoredInfo> {
  const { versionId, signal } = options;
  const { write, part, target } = options.headers;
  const { bucket, base } = client.settings;
  const version = versionId === undefined ? "" : `?versionId=${encodeRfc3986(versionId)}`;
  const from = {
    ...part,
    "x-amz-copy-source": `/${bucket}/${encodePath(base + info.key)}${version}`,
    // Some servers have none for some objects.
    "x-amz-copy-source-if-match": info.etag === '""' ? undefined : info.etag,
  };
  if (info.size <= limit) {
    // By default the store takes all headers along, also those that we do not know. They are replaced to leave the write id behind.
    const kept =
      marked && !info.missingMetadata ? { ...toRequestHeaders(info), "x-amz-metadata-directive": "REPLACE" } : {};
    const headers = { ...write, ...from, ...kept };
    const operation = { method: "PUT", key: to, headers, copies: info.size, signal, conditional: "source" } as const;
    const root = await client.document<Element | null>(operation, "CopyObjectResult", undefined, null);
    if (root) return copied(info, to, root);
    // Some servers answer with nothing: then the copy itself must be there.
    const made = await headMarked(client, to, { signal, headers: target }, async () => {});
    if (made?.info.etag === info.etag && made.info.size === info.size) return made.info;
    throw new StorageError("corrupt", "the store answered with nothing, and does not have the copy");
  }

  refuseLoss(info);
  const begun = { ...info, headers: write, checksum: false, signal } as const;
  return inParts(steps, to, begun, async ({ uploadId }) => {
    const size = partSizeFor(Math.min(COPY_PART, limit), info.size);
    const parts: UploadedPart[] = [];
    const numbers = Array.from({ length: Math.ceil(info.size / size) }, (_, index) => index + 1);
    await pool(numbers, steps.plan.concurrency, async (partNumber) => {
      const start = (partNumber - 1) * size;
      const end = Math.min(start + size, info.size) - 1;
      const headers = { ...from, "x-amz-copy-source-range": `bytes=${start}-${end}` };
      const operation = {
        method: "PUT",
        key: to,
        query: { partNumber, uploadId },
        headers,
        copies: size,
        signal,
      } as const;
      const root = await client.document(operation, "CopyPartResult");
      parts.push({ partNumber, etag: toEtag(childText(root, "ETag")) });
    });
    return { parts: parts.sort((a, b) => a.partNumber - b.partNumber), size: info.size };
  });
}

function copied(info: StoredInfo, to: Key, root: Element): StoredInfo {
  const lastModified = toDate(childText(root, "LastModified"));
  return { ...info, key: to, etag: toEtag(childText(root, "ETag")), lastModified, versionId: undefined };
}
