/** One object as an HTTP response, and errors as responses. */
import { hasCode, StorageError } from "./error.ts";
import type { DownloadedObject, ObjectInfo, ObjectStore } from "./interface.ts";
import { knownOptions } from "./options.ts";
import { evaluate, ifRangeHolds, storeConditions } from "./respond/conditions.ts";
import { contentDisposition } from "./respond/disposition.ts";
import { json, toResponse } from "./respond/error.ts";
import { objectHeaders, validatorHeaders, type RespondOptions } from "./respond/headers.ts";
import { parseRange } from "./respond/range.ts";
import { sized } from "./sized.ts";

export { contentDisposition, toResponse, type RespondOptions };

/** workerd compresses a body again that has a `content-encoding`, unless it is told that this was done; others ignore it. */
interface EncodedResponseInit extends ResponseInit {
  readonly encodeBody?: "manual";
}

/**
 * Answers GET and HEAD for one object: 200, 206, 304, 404, 412 or 416; 405 for other methods, 400 for an invalid key.
 *
 * The store is asked once, again only for a range that cannot be sent. What is not the client's doing rejects, so that
 * it can be logged: give it to {@link toResponse}. A wrong option rejects `invalid-option`, and so does a request of Node's
 * `http`, which is no `Request`.
 */
export async function respond(
  store: ObjectStore,
  key: string,
  request: Request,
  options: RespondOptions = {},
): Promise<Response> {
  knownOptions(options, { filename: 1, disposition: 1, cacheControl: 1, headers: 1, inline: 1 });
  if (!request?.headers.get)
    throw new StorageError("invalid-option", "this is no web Request; srvx makes one of Node's");
  if (request.method !== "GET" && request.method !== "HEAD") {
    const allow = new Headers(options.headers);
    allow.set("allow", "GET, HEAD");
    return json(405, "unsupported", `${request.method} is not possible here; use GET or HEAD.`, undefined, allow);
  }
  try {
    return request.method === "HEAD"
      ? await answerHead(store, key, request, options)
      : await answerGet(store, key, request, options);
  } catch (error) {
    return refusal(error, request, options);
  }
}

async function answerHead(
  store: ObjectStore,
  key: string,
  request: Request,
  options: RespondOptions,
): Promise<Response> {
  const info = await headOf(store, key, request);
  const early = withoutContent(info, request, options);
  return early ?? send(null, info.size, info, options);
}

async function answerGet(
  store: ObjectStore,
  key: string,
  request: Request,
  options: RespondOptions,
): Promise<Response> {
  const range = parseRange(request.headers.get("range"));
  if (range === "none") return answerUnsatisfied(store, key, request, options);
  const call = { ...storeConditions(request.headers), signal: request.signal };
  let object: DownloadedObject;
  try {
    object = await store.download(key, range === null ? call : { ...call, range });
  } catch (error) {
    if (range !== null && hasCode(error, "invalid-range")) return answerUnsatisfied(store, key, request, options);
    throw error;
  }
  const early = withoutContent(object, request, options);
  if (early !== null) {
    cancel(object);
    return early;
  }
  if (object.range !== undefined && !ifRangeHolds(request.headers, object)) {
    cancel(object);
    return answerWhole(store, key, request, options);
  }
  return send(object.body, object.contentLength, object, options, object.range);
}

/** No byte of the object is in the range: the conditions still come first, and a stale `If-Range` asks for all of it. */
async function answerUnsatisfied(
  store: ObjectStore,
  key: string,
  request: Request,
  options: RespondOptions,
): Promise<Response> {
  const info = await headOf(store, key, request);
  const early = withoutContent(info, request, options);
  if (early !== null) return early;
  if (!ifRangeHolds(request.headers, info)) return answerWhole(store, key, request, options);
  const headers = new Headers(options.headers);
  headers.set("content-range", `bytes */${info.size}`);
  headers.set("accept-ranges", "bytes");
  return json(416, "invalid-range", `The range is outside the object, which has ${info.size} bytes.`, key, headers);
}

async function answerWhole(
  store: ObjectStore,
  key: string,
  request: Request,
  options: RespondOptions,
): Promise<Response> {
  const object = await store.download(key, { signal: request.signal });
  const early = withoutContent(object, request, options);
  if (early !== null) cancel(object);
  return early ?? send(object.body, object.contentLength, object, options);
}

async function headOf(store: ObjectStore, key: string, request: Request): Promise<ObjectInfo> {
  const info = await store.head(key, { signal: request.signal });
  if (info === null) throw new StorageError("not-found", "there is no such object", { key });
  return info;
}

/** The answer 304 or 412 that the request's conditions ask for, or null. */
function withoutContent(info: ObjectInfo, request: Request, options: RespondOptions): Response | null {
  const verdict = evaluate(request.headers, info);
  if (verdict === "send") return null;
  if (verdict === "not-modified") return new Response(null, { status: 304, headers: validatorHeaders(info, options) });
  return refusal(
    new StorageError("precondition-failed", "a condition of the request does not hold", { key: info.key }),
    request,
    options,
  );
}

function send(
  body: ReadableStream<Uint8Array> | null,
  length: number,
  info: ObjectInfo,
  options: RespondOptions,
  range?: { readonly start: number; readonly end: number },
): Response {
  const headers = objectHeaders(info, options);
  headers.set("content-length", String(length));
  if (range !== undefined) {
    headers.set("content-range", `bytes ${range.start}-${range.end}/${info.size}`);
    // A part that a host compresses on its way is no part of the object any more (RFC 9111, 5.2.2.6).
    headers.append("cache-control", "no-transform");
  }
  const init: EncodedResponseInit = {
    status: range === undefined ? 200 : 206,
    headers,
    ...(headers.has("content-encoding") && { encodeBody: "manual" }),
  };
  return new Response(body && sized(body, length), init);
}

/** A failure that the client can do something about, as an answer; others are thrown on. */
function refusal(error: unknown, request: Request, options: RespondOptions): Response {
  const answer = toResponse(error);
  if (answer.status >= 500) throw error;
  const headers = new Headers(options.headers);
  for (const [name, value] of answer.headers) headers.set(name, value);
  // The store compared it, so this is the object's tag. Its cache-control is not known here, and a wrong one would replace it.
  const { ifNoneMatch } = storeConditions(request.headers);
  if (answer.status === 304 && ifNoneMatch !== undefined) headers.set("etag", ifNoneMatch);
  return new Response(request.method === "HEAD" ? null : answer.body, { status: answer.status, headers });
}

/** Ends a download that nobody reads, which frees its connection; that it failed meanwhile no longer matters. */
function cancel(object: DownloadedObject): void {
  object.body.cancel().catch(() => {});
}
