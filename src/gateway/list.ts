/**
 * Lists of objects and of uploads.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import type { Page } from "../listing.ts";
import { compareKeys } from "../key.ts";
import type { Markup } from "../s3/xml.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";
import type { PendingUpload } from "../uploaded.ts";
import { type Call, iso, xml } from "./call.ts";
import { Refusal } from "./refusal.ts";

const MOST = 1000;
type Query = Call["query"];

/** ListObjectsV2. */
export async function listObjects(call: Call): Promise<Response> {
  const { query, bucket } = call;
  const asked = askedOf(query);
  const token = query.get("continuation-token");
  const after = query.get("start-after");
  const page = await pageOf(call, asked, token === undefined ? { after } : { cursor: cursorOf(token) });
  const count = page.objects.length + page.prefixes.length;
  return xml([
    "ListBucketResult",
    [
      ...nameOf(query, { Name: bucket }),
      ...head(query, asked),
      ...optional("StartAfter", after, query),
      ["KeyCount", String(count)],
      ["MaxKeys", String(asked.limit)],
      ["IsTruncated", String(page.cursor !== undefined)],
      ...(token === undefined ? [] : [["ContinuationToken", token] as const]),
      ...(page.cursor === undefined ? [] : [["NextContinuationToken", encodeRfc3986(page.cursor)] as const]),
      ...entries(query, page, query.get("fetch-owner") === "true"),
    ],
  ]);
}

/** A cursor may hold a key, and a key what no document can: its token does not. */
function cursorOf(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch (error) {
    throw new Refusal("InvalidArgument", "The continuation token provided is incorrect", { cause: error });
  }
}

/** ListObjects, the first version, whose pages begin behind a key. */
export async function listObjectsV1(call: Call): Promise<Response> {
  const { query, bucket } = call;
  const asked = askedOf(query);
  const marker = query.get("marker");
  const page = await pageOf(call, asked, { after: pastGroup(marker, asked.delimiter) });
  const last = [page.objects.at(-1)?.key, page.prefixes.at(-1)]
    .filter((name) => name !== undefined)
    .sort(compareKeys)
    .at(-1);
  return xml([
    "ListBucketResult",
    [
      ...nameOf(query, { Name: bucket }),
      ...head(query, asked),
      ["Marker", encoded(query, marker ?? "")],
      ["MaxKeys", String(asked.limit)],
      ["IsTruncated", String(page.cursor !== undefined)],
      ...(page.cursor === undefined ? [] : optional("NextMarker", last, query)),
      ...entries(query, page, true),
    ],
  ]);
}

