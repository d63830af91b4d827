/**
 * Uploads in parts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import { hasCode } from "../error.ts";
import type { MultipartUpload } from "../interface.ts";
import { childNumber, childrenOf, childText, type Element, type Markup, readXml } from "../s3/xml.ts";
import { type Call, documentOf, iso, xml } from "./call.ts";
import { toOptions } from "./headers.ts";
import { limitOf, nameOf, owner } from "./list.ts";
import { quoted, writeConditions } from "./object.ts";
import { algorithmOf } from "./payload.ts";
import { Refusal } from "./refusal.ts";

const MOST_PARTS = 10_000;

/** CreateMultipartUpload. */
export async function createUpload(call: Call): Promise<Response> {
  const { store, bucket, key, headers, signal } = call;
  const named = headers.get("x-amz-checksum-algorithm");
  if (named !== null && !algorithmOf(named))
    throw new Refusal("NotImplemented", "Checksums here are CRC32, CRC32C, CRC64NVME and SHA256.");
  const { uploadId } = await store.createMultipartUpload(key, { ...toOptions(headers), signal });
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
  const { key, signal, payload } = call;
  const upload = await call.store.resumeMultipartUpload(key, uploadId);
  const { body, answer } = payload();
  const { etag } = await knowing(upload.uploadPart(partNumberOf(call), body, { signal }));
  return new Response(null, { status: 200, headers: { etag, ...answer } });
}

/** The number of a part in the query. */
export function partNumberOf({ query }: Pick<Call, "query">): number {
  const text = query.get("partNumber") ?? "";
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MOST_PARTS)
    throw new Refusal("InvalidArgument", `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`);
  return number;
}

/** CompleteMultipartUpload. */
export async function completeUpload(call: Call, uploadId: string): Promise<Response> {
  const { store, bucket, key, headers, signal, request } = call;
  const root = read(await documentOf(call), "CompleteMultipartUpload");
  const listed = childrenOf(root, "Part").map((part) => ({
    partNumber: childNumber(part, "PartNumber"),
    etag: quoted(childText(part, "ETag") ?? ""),
  }));
  if (listed.length === 0 || listed.some(({ partNumber }) => Number.isNaN(partNumber))) throw malformed();
  if (listed.some(({ partNumber }, at) => at > 0 && partNumber <= (listed[at - 1]?.partNumber ?? 0)))
    throw new Refusal(
      "InvalidPartOrder",
      "The list of parts was not in ascending order. Parts must be ordered by part number.",
    );
  const upload = await store.resumeMultipartUpload(key, uploadId);
  await checkWhole(call, upload, root);
  const begun = { ...upload.state(), ...writeConditions(headers) };
  const conditional = await store.resumeMultipartUpload(key, begun);
  const { etag } = await knowing(conditional.complete(listed, { signal })).catch((error: unknown) => {
    if (hasCode(error, "invalid-option"))
      throw new Refusal("InvalidPart", "One or more of the specified parts could not be found, or has another ETag.", {
        cause: error,
      });
    throw error;
  });
  const { origin, pathname } = new URL(request.url);
  const document = [
    ["Location", origin + pathname],
    ["Bucket", bucket],
    ["Key", key],
    ["ETag", etag],
  ] as const;
  return xml(["CompleteMultipartUploadResult", document]);
}

/** AbortMultipartUpload: also of one that is over. */
export async function abortUpload({ store, key, signal }: Call, uploadId: string): Promise<Response> {
  await (await store.resumeMultipartUpload(key, uploadId)).abort({ signal });
  return new Response(null, { status: 204 });
}

/** ListParts. */
export async function listParts(call: Call, uploadId: string): Promise<Response> {
  const { store, bucket, key, query, signal } = call;
  const upload = await store.resumeMultipartUpload(key, uploadId);
  const after = Number(query.get("part-number-marker") ?? 0);
  const most = limitOf(query.get("max-parts"));
  const left = (await knowing(upload.parts({ signal }))).filter(({ partNumber }) => partNumber > after);
  const page = left.slice(0, most);
  const document: Markup[] = [
    ...nameOf(query, { Bucket: bucket, Key: key }),
    ["UploadId", uploadId],
    ...owner(["Initiator", "Owner"]),
    ["StorageClass", "STANDARD"],
    ["PartNumberMarker", String(after)],
    ["NextPartNumberMarker", String(page.at(-1)?.partNumber ?? 0)],
    ["MaxParts", String(most)],
    ["IsTruncated", String(left.length > page.length)],
  ];
  for (const { partNumber, etag, size } of page)
    document.push([
      "Part",
      [
        ["PartNumber", String(partNumber)],
        ["LastModified", iso(undefined)],
        ["ETag", etag],
        ["Size", String(size)],
      ],
    ]);
  return xml(["ListPartsResult", document]);
}

/** Holds a checksum of the whole object against those of the parts, each of which was checked when its part came. */
async function checkWhole({ headers, signal }: Call, upload: MultipartUpload, root: Element): Promise<void> {
  const [header, expected] = [...headers].find(([name]) => /^x-amz-checksum-(crc|sha)/.test(name)) ?? [];
  if (header === undefined || /-\d+$/.test(expected ?? "")) return;
  const algorithm = algorithmOf(header.replace("x-amz-checksum-", ""));
  if (!algorithm?.combine)
    throw new Refusal("NotImplemented", "A checksum of the whole object can be CRC32, CRC32C or CRC64NVME.");
  const sizes = new Map((await knowing(upload.parts({ signal }))).map(({ partNumber, size }) => [partNumber, size]));
  let value: string | undefined;
  for (const part of childrenOf(root, "Part")) {
    const own = childText(part, `Checksum${algorithm.name}`);
    if (!own)
      throw new Refusal("InvalidRequest", `The parts need Checksum${algorithm.name} beside a checksum of the whole.`);
    const size = sizes.get(childNumber(part, "PartNumber")) ?? 0;
    value = value === undefined ? own : algorithm.combine(value, own, size);
  }
  if (value !== expected)
    throw new Refusal("BadDigest", `The ${algorithm.name} you specified did not match what we received.`);
}

/** Says of an upload that is over what S3 says of it. */
async function knowing<T>(outcome: Promise<T>): Promise<T> {
  try {
    return await outcome;
  } catch (error) {
    if (!hasCode(error, "not-found")) throw error;
    const said = "The specified upload does not exist. It may have been aborted or completed.";
    throw new Refusal("NoSuchUpload", said, { cause: error });
  }
}

/** A document that must have this root. */
export function read(text: string, name: string): Element {
  try {
    const root = readXml(text);
    if (root.name === name) return root;
  } catch {
    // Whatever is wrong with it is the client's.
  }
  throw malformed();
}

function malformed(): Refusal {
  return new Refusal(
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
}
