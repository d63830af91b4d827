/**
 * Multipart uploads, except their completion.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import { hasCode } from "../error.ts";
import type { MultipartUpload } from "../interface.ts";
import type { Markup } from "../s3/xml.ts";
import { type Call, iso, xml } from "./call.ts";
import { toOptions } from "./headers.ts";
import { unconditional } from "./object.ts";
import { countOf, limitOf, nameOf, owner } from "./page.ts";
import { partNumberOf } from "./part.ts";
import { algorithmOf } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/** CreateMultipartUpload. */
export async function createUpload(call: Call): Promise<Response> {
  const { store, bucket, key, headers } = call;
  unconditional(headers);
  const named = headers.get("x-amz-checksum-algorithm");
  if (named !== null && !algorithmOf(named))
    throw new Refusal("NotImplemented", "Checksums here are CRC32, CRC32C, CRC64NVME and SHA256.");
  const { uploadId } = await store.createMultipartUpload(key, toOptions(headers));
  const told = new Headers(named === null ? {} : { "x-amz-checksum-algorithm": named.toUpperCase() });
  const document: Markup = [
    "InitiateMultipartUploadResult",
    [
      ["Bucket", bucket],
      ["Key", key],
      ["UploadId", uploadId],
    ],
  ];
  return xml(document, { headers: told });
}

/** UploadPart. */
export async function uploadPart(call: Call, uploadId: string): Promise<Response> {
  const { headers, payload } = call;
  unconditional(headers);
  const upload = await uploadOf(call, uploadId);
  const { body, answer } = payload();
  const { etag } = await refusingUnknown(upload.uploadPart(partNumberOf(call), body));
  return new Response(null, { status: 200, headers: { etag, ...answer } });
}

/** AbortMultipartUpload: succeeds also if the upload no longer exists. */
export async function abortUpload(call: Call, uploadId: string): Promise<Response> {
  await (await uploadOf(call, uploadId)).abort();
  return new Response(null, { status: 204 });
}

/** ListParts. */
export async function listParts(call: Call, uploadId: string): Promise<Response> {
  const { bucket, key, query, signal } = call;
  const upload = await uploadOf(call, uploadId);
  const after = countOf(query, "part-number-marker", 0);
  const most = limitOf(query, "max-parts");
  const left = (await refusingUnknown(upload.parts({ signal }))).filter(({ partNumber }) => partNumber > after);
  const page = left.slice(0, most);
  const document: Markup[] = [
    ...nameOf(query, { Bucket: bucket, Key: key }),
    ["UploadId", uploadId],
    ...owner(["Initiator", "Owner"]),
    ["StorageClass", "STANDARD"],
    ["PartNumberMarker", String(after)],
    ["NextPartNumberMarker", String(page.at(-1)?.partNumber ?? 0)],
    ["MaxParts", String(most)],
    ["IsTruncated", String(most > 0 && left.length > most)],
  ];
  for (const { partNumber, etag, size, lastModified } of page)
    document.push([
      "Part",
      [
        ["PartNumber", String(partNumber)],
        ["LastModified", iso(lastModified)],
        ["ETag", etag],
        ["Size", String(size)],
      ],
    ]);
  return xml(["ListPartsResult", document]);
}

/** The upload with this id; the store is not asked yet. */
export async function uploadOf({ store, key }: Call, uploadId: string): Promise<MultipartUpload> {
  // No store makes such an id.
  if (!/^[ -~]{1,4096}$/.test(uploadId)) throw noSuchUpload();
  return store.resumeMultipartUpload(key, uploadId);
}

/** Turns `not-found`, which here means the upload, into the refusal of S3. */
export async function refusingUnknown<T>(outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    throw hasCode(error, "not-found") ? noSuchUpload(error) : error;
  }
}

function noSuchUpload(cause?: unknown): Refusal {
  const said = "The specified upload does not exist. It may have been aborted or completed.";
  return new Refusal("NoSuchUpload", said, { cause });
}