/** ListMultipartUploads. */
export async function listUploads(call: Call): Promise<Response> {
  const { store, query, bucket, signal } = call;
  const prefix = query.get("prefix") ?? "";
  if (query.get("delimiter")) throw new Refusal("NotImplemented", "Uploads are listed without a delimiter here.");
  const most = limitOf(query.get("max-uploads"));
  const [keyMarker, idMarker] = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
  const page: PendingUpload[] = [];
  let more = false;
  let passed = keyMarker === "" || idMarker === "";
  for await (const upload of store.listUploads({ prefix, signal })) {
    const order = compareKeys(upload.key, keyMarker);
    if (order < 0 || (order === 0 && !passed) || (order === 0 && idMarker === "" && keyMarker !== "")) {
      // Uploads of one key come by age, not by id: those up to the marker were on the page before.
      if (order === 0 && upload.uploadId === idMarker) passed = true;
      continue;
    }
    if ((more = page.length === most)) break;
    page.push(upload);
  }
  const last = page.at(-1);
  return xml([
    "ListMultipartUploadsResult",
    [
      ...nameOf(query, { Bucket: bucket, KeyMarker: keyMarker }),
      ["UploadIdMarker", idMarker],
      ...optional("Prefix", prefix, query),
      ...(last && more
        ? [["NextKeyMarker", encoded(query, last.key)] as const, ["NextUploadIdMarker", last.uploadId] as const]
        : []),
      ["MaxUploads", String(most)],
      ["IsTruncated", String(more)],
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

interface Asked {
  readonly prefix: string;
  readonly delimiter: "/" | undefined;
  readonly limit: number;
}

function askedOf(query: Query): Asked {
  const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") || undefined];
  if (delimiter !== undefined && delimiter !== "/")
    throw new Refusal("NotImplemented", "The only delimiter here is /.");
  return { prefix, delimiter, limit: limitOf(query.get("max-keys")) };
}

async function pageOf(
  { store, signal }: Call,
  { prefix, delimiter, limit }: Asked,
  from: { readonly cursor?: string; readonly after?: string | undefined },
): Promise<Page> {
  // Nothing is asked for, which the list below has no word for.
  if (limit === 0) return { objects: [], prefixes: [] };
  const { cursor, after } = from;
  const inside = after?.startsWith(prefix);
  // Behind all that begins with the prefix, or before it.
  if (after !== undefined && !inside && compareKeys(after, prefix) > 0) return { objects: [], prefixes: [] };
  const startAfter = inside ? after : undefined;
  const pages = store.list({ prefix, delimiter, limit, cursor, startAfter, signal }).pages();
  const { value } = await pages.next();
  return value ?? { objects: [], prefixes: [] };
}

/** A marker that ends a page with a group stands for all of the group. */
function pastGroup(marker: string | undefined, delimiter: string | undefined): string | undefined {
  if (!marker || delimiter === undefined || !marker.endsWith(delimiter)) return marker;
  // No key is longer, and no character comes behind this one.
  const room = 1024 - new TextEncoder().encode(marker).byteLength;
  return marker + "\u{10FFFF}".repeat(Math.max(0, Math.floor(room / 4)));
}

/** How many entries a page is to have, 0 to 1000. */
export function limitOf(text: string | undefined): number {
  if (text === undefined || text === "") return MOST;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2 ** 31 - 1)
    throw new Refusal("InvalidArgument", "Provided max-keys not an integer or within integer range");
  return Math.min(Number(text), MOST);
}

function head(query: Query, { prefix, delimiter }: Asked): Markup[] {
  return [["Prefix", encoded(query, prefix)], ...optional("Delimiter", delimiter, query)];
}

function entries(query: Query, { objects, prefixes }: Page, owned: boolean): Markup[] {
  return [
    ...objects.map(({ key, lastModified, etag, size }): Markup => [
      "Contents",
      [
        ["Key", encoded(query, key)],
        ["LastModified", iso(lastModified)],
        ["ETag", etag],
        ["Size", String(size)],
        ["StorageClass", "STANDARD"],
        ...(owned ? owner(["Owner"]) : []),
      ],
    ]),
    ...prefixes.map((prefix): Markup => ["CommonPrefixes", [["Prefix", encoded(query, prefix)]]]),
  ];
}

/** Names that may be encoded, and whether they are. */
export function nameOf(query: Query, names: Readonly<Record<string, string>>): Markup[] {
  const type = query.get("encoding-type");
  if (type !== undefined && type !== "url")
    throw new Refusal("InvalidArgument", "Invalid Encoding Method specified in Request");
  const said = Object.entries(names).map(([name, value]): Markup => [name, encoded(query, value)]);
  return type === undefined ? said : [["EncodingType", type], ...said];
}

function encoded(query: Query, name: string): string {
  return query.get("encoding-type") === "url" ? encodeRfc3986(name).replaceAll("%2F", "/") : name;
}

function optional(name: string, value: string | undefined, query: Query): Markup[] {
  return value ? [[name, encoded(query, value)]] : [];
}

/** Whose all of this is: some clients ask. */
export function owner(names: readonly string[]): Markup[] {
  return names.map((name) => [
    name,
    [
      ["ID", "unbucket"],
      ["DisplayName", "unbucket"],
    ],
  ]);
}
