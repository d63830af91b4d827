/** The URLs of requests, encoded as SigV4 wants it. */
import { encodePath } from "../key.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";

/** Where a bucket answers: all of its URLs before the key. */
export interface Address {
  readonly origin: string;
  /** Begins and ends with `/`. */
  readonly path: string;
}

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** A URL and its path, which must not change when the URL is parsed. */
export interface ObjectUrl {
  readonly url: string;
  readonly path: string;
}

/** The URL of an object, or of the bucket when the key is empty. */
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
