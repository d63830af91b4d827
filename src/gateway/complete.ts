/**
 * Completes a multipart upload.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
import type { StoredPart } from "../backend.ts";
import type { ChecksumAlgorithm } from "../checksum/algorithm.ts";
import { hasCode } from "../error.ts";
import type { MultipartUpload } from "../interface.ts";
import { MIN_PART } from "../plan.ts";
import { fromBase64 } from "../utf8.ts";
import { childNumber, childrenOf, childText, type Element } from "../s3/xml.ts";
import { type Call, xml } from "./call.ts";
import { documentOf, malformed, understood } from "./document.ts";
import { refusingUnknown, uploadOf } from "./multipart.ts";
import { quoted, writeConditions } from "./object.ts";
import { algorithmIn, checksumsIn } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/** A part as the completion lists it. */
interface Named {
  readonly partNumber: number;
  readonly etag: string;
  readonly element: Element;
}

/** CompleteMultipartUpload. */
export async function completeUpload(call: Call, uploadId: string): Promise<Response> {
  const { store, bucket, key, headers, origin, path } = call;
  const named = partsOf(await documentOf(call, "CompleteMultipartUpload", withoutChecksums(headers)));
  const upload = await uploadOf(call, uploadId);
  await checkParts(call, upload, named);
  const begun = { ...upload.state(), ...writeConditions(headers) };
  const conditional = await store.resumeMultipartUpload(key, begun);
  const list = named.map(({ partNumber, etag }) => ({ partNumber, etag }));
  const { etag } = await refusingUnknown(conditional.complete(list)).catch((error: unknown) => {
    throw hasCode(error, "invalid-option") ? invalidPart(error) : error;
  });
  const document = [
    ["Location", origin + path],
    ["Bucket", bucket],
    ["Key", key],
    ["ETag", etag],
  ] as const;
  return xml(["CompleteMultipartUploadResult", document]);
}

/** The headers without checksums: in this request those are of the object, not of the document that is sent. */
function withoutChecksums(headers: Headers): Headers {
  const others = new Headers(headers);
  for (const [name] of checksumsIn(headers)) others.delete(name);
  return others;
}

function partsOf(root: Element): readonly Named[] {
  const named = childrenOf(root, "Part").map((element): Named => {
    const [partNumber, etag] = [childNumber(element, "PartNumber"), childText(element, "ETag")];
    if (Number.isNaN(partNumber) || !etag) throw malformed();
    return { partNumber, etag: quoted(etag.trim()), element };
  });
  if (named.length === 0) throw malformed();
  if (named.some(({ partNumber }, at) => at > 0 && partNumber <= (named[at - 1]?.partNumber ?? 0)))
    throw new Refusal(
      "InvalidPartOrder",
      "The list of parts was not in ascending order. Parts must be ordered by part number.",
    );
  return named;
}

/** Checks the listed parts, and size and checksum of the object, against the stored parts, if the store lists them. */
async function checkParts({ headers }: Call, upload: MultipartUpload, named: readonly Named[]): Promise<void> {
  const checksums = checksumsIn(headers);
  const expected = headers.get("x-amz-mp-object-size");
  const stored = await storedParts(upload);
  // The upload is over. The store knows whether this repeats its completion.
  if (stored === "over") return;
  if (stored === "unlisted") {
    if (checksums.length === 0 && expected === null) return;
    throw new Refusal("NotImplemented", "The store behind this endpoint does not tell the sizes of parts.");
  }
  const sizes = new Map(stored.map(({ partNumber, etag, size }) => [`${partNumber} ${etag}`, size]));
  const parts = named.map((part) => {
    const size = sizes.get(`${part.partNumber} ${part.etag}`);
    if (size === undefined) throw invalidPart();
    return { ...part, size };
  });
  for (const { partNumber, etag, size } of parts.slice(0, -1)) {
    if (size >= MIN_PART) continue;
    const elements = { ProposedSize: size, MinSizeAllowed: MIN_PART, PartNumber: partNumber, ETag: etag };
    throw new Refusal("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", {
      elements: Object.fromEntries(Object.entries(elements).map(([name, value]) => [name, String(value)])),
    });
  }
  const total = parts.reduce((sum, { size }) => sum + size, 0);
  if (expected !== null && expected !== String(total))
    throw new Refusal("InvalidRequest", "The provided 'x-amz-mp-object-size' header does not match what was computed.");
  for (const [name, value] of checksums) {
    const algorithm = algorithmIn(name);
    if (!algorithm) throw new Refusal("NotImplemented", `${name.slice(0, 64)} is not checked here.`);
    const own = parts.map(({ element }) => childText(element, `Checksum${algorithm.name}`) ?? "");
    if (own.includes(""))
      throw new Refusal("InvalidRequest", `The parts need Checksum${algorithm.name} beside a checksum of the whole.`);
    const { combine } = algorithm;
    const type = headers.get("x-amz-checksum-type");
    const computed: string[] = [];
    if (combine && type !== "COMPOSITE")
      computed.push(own.reduce((all, one, at) => combine(all, one, parts[at]?.size ?? 0)));
    // Without a type it is that of CreateMultipartUpload, which no store keeps, so both are tried.
    if (type !== "FULL_OBJECT") {
      const ofParts = await composite(algorithm, own);
      computed.push(ofParts, `${ofParts}-${own.length}`);
    }
    if (!computed.includes(value))
      throw new Refusal("BadDigest", `The ${algorithm.name} you specified did not match what we received.`);
  }
}

/** The checksum over the checksums of the parts. */
async function composite(algorithm: ChecksumAlgorithm, own: readonly string[]): Promise<string> {
  const hasher = algorithm.create();
  for (const value of own) await hasher.update(understood(() => fromBase64(value)));
  return hasher.digest();
}

async function storedParts(upload: MultipartUpload): Promise<readonly StoredPart[] | "over" | "unlisted"> {
  try {
    return await upload.parts();
  } catch (error) {
    if (hasCode(error, "not-found")) return "over";
    if (hasCode(error, "unsupported")) return "unlisted";
    throw error;
  }
}

function invalidPart(cause?: unknown): Refusal {
  const said = "One or more of the specified parts could not be found, or has another ETag.";
  return new Refusal("InvalidPart", said, { cause });
}
