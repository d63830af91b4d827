/** Reads the head of a request as S3 does: bucket, key and query, and the text that its signature covers. */
import { utf8 } from "../bytes.ts";
import { encodePath } from "../key.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";
import { Refusal } from "./refusal.ts";

/** A request that is not authenticated yet. */
export interface Received {
  readonly method: string;
  /** The host as the client wrote it. */
  readonly host: string;
  /** The path as it is signed: decoded and encoded again, as S3 does. */
  readonly path: string;
  /** Scheme and host as the client sees them. */
  readonly origin: string;
  /** Empty for a request on the endpoint. */
  readonly bucket: string;
  /** Empty for a request on the bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** The decoded parameters in the order of the request, to compute the signature. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly headers: Headers;
  readonly request: Request;
}

/** The address of the endpoint as clients see it. */
export interface Endpoint {
  /** With its colon, such as `https:`. */
  readonly scheme: string;
  readonly host: string;
  /** What precedes the bucket, without a `/` at its end. */
  readonly path: string;
}

/** Reads the head of a request. `endpoint` is that of the options; the bucket may be in its path or before its host. */
export function receive(request: Request, bucketName: string, endpoint: Endpoint | undefined): Received {
  const { method, headers } = request;
  // Servers pass on any host that a client has written, such as one with port 99999.
  if (!URL.canParse(request.url)) throw new URIError();
  const url = new URL(request.url);
  const arrived = headers.get("host") ?? url.host;
  const inHost = endpoint !== undefined && sameHost(arrived, `${bucketName}.${endpoint.host}`);
  const host = endpoint === undefined || inHost ? arrived : endpoint.host;
  const path = decodeURIComponent(url.pathname);
  const parameters = parametersOf(url.search);
  const origin = `${endpoint?.scheme ?? url.protocol}//${host}`;
  const common = { method, host, path: encodePath(path), origin, parameters, headers, request };
  const query = new Map(parameters);
  // A signature does not cover the order of parameters: of a repeated one an attacker could choose which counts.
  if (query.size < parameters.length)
    throw new Refusal("InvalidArgument", "Each parameter of the query can be there once.");
  if (inHost) return { ...common, query, bucket: bucketName, key: path.slice(1) };
  const before = endpoint?.path ?? "";
  if (path !== before && !path.startsWith(`${before}/`))
    throw new Refusal("InvalidURI", `This endpoint is below ${before}/.`);
  const [, bucket = "", key = ""] = /^\/?([^/]*)\/?([^]*)$/.exec(path.slice(before.length)) ?? [];
  return { ...common, query, bucket, key };
}

/** The query as it is signed: without the signature itself. */
export function searchOf({ parameters }: Pick<Received, "parameters">): string {
  return parameters
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
    .join("&");
}

/**
 * The text of a header. Its characters are bytes, which are decoded as UTF-8, as most senders mean them, if they are
 * valid.
 */
export function textOf(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) return value;
  return utf8([Uint8Array.from(value, (char) => char.charCodeAt(0))]) ?? value;
}

function parametersOf(search: string): [string, string][] {
  const pairs = search.slice(1).split("&").filter(Boolean);
  return pairs.map((pair) => {
    const [name = "", value = ""] = cut(pair).map((part) => decodeURIComponent(part.replaceAll("+", " ")));
    return [name, value];
  });
}

function cut(pair: string): [string, string] {
  const at = pair.indexOf("=");
  return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
}

function sameHost(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
