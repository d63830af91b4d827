/** From an operation to the signed request that goes over the wire. */
import { sha256Hex } from "#digest";
import { type Identity, signHeaders } from "../../src/sigv4/sign.ts";
import type { HeaderMap } from "../../src/s3/headers.ts";
import { objectUrl, type Query } from "../../src/s3/url.ts";
import type { Settings } from "./settings.ts";
import type { WireRequest } from "./transport.ts";

/** One S3 operation before it is signed. */
export interface Operation {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Without the base; absent for an operation on the bucket. */
  readonly key?: string;
  readonly query?: Query;
  /** Lower-case names. All are signed except those that proxies rewrite. */
  readonly headers?: HeaderMap;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** Bytes that the store copies before it answers. */
  readonly copies?: number;
  /** Statuses other than 2xx that are an answer, not an error. */
  readonly accept?: readonly number[];
  /** A failure that stands for the first attempt: what is sent is its repetition, which waits and takes from the budget. */
  readonly failed?: unknown;
  /**
   * Whether a repetition may be refused because of our own success, when the answer to an earlier attempt was lost. Every refusal may be
   * such an echo; with `source`, which copies have, only one that is about the source.
   */
  readonly conditional?: boolean | "source";
}

/** By whom, for which region and at which time a request was signed. */
export interface Signed {
  readonly identity: Identity;
  readonly region: string;
  readonly url: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** The hash of no bytes, computed once. */
let emptyHash: string | undefined;
/** Proxies and CDNs change these headers on their way, so a signature over them would not hold. */
const UNSIGNED = ["range", "accept-encoding"];

/** The signed request of an operation, and what it was signed with. `again`: it repeats one that failed. */
export async function toRequest(
  settings: Settings,
  operation: Operation,
  identity: Identity,
  again = false,
): Promise<readonly [WireRequest, Signed]> {
  const { method, key, query, body, signal } = operation;
  const { region, address } = settings.whereabouts.site;
  const { url, path } = objectUrl(address, key === undefined ? "" : settings.base + key, query);
  const signed: Record<string, string> = {};
  const unsigned: Record<string, string> = {};
  for (const given of [settings.headers, operation.headers]) {
    for (const name in given) {
      const value = given[name];
      // An undefined header of the operation leaves the driver's own in place.
      if (value !== undefined) (UNSIGNED.includes(name) ? unsigned : signed)[name] = value;
    }
  }
  signed["x-amz-content-sha256"] = !body?.byteLength
    ? (emptyHash ??= await sha256Hex(new Uint8Array()))
    : settings.signPayload
      ? await sha256Hex(body)
      : "UNSIGNED-PAYLOAD";
  const time = settings.clock.now();
  const headers = await signHeaders({ method, url, path, headers: signed }, { identity, region, date: new Date(time) });
  for (const name in unsigned) headers[name] = unsigned[name] as string;
  if (method === "GET" || method === "HEAD") headers["accept-encoding"] = "identity";
  return [
    { method, url, headers, body, copies: operation.copies, once: again || !!operation.conditional, signal },
    { identity, region, url, time },
  ];
}
