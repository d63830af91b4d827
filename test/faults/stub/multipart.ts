/** Multipart uploads: their six operations. */
import { createHash } from "node:crypto";
import { documentOf, empty, escaped, Refused, type StubAnswer } from "./answer.ts";
import { checkChecksums, checkWrite, keptHeaders, sourceOf, type StubCall, written } from "./call.ts";
import { result, unescaped } from "./objects.ts";
import { etagOf, type StubUpload } from "./world.ts";

const MIN_PART = 5 * 1024 * 1024;
const MAX_PARTS = 10_000;

/** CreateMultipartUpload. */
export function createUpload(call: StubCall): StubAnswer {
  checkChecksums(call);
  const { world, key, headers } = call;
  const { id } = world.begin(key, keptHeaders(headers));
  const inner = `<Bucket>${world.bucket}</Bucket><Key>${escaped(key)}</Key><UploadId>${escaped(id)}</UploadId>`;
  return documentOf("InitiateMultipartUploadResult", inner);
}

/** UploadPart: a part that is sent again replaces the one before. */
export function uploadPart(call: StubCall): StubAnswer {
  checkChecksums(call);
  const { world } = call;
  const etag = keep(call, call.body);
  return empty(200, world.switches.omitEtag ? {} : { etag: written(etag, world) });
}

/** UploadPartCopy. */
export function uploadPartCopy(call: StubCall): StubAnswer {
  const { body } = sourceOf(call);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(call.headers["x-amz-copy-source-range"] ?? "") ?? [];
  const piece = first === undefined ? body : body.subarray(Number(first), Number(last) + 1);
  const etag = keep(call, piece);
  return documentOf("CopyPartResult", result({ etag, modified: call.world.now }, call));
}

function keep(call: StubCall, body: Buffer): string {
  const number = Number(call.query.get("partNumber"));
  if (!Number.isInteger(number) || number < 1 || number > MAX_PARTS)
    throw new Refused(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive");
  const etag = etagOf(body);
  uploadOf(call).parts.set(number, { body, etag, modified: call.world.now });
  return etag;
}

/** CompleteMultipartUpload. */
export function completeUpload(call: StubCall): StubAnswer {
  const { world, key } = call;
  const upload = uploadOf(call);
  try {
    checkWrite(call);
  } catch (error) {
    if (world.switches.failedCompleteDestroys) world.uploads.delete(upload.id);
    throw error;
  }
  const listed = [...call.body.toString("utf8").matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => ({
    number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
    etag: unescaped(/<ETag>([^<]*)<\/ETag>/.exec(part)?.[1] ?? ""),
  }));
  if (listed.length === 0) throw new Refused(400, "MalformedXML", "no parts");
  if (listed.some(({ number }, index) => index > 0 && number <= (listed[index - 1]?.number ?? 0)))
    throw new Refused(400, "InvalidPartOrder", "The list of parts was not in ascending order.");
  const parts = listed.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (!part || part.etag.replaceAll('"', "") !== etag.replace(/^W\//, "").replaceAll('"', ""))
      throw new Refused(400, "InvalidPart", "One or more of the specified parts could not be found.");
    return part.body;
  });
  const inner = parts.slice(0, -1);
  if (inner.some(({ length }) => length < (world.switches.minPart ?? MIN_PART)))
    throw new Refused(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.");
  if (world.switches.equalParts && new Set(inner.map(({ length }) => length)).size > 1)
    throw new Refused(400, "InvalidPart", "All non-trailing parts must have the same length.");
  const digests = parts.map((part) => createHash("md5").update(part).digest());
  const etag = `"${createHash("md5").update(Buffer.concat(digests)).digest("hex")}-${parts.length}"`;
  world.uploads.delete(upload.id);
  const made = world.store(key, Buffer.concat(parts), upload.headers, etag);
  const tag = `<ETag>${escaped(written(made.etag, world))}</ETag>`;
  return documentOf("CompleteMultipartUploadResult", `<Key>${escaped(key)}</Key>${tag}`);
}

/** AbortMultipartUpload. */
export function abortUpload(call: StubCall): StubAnswer {
  call.world.uploads.delete(uploadOf(call).id);
  return empty(204);
}

/** ListParts, a page at a time. */
export function listParts(call: StubCall): StubAnswer {
  const upload = uploadOf(call);
  const after = Number(call.query.get("part-number-marker") ?? 0);
  const most = Number(call.query.get("max-parts") ?? 1000);
  const numbers = [...upload.parts.keys()].sort((a, b) => a - b).filter((number) => number > after);
  const page = numbers.slice(0, most);
  const parts = page.map((number) => {
    const { body, etag, modified } = upload.parts.get(number) ?? { body: Buffer.alloc(0), etag: "", modified: 0 };
    const date = new Date(modified).toISOString();
    const tag = escaped(written(etag, call.world));
    return `<Part><PartNumber>${number}</PartNumber><LastModified>${date}</LastModified><ETag>${tag}</ETag><Size>${body.length}</Size></Part>`;
  });
  const goesOn = numbers.length > page.length;
  const next = goesOn ? `<NextPartNumberMarker>${page.at(-1)}</NextPartNumberMarker>` : "";
  const id = `<UploadId>${escaped(upload.id)}</UploadId>`;
  return documentOf("ListPartsResult", `${id}<IsTruncated>${goesOn}</IsTruncated>${next}${parts.join("")}`);
}

/** ListMultipartUploads, a page at a time. */
export function listUploads({ world, query }: StubCall): StubAnswer {
  const prefix = query.get("prefix") ?? "";
  const most = Number(query.get("max-uploads") ?? 1000);
  const name = ({ key, id }: StubUpload): string => `${key}\n${id}`;
  const [keyMarker, idMarker] = [query.get("key-marker"), query.get("upload-id-marker")];
  const after = keyMarker === undefined ? "" : `${keyMarker}\n${idMarker ?? "\uFFFF"}`;
  const all = [...world.uploads.values()].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  const open = all.filter((upload) => upload.key.startsWith(prefix) && name(upload) > after);
  const page = open.slice(0, most);
  const encode = query.get("encoding-type") === "url" ? encodeURIComponent : escaped;
  const uploads = page.map(
    ({ key, id, begun }) =>
      `<Upload><Key>${encode(key)}</Key><UploadId>${escaped(id)}</UploadId><Initiated>${new Date(begun).toISOString()}</Initiated></Upload>`,
  );
  const goesOn = open.length > page.length;
  const last = page.at(-1);
  const next =
    goesOn && last
      ? `<NextKeyMarker>${encode(last.key)}</NextKeyMarker><NextUploadIdMarker>${escaped(last.id)}</NextUploadIdMarker>`
      : "";
  const encoding = query.get("encoding-type") === "url" ? "<EncodingType>url</EncodingType>" : "";
  return documentOf(
    "ListMultipartUploadsResult",
    `${encoding}<IsTruncated>${goesOn}</IsTruncated>${next}${uploads.join("")}`,
  );
}

function uploadOf({ world, key, query }: StubCall): StubUpload {
  const upload = world.uploads.get(query.get("uploadId") ?? "");
  if (upload?.key === key) return upload;
  throw new Refused(404, "NoSuchUpload", "The specified multipart upload does not exist.");
}
