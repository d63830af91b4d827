/**
 * ListObjectsV2.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
 */
import type { ListPage, ListPageOptions } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { following } from "../../src/pages.ts";
import { childFlag, childNumber, childrenOf, childText, type Element } from "../../src/s3/xml.ts";
import type { Client } from "./client.ts";
import { toDate, toEtag } from "./headers.ts";

/** One page; keys and prefixes come without the driver's base. */
export async function listObjects(client: Client, options: ListPageOptions): Promise<ListPage> {
  const { limit, cursor, startAfter } = options;
  const { base } = client.settings;
  let page = await pageOf(client, options, startAfter && base + startAfter);
  // A first page of one entry that is the object whose key is the prefix: MinIO then says that nothing follows, unless it is told where to
  // start. So it is asked again, from `!` on, which sorts before such prefixes. Not at once: from a start before the prefix Garage lists nothing.
  const mayEndEarly = limit === 1 && !cursor && !startAfter && /^[^\0-!/]/.test(base + options.prefix);
  if (mayEndEarly && page.cursor === undefined && page.objects[0]?.key === options.prefix) {
    const again = await pageOf(client, options, "!");
    if (again.objects.length + again.prefixes.length > 0) page = again;
  }
  // The marker that some tools make for the base as a folder has an empty key, which no verb here could name.
  return { ...page, objects: page.objects.filter(({ key }) => key !== "") };
}

async function pageOf(client: Client, options: ListPageOptions, start: string | undefined): Promise<ListPage> {
  const { base } = client.settings;
  const { delimiter, limit, cursor, signal } = options;
  const query = {
    "list-type": 2,
    // Keys may have characters that XML cannot hold.
    "encoding-type": "url",
    prefix: base + options.prefix || undefined,
    delimiter,
    "max-keys": limit,
    "start-after": start || undefined,
    "continuation-token": cursor,
  };
  const root = await client.document({ method: "GET", query, signal }, "ListBucketResult");
  const names = namesOf(root, base, options.prefix);
  return {
    objects: childrenOf(root, "Contents").map((entry) => ({ key: names.relative(entry, "Key"), ...toListed(entry) })),
    prefixes: childrenOf(root, "CommonPrefixes").map((entry) => names.relative(entry, "Prefix")),
    cursor: following(childFlag(root, "IsTruncated"), childText(root, "NextContinuationToken")),
  };
}

/** How a listing writes names. */
export interface Names {
  decode(text: string): string;
  /** The name in an entry, without the driver's base. */
  relative(entry: Element, what: "Key" | "Prefix"): string;
}

/** Reads the names of a listing below `base` and `prefix`. They are decoded only when the store says that it has encoded them. */
export function namesOf(root: Element, base: string, prefix: string): Names {
  const decode = childText(root, "EncodingType") === "url" ? decodeUrl : (text: string) => text;
  return {
    decode,
    relative(entry, what) {
      const name = decode(childText(entry, what) ?? "");
      if (!name) throw without(what);
      if (!name.startsWith(base + prefix))
        throw new StorageError("corrupt", "the store listed a key outside the prefix");
      return name.slice(base.length);
    },
  };
}

/** The error of a listing with an entry that lacks something: left out, the entry's object would look absent. */
export function without(what: string): StorageError {
  return new StorageError("corrupt", `the store listed an entry without ${what}`);
}

function toListed(entry: Element): { size: number; etag: string; lastModified: Date } {
  const size = childNumber(entry, "Size");
  const lastModified = toDate(childText(entry, "LastModified"));
  if (!Number.isSafeInteger(size) || !lastModified) throw without("Size or LastModified");
  return { size, etag: toEtag(childText(entry, "ETag")), lastModified };
}

/** Some servers write a space as `+`, others as `%20`; a plus itself always comes as `%2B`. */
function decodeUrl(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (cause) {
    throw new StorageError("corrupt", "the store listed a key that cannot be decoded", { cause });
  }
}
