/**
 * Lists unfinished multipart uploads.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
import { compareKeys } from "../key.ts";
import type { Markup } from "../s3/xml.ts";
import type { PendingUpload } from "../uploaded.ts";
import { type Call, iso, xml } from "./call.ts";
import { encoded, limitOf, nameOf, optional, owner } from "./page.ts";
import { Refusal } from "./refusal.ts";

type Marker = Pick<PendingUpload, "key" | "uploadId">;

/** ListMultipartUploads. */
export async function listUploads(call: Call): Promise<Response> {
  const { store, query, bucket, signal } = call;
  const prefix = query.get("prefix") ?? "";
  if (query.get("delimiter")) throw new Refusal("NotImplemented", "Uploads are listed without a delimiter here.");
  const most = limitOf(query, "max-uploads");
  const marker = { key: query.get("key-marker") ?? "", uploadId: query.get("upload-id-marker") ?? "" };
  const names = nameOf(query, { Bucket: bucket, KeyMarker: marker.key });
  const found = await firstOf(store.listUploads({ prefix, signal }), marker, most + 1);
  const page = found.slice(0, most);
  const last = found.length > most ? page.at(-1) : undefined;
  return xml([
    "ListMultipartUploadsResult",
    [
      ...names,
      ["UploadIdMarker", marker.uploadId],
      ...optional(query, "Prefix", prefix),
      ...optional(query, "NextKeyMarker", last?.key),
      ...(last ? [["NextUploadIdMarker", last.uploadId] as const] : []),
      ["MaxUploads", String(most)],
      ["IsTruncated", String(last !== undefined)],
      ...page.map(({ key, uploadId, initiated }): Markup => [
        "Upload",
        [
          ["Key", encoded(query, key)],
          ["UploadId", uploadId],
          ...owner(["Initiator", "Owner"]),
          ["StorageClass", "STANDARD"],
          ["Initiated", iso(initiated)],
        ],
      ]),
    ],
  ]);
}

/**
 * The first `most` uploads after a marker, ordered by key and then by id. This order does not depend on other uploads,
 * so that a client may abort those of a page before it asks for the next one. Holds at most `2 * most` uploads.
 */
async function firstOf(
  uploads: AsyncIterable<PendingUpload>,
  marker: Marker,
  most: number,
): Promise<readonly PendingUpload[]> {
  const least: PendingUpload[] = [];
  const cut = (): void => void least.sort(compare).splice(most);
  for await (const upload of uploads) {
    if (!isBehind(upload, marker)) continue;
    least.push(upload);
    if (least.length === 2 * most) cut();
  }
  cut();
  return least;
}

/**
 * Whether an upload comes after the marker. Without an id a marker stands for all uploads of its key, without a key for
 * none.
 */
function isBehind(upload: Marker, marker: Marker): boolean {
  return marker.uploadId === "" ? compareKeys(upload.key, marker.key) > 0 : compare(upload, marker) > 0;
}

function compare(a: Marker, b: Marker): number {
  return compareKeys(a.key, b.key) || compareKeys(a.uploadId, b.uploadId);
}
