/** Turns headers of a request into options, and an object into headers of an answer. */
import type { ObjectHeaders } from "../backend.ts";
import type { ObjectInfo } from "../interface.ts";
import { isA } from "../kind.ts";
import { essenceOf } from "../media-type.ts";
import { emptyMetadata, headersOf, MAX_METADATA_BYTES, sent } from "../options.ts";
import { isShowable } from "../respond/headers.ts";
import { decodeValue, META, NAMES, toRequestHeaders } from "../s3/headers.ts";
import { toUtf8 } from "../utf8.ts";
import { type Received, textOf } from "./received.ts";
import { Refusal } from "./refusal.ts";

/** The content type of an object that is sent without one, as on S3. */
export const UNTYPED = "binary/octet-stream";

/** The `x-amz-` headers that are understood, or safe to ignore. All others are refused. */
const KNOWN_HEADERS =
  /^x-amz-(date|content-sha256|security-token|decoded-content-length|trailer|user-agent|api-version|request-payer|meta-.+|checksum-.+|sdk-checksum-algorithm|metadata-directive|tagging-directive|copy-source(-if-.+|-range)?|acl|storage-class|mp-object-size|object-ownership|optional-object-attributes|id-2|request-id)$/;

/** The same for the fields of a form. */
const KNOWN_FIELDS = /^x-amz-(algorithm|credential|date|security-token|signature|meta-.+|acl|storage-class)$/;

const ACLS = ["private", "bucket-owner-full-control", "bucket-owner-read"];

/** Query parameters that belong to the signature. */
const SIGNING = /^x-amz-(algorithm|content-sha256|credential|date|expires|security-token|signature|signedheaders)$/;
/**
 * The CRC32 of no bytes. The AWS SDK for JavaScript presigns it for a body that it does not know yet, and S3 ignores
 * it.
 */
const UNKNOWN_BODY = "AAAAAA==";

/** The headers of a signed request, with those that its signer has put into the query, as in presigned URLs. */
export function allHeaders({ headers, query }: Received): Headers {
  let all = headers;
  for (const [parameter, text] of query) {
    const name = parameter.toLowerCase();
    if (!name.startsWith("x-amz-") || SIGNING.test(name)) continue;
    if (name === "x-amz-checksum-crc32" && text === UNKNOWN_BODY) continue;
    // A header value has one character per byte.
    const value = String.fromCharCode(...toUtf8(text));
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value) || !/^[\w-]+$/.test(name) || (all.get(name) ?? value) !== value)
      throw new Refusal("InvalidArgument", "A parameter of the query is no header, or another than the one beside it.");
    if (all === headers) all = new Headers(headers);
    all.set(name, value);
  }
  return all;
}

/** Refuses headers that ask for what is not implemented. */
export function checkHeaders(headers: Headers): void {
  for (const [name, value] of headers) {
    if (!name.startsWith("x-amz-")) continue;
    // Some clients send `false` for features that they do not ask for.
    if (!KNOWN_HEADERS.test(name) && value.toLowerCase() !== "false")
      throw unknown(`A header you provided implies functionality that is not implemented: ${name}`);
    checkValue(name, value);
  }
}

/** Refuses form fields that ask for what is not implemented. */
export function checkFields(fields: ReadonlyMap<string, string>): void {
  for (const [name, value] of fields) {
    if (name === "tagging" || (name.startsWith("x-amz-") && !KNOWN_FIELDS.test(name)))
      throw unknown(`A field you provided implies functionality that is not implemented: ${name.slice(0, 64)}`);
    checkValue(name === "acl" ? "x-amz-acl" : name, value);
  }
}

function checkValue(name: string, value: string): void {
  if (name === "x-amz-acl" && !ACLS.includes(value))
    throw new Refusal("AccessControlListNotSupported", "The bucket does not allow ACLs");
  // Sent with every request by the SDK for C++, and so by Apache Arrow. There is one version of the interface.
  if (name === "x-amz-api-version" && value !== "2006-03-01")
    throw unknown("The only version of the API is 2006-03-01.");
  if (name === "x-amz-object-ownership" && value !== "BucketOwnerEnforced") throw unknown("The bucket has no ACLs.");
  if (name === "x-amz-storage-class" && value !== "STANDARD")
    throw new Refusal("InvalidStorageClass", "The storage class you specified is not valid; there is STANDARD alone");
}

function unknown(said: string): Refusal {
  return new Refusal("NotImplemented", said);
}

/** The options of an upload, from the headers of a request or the fields of a form. */
export function toOptions(headers: Iterable<readonly [string, string]>): ObjectHeaders {
  const options: Record<string, string> = {};
  const metadata = sent(emptyMetadata());
  const asText = isA(headers, "Headers") ? textOf : String;
  for (const [name, value] of headers) {
    const option = NAMES.find(([, header]) => header === name)?.[0];
    if (option && value !== "") options[option] = value;
    else if (name === "expires") throw new Refusal("NotImplemented", "Expires is not kept here; use Cache-Control");
    else if (name.startsWith(META)) metadata[name.slice(META.length)] = decodeValue(asText(value));
  }
  const sizes = Object.entries(metadata).map((entry) => toUtf8(entry.join("")).byteLength);
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_METADATA_BYTES)
    throw new Refusal("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
  // `aws-chunked` is the framing of the request, not an encoding of the object.
  const encoding = options["contentEncoding"]
    ?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "aws-chunked");
  return headersOf({
    ...options,
    contentType: options["contentType"] ?? UNTYPED,
    contentEncoding: encoding?.join(", ") || undefined,
    metadata,
  });
}

/** The headers of an answer about an object. Those in `shown` replace stored ones. */
export function toHeaders(info: ObjectInfo, shown: ObjectHeaders = {}): Headers {
  const headers = validators(info);
  const stored = { ...headersOf(info), ...shown };
  for (const [name, value] of Object.entries(toRequestHeaders(stored))) setText(headers, name, value);
  // Not encoded as in signed requests, since not every client decodes: so only values are sent that need no encoding.
  for (const [name, value] of Object.entries(stored.metadata ?? {}))
    if (/^[!-~]+( +[!-~]+)*$/.test(value) && !value.includes("=?")) headers.set(META + name, value);
  if (info.missingMetadata) headers.set("x-amz-missing-meta", String(info.missingMetadata));
  headers.set("accept-ranges", "bytes");
  headers.set("x-content-type-options", "nosniff");
  // If the endpoint shares its origin with an app, scripts in an uploaded page would act for the app. Not for PDF: its
  // scripts are confined to the viewer, which a sandbox would keep from showing it.
  if (!isShowable(stored.contentType) && essenceOf(stored.contentType ?? "") !== "application/pdf")
    headers.set("content-security-policy", "default-src 'none'; sandbox");
  return headers;
}

/** The headers of a 304. */
export function validators({ etag, lastModified, cacheControl }: ObjectInfo): Headers {
  const headers = new Headers();
  setText(headers, "etag", etag);
  setText(headers, "last-modified", lastModified?.toUTCString());
  setText(headers, "cache-control", cacheControl);
  return headers;
}

/** Sets a header, unless the value cannot be one: a folder can hold text that HTTP cannot carry. */
function setText(headers: Headers, name: string, value: string | undefined): void {
  if (value !== undefined && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) headers.set(name, value);
}
