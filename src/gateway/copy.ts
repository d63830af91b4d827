/**
 * Copies an object, as a whole or into a part of an upload.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
import { refuseLoss } from "../copy-headers.ts";
import { notFound, storeBroke } from "../error.ts";
import type { DownloadedObject, ObjectInfo } from "../interface.ts";
import { withoutMark } from "../options.ts";
import { evaluate, isDate } from "../respond/conditions.ts";
import { type Call, iso, xml } from "./call.ts";
import { toOptions } from "./headers.ts";
import { refusingUnknown, uploadOf } from "./multipart.ts";
import { quoted, unconditional, writeConditions } from "./object.ts";
import { noSuchBucket, Refusal } from "./refusal.ts";

/** CopyObject. */
export async function copyObject(call: Call): Promise<Response> {
  const { store, key, headers } = call;
  const from = sourceOf(call);
  const directive = headers.get("x-amz-metadata-directive") ?? "COPY";
  if (!["COPY", "REPLACE"].includes(directive)) throw new Refusal("InvalidArgument", "Unknown metadata directive.");
  const replace = directive === "REPLACE";
  if (from === key && !replace)
    throw new Refusal(
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing its metadata.",
    );
  if (headers.has("x-amz-checksum-algorithm"))
    throw new Refusal("NotImplemented", "The checksum of a copy is not computed here.");
  const conditions = writeConditions(headers);
  const ifMatch = await checkSource(call, from);
  const made =
    replace || conditions.ifMatch !== undefined
      ? await rewrite(call, from, ifMatch, replace)
      : await store.copy(from, key, { ifMatch, ifNoneMatch: conditions.ifNoneMatch });
  return result("CopyObjectResult", made.etag, made.lastModified ?? (await store.head(key))?.lastModified);
}

/** UploadPartCopy. */
export async function copyPart(call: Call, uploadId: string, partNumber: number): Promise<Response> {
  const { store, headers } = call;
  unconditional(headers);
  const from = sourceOf(call);
  const ifMatch = await checkSource(call, from);
  const range = rangeOf(headers.get("x-amz-copy-source-range"));
  const upload = await uploadOf(call, uploadId);
  const source = await store.download(from, { ifMatch, range });
  // Nobody would notice a part with fewer bytes than were asked for.
  if (range !== undefined && range.end >= source.size) {
    await source.body.cancel();
    throw new Refusal("InvalidRange", "The requested range is not satisfiable");
  }
  const { etag } = await refusingUnknown(upload.uploadPart(partNumber, source.body).catch(storeBroke));
  return result("CopyPartResult", etag, new Date());
}

/** Copies by reading and writing the bytes, to replace the headers or to check conditions of the target. */
async function rewrite(call: Call, from: string, ifMatch: string | undefined, replace: boolean): Promise<ObjectInfo> {
  const { store, key, headers } = call;
  const source: DownloadedObject = await store.download(from, { ifMatch });
  try {
    if (!replace) refuseLoss(source);
    const stored = replace ? toOptions(headers) : withoutMark(source);
    const options = { ...stored, ...writeConditions(headers), size: source.size };
    return await store.upload(key, source.body, options).catch(storeBroke);
  } catch (error) {
    // An upload that is refused early does not read the body. One that is being read is locked, and this rejects.
    await source.body.cancel(error).catch(() => {});
    throw error;
  }
}

/** The key of the source, which must be in this bucket. */
function sourceOf({ headers, bucket }: Call): string {
  const [path = "", query] = (headers.get("x-amz-copy-source") ?? "").split("?");
  const [, from, key] = /^\/?([^/]+)\/([^]+)$/.exec(decodeURIComponent(path)) ?? [];
  if (from === undefined || key === undefined)
    throw new Refusal("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  if (from !== bucket) throw noSuchBucket(from);
  if (query !== undefined && query !== "versionId=null")
    throw new Refusal("NotImplemented", "This bucket keeps no versions.");
  return key;
}

/** Checks the conditions on the source. If there are any, returns the ETag of the version that was checked. */
async function checkSource({ store, headers }: Call, from: string): Promise<string | undefined> {
  const conditions = new Headers();
  for (const name of ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]) {
    const value = headers.get(`x-amz-copy-source-${name}`);
    if (value === null) continue;
    // Reads ignore a condition that is no date (RFC 9110). Here that would copy what the condition was meant to
    // protect.
    if (name.endsWith("since") && !isDate(value))
      throw new Refusal("InvalidArgument", `x-amz-copy-source-${name} must be a date of HTTP`);
    conditions.set(name, name.endsWith("match") ? quoted(value) : value);
  }
  if ([...conditions].length === 0) return undefined;
  const info = await store.head(from);
  if (!info) throw notFound(from);
  if (evaluate(conditions, info) !== "send")
    throw new Refusal("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  return info.etag;
}

function rangeOf(text: string | null): { readonly start: number; readonly end: number } | undefined {
  if (text === null) return undefined;
  const [, start, end] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (start === undefined || Number(end) < Number(start))
    throw new Refusal("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last");
  return { start: Number(start), end: Number(end) };
}

function result(name: string, etag: string, lastModified: Date | undefined): Response {
  return xml([
    name,
    [
      ["LastModified", iso(lastModified)],
      ["ETag", etag],
    ],
  ]);
}
