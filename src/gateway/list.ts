/**
 * Lists objects.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import type { Page } from "../listing.ts";
import { compareKeys } from "../key.ts";
import type { Markup } from "../s3/xml.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";
import { type Call, iso, xml } from "./call.ts";
import { encoded, limitOf, nameOf, optional, owner, type Query } from "./page.ts";
import { Refusal } from "./refusal.ts";

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
      ...optional(query, "StartAfter", after),
      ["KeyCount", String(count)],
      ["MaxKeys", String(asked.limit)],
      ["IsTruncated", String(page.cursor !== undefined)],
      ...(token === undefined ? [] : [["ContinuationToken", token] as const]),
      ...(page.cursor === undefined ? [] : [["NextContinuationToken", encodeRfc3986(page.cursor)] as const]),
      ...entries(query, page, query.get("fetch-owner") === "true"),
    ],
  ]);
}

/** Decodes a token: the cursor in it is encoded, since it may hold a key with characters that XML cannot carry. */
function cursorOf(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch (error) {
    throw new Refusal("InvalidArgument", "The continuation token provided is incorrect", { cause: error });
  }
}

/** ListObjects, version 1, whose pages start after a key instead of at a cursor. */
export async function listObjectsV1(call: Call): Promise<Response> {
  const { query, bucket } = call;
  const asked = askedOf(query);
  const marker = query.get("marker");
  const page = await pageOf(call, asked, { after: marker });
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
      ...(page.cursor === undefined ? [] : optional(query, "NextMarker", last)),
      ...entries(query, page, true),
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
  return { prefix, delimiter, limit: limitOf(query, "max-keys") };
}

interface From {
  readonly cursor?: string;
  readonly after?: string | undefined;
}

async function pageOf({ store, signal }: Call, { prefix, delimiter, limit }: Asked, from: From): Promise<Page> {
  // `list` requires a limit of at least 1.
  if (limit === 0) return { objects: [], prefixes: [] };
  const { cursor, after } = from;
  const inside = after?.startsWith(prefix);
  // `after` lies behind all keys with the prefix. If it lies before them, it has no effect.
  if (after !== undefined && !inside && compareKeys(after, prefix) > 0) return { objects: [], prefixes: [] };
  const startAfter = inside ? after : undefined;
  for await (const page of store.list({ prefix, delimiter, limit, cursor, startAfter, signal }).pages()) {
    // An empty page is skipped: version 1 could not say where the next one starts.
    if (page.objects.length + page.prefixes.length > 0) return page;
  }
  return { objects: [], prefixes: [] };
}

function head(query: Query, { prefix, delimiter }: Asked): Markup[] {
  return [["Prefix", encoded(query, prefix)], ...optional(query, "Delimiter", delimiter)];
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
