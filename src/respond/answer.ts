/**
 * Answers a GET or HEAD for one object: conditions and ranges by RFC 9110. Headers and errors are those of a {@link
 * View}.
 */
import { hasCode, StorageError } from "../error.ts";
import type { DownloadedObject, ObjectInfo, ObjectStore } from "../interface.ts";
import { sized } from "../sized.ts";
import { evaluate, ifRangeHolds, storeConditions } from "./conditions.ts";
import { parseRange } from "./range.ts";

/** `encodeBody` keeps workerd from compressing a body with a `content-encoding` once more; other runtimes ignore it. */
interface EncodedResponseInit extends ResponseInit {
  readonly encodeBody?: "manual";
}

/** How the headers and errors of an answer look: those of `respond`, or of an S3 gateway. */
export interface View {
  /** The headers of an answer with this object or a part of it, without length and range. */
  readonly headers: (info: ObjectInfo, part: boolean) => Headers;
  /** The headers of a 304. */
  readonly validators: (info: ObjectInfo) => Headers;
  /** The answer to a failure; throws one that is not the client's fault. */
  readonly refuse: (error: unknown) => Response;
  /** The answer 416 for an object of this size; `headers` are its `content-range` and `accept-ranges`. */
  readonly unsatisfied: (size: number, headers: Readonly<Record<string, string>>) => Response;
  /** Answer 206 with `content-range` also for a whole object. Default false. */
  readonly asPart?: boolean;
}

/** The request for an object. */
export interface Asked extends Pick<Request, "method" | "headers"> {
  readonly signal?: AbortSignal | undefined;
}

/** Answers a GET or HEAD. The store is asked once, and again only if a range cannot be sent. */
export async function answer(store: ObjectStore, key: string, request: Asked, view: View): Promise<Response> {
  try {
    return request.method === "HEAD"
      ? await answerHead(store, key, request, view)
      : await answerGet(store, key, request, view);
  } catch (error) {
    return view.refuse(error);
  }
}

async function answerHead(store: ObjectStore, key: string, request: Asked, view: View): Promise<Response> {
  const info = await headOf(store, key, request);
  const early = withoutContent(info, request, view);
  return early ?? send(null, info.size, info, view);
}

async function answerGet(store: ObjectStore, key: string, request: Asked, view: View): Promise<Response> {
  const range = parseRange(request.headers.get("range"));
  if (range === "none") return answerUnsatisfied(store, key, request, view);
  const call = { ...storeConditions(request.headers), signal: request.signal };
  let object: DownloadedObject;
  try {
    object = await store.download(key, range === null ? call : { ...call, range });
  } catch (error) {
    if (range !== null && hasCode(error, "invalid-range")) return answerUnsatisfied(store, key, request, view);
    throw error;
  }
  const early = withoutContent(object, request, view);
  if (early !== null) {
    cancel(object);
    return early;
  }
  if (object.range !== undefined && !ifRangeHolds(request.headers, object)) {
    cancel(object);
    return answerWhole(store, key, request, view);
  }
  return send(object.body, object.contentLength, object, view, object.range);
}

/**
 * Answers a range without any byte of the object. Conditions still come first, and a stale `If-Range` asks for the
 * whole object.
 */
async function answerUnsatisfied(store: ObjectStore, key: string, request: Asked, view: View): Promise<Response> {
  const info = await headOf(store, key, request);
  const early = withoutContent(info, request, view);
  if (early !== null) return early;
  if (!ifRangeHolds(request.headers, info)) return answerWhole(store, key, request, view);
  return view.unsatisfied(info.size, { "content-range": `bytes */${info.size}`, "accept-ranges": "bytes" });
}

async function answerWhole(store: ObjectStore, key: string, request: Asked, view: View): Promise<Response> {
  const object = await store.download(key, { signal: request.signal });
  const early = withoutContent(object, request, view);
  if (early !== null) cancel(object);
  return early ?? send(object.body, object.contentLength, object, view);
}

async function headOf(store: ObjectStore, key: string, request: Asked): Promise<ObjectInfo> {
  const info = await store.head(key, { signal: request.signal });
  if (info === null) throw new StorageError("not-found", "there is no such object", { key });
  return info;
}

/** The answer 304 or 412 if the conditions of the request demand one, else null. */
function withoutContent(info: ObjectInfo, request: Asked, view: View): Response | null {
  const verdict = evaluate(request.headers, info);
  if (verdict === "send") return null;
  if (verdict === "not-modified") return new Response(null, { status: 304, headers: view.validators(info) });
  return view.refuse(
    new StorageError("precondition-failed", "a condition of the request does not hold", { key: info.key }),
  );
}

function send(
  body: ReadableStream<Uint8Array> | null,
  length: number,
  info: ObjectInfo,
  view: View,
  range?: { readonly start: number; readonly end: number },
): Response {
  const headers = view.headers(info, range !== undefined);
  headers.set("content-length", String(length));
  // An empty object has no range.
  const told = range ?? (view.asPart && length > 0 ? { start: 0, end: length - 1 } : undefined);
  if (told !== undefined) headers.set("content-range", `bytes ${told.start}-${told.end}/${info.size}`);
  const init: EncodedResponseInit = {
    status: told === undefined ? 200 : 206,
    headers,
    ...(headers.has("content-encoding") && { encodeBody: "manual" }),
  };
  return new Response(body && sized(body, length), init);
}

/** Ends a download that is not needed, which frees its connection. A failure of it does not matter any more. */
function cancel(object: DownloadedObject): void {
  object.body.cancel().catch(() => {});
}
