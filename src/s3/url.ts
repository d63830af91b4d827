/** From bucket address, key and query to a URL in which every byte is encoded as SigV4 wants it. */
import { encodePath } from "../key.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";

/** Where the bucket answers: everything before the key. */
export interface Address {
  readonly origin: string;
  /** Begins and ends with `/`. */
  readonly path: string;
}

/** Query parameters; undefined ones are left out, names occur once. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** A URL with the path that it must still have after URL parsing. */
export interface ObjectUrl {
  readonly url: string;
  readonly path: string;
}

/** The URL of an object, or with an empty key of the bucket. */
export function objectUrl(address: Address, key: string, query: Query = {}): ObjectUrl {
  const path = address.path + encodePath(key);
  let url = address.origin + path;
  let mark = "?";
  for (const name in query) {
    if (query[name] === undefined) continue;
    url += `${mark}${encodeRfc3986(name)}=${encodeRfc3986(String(query[name]))}`;
    mark = "&";
  }
  return { url, path };
}
