/** A request as S3 reads it: bucket, key and query decoded, and the text that its signature covers. */
import { utf8 } from "../bytes.ts";
import { encodePath } from "../key.ts";
import { encodeRfc3986 } from "../sigv4/encode.ts";
import { Refusal } from "./refusal.ts";

/** A request before anybody knows who sent it. */
export interface Received {
  readonly method: string;
  /** As the client wrote it. */
  readonly host: string;
  /** As it is signed: decoded and encoded again, as S3 does. */
  readonly path: string;
  /** Scheme and host of it, as the client has them. */
  readonly origin: string;
  /** Empty for a request on the endpoint. */
  readonly bucket: string;
  /** Empty for a request on the bucket. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** All parameters as they are signed, in the order of the request. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
  readonly headers: Headers;
  readonly request: Request;
}

/** Where clients find the endpoint, where that is not the address that requests arrive with. */
export interface Endpoint {
  /** With its colon. */
  readonly scheme: string;
  readonly host: string;
  /** Of what is before the bucket, without a `/` at its end. */
  readonly path: string;
}

/** Reads a request's head. `endpoint` is what the options name; its host may stand behind the bucket's name. */
export function receive(request: Request, buckets: string, endpoint: Endpoint | undefined): Received {
  const { method, headers } = request;
  // Servers hand on whatever host a client has written, such as one with the port 99999.
  if (!URL.canParse(request.url)) throw new URIError();
  const url = new URL(request.url);
  const arrived = headers.get("host") ?? url.host;
  const inHost = endpoint !== undefined && sameHost(arrived, `${buckets}.${endpoint.host}`);
  const host = endpoint === undefined || inHost ? arrived : endpoint.host;
  const path = decodeURIComponent(url.pathname);
  const parameters = parametersOf(url.search);
  const origin = `${endpoint?.scheme ?? url.protocol}//${host}`;
  const common = { method, host, path: encodePath(path), origin, parameters, headers, request };
  const query = new Map(parameters);
  // Signatures say nothing of their order, so that whoever sends a signed request on could choose which of them counts.
  if (query.size < parameters.length)
    throw new Refusal("InvalidArgument", "Each parameter of the query can be there once.");
  if (inHost) return { ...common, query, bucket: buckets, key: path.slice(1) };
  const before = endpoint?.path ?? "";
  if (path !== before && !path.startsWith(`${before}/`))
    throw new Refusal("InvalidURI", `This endpoint is below ${before}/.`);
  const [, bucket = "", key = ""] = /^\/?([^/]*)\/?([^]*)$/.exec(path.slice(before.length)) ?? [];
  return { ...common, query, bucket, key };
}

/** The parameters as text to be signed, without the signature itself. */
export function searchOf({ parameters }: Pick<Received, "parameters">): string {
  return parameters
    .filter(([name]) => name !== "X-Amz-Signature")
    .map(([name, value]) => `${encodeRfc3986(name)}=${encodeRfc3986(value)}`)
    .join("&");
}

/** A header's value as its sender wrote it. Whoever writes other text than ASCII mostly means UTF-8, each byte of which is a character here. */
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
