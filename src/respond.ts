/** Serves one object as an HTTP response, and turns errors into responses: `unbucket/respond`. */
import { StorageError } from "./error.ts";
import type { ObjectStore } from "./interface.ts";
import { knownOptions } from "./options.ts";
import { answer } from "./respond/answer.ts";
import { storeConditions } from "./respond/conditions.ts";
import { contentDisposition } from "./respond/disposition.ts";
import { json, toResponse } from "./respond/error.ts";
import { checkOptions, objectHeaders, ownHeaders, validatorHeaders, type RespondOptions } from "./respond/headers.ts";

export { contentDisposition, toResponse, type RespondOptions };

/**
 * Answers a GET or HEAD request for one object: 200, 206, 304, 404, 412 or 416; 405 for other methods, 400 for an
 * invalid key.
 *
 * Failures that are not the client's fault reject, so that they can be logged: pass them to {@link toResponse} for an
 * answer. A wrong option rejects `invalid-option`, and so does a request of Node's `http`, which is no `Request`. The
 * store is asked once, and again only if a range cannot be sent.
 */
export async function respond(
  store: ObjectStore,
  key: string,
  request: Request,
  given: RespondOptions = {},
): Promise<Response> {
  knownOptions(given, { filename: 1, disposition: 1, cacheControl: 1, headers: 1, inline: 1 });
  if (!request?.headers?.get)
    throw new StorageError("invalid-option", "this is no web Request; srvx makes one of Node's");
  checkOptions(given);
  const own = ownHeaders(given);
  const options = { ...given, headers: own };
  if (request.method !== "GET" && request.method !== "HEAD") {
    const allow = new Headers(own);
    allow.set("allow", "GET, HEAD");
    return json(405, "unsupported", `${request.method} is not possible here; use GET or HEAD.`, undefined, allow);
  }
  return answer(store, key, request, {
    headers(info, part) {
      const all = objectHeaders(info, options);
      // A part that a proxy compresses would be no part of the object any more (RFC 9111, 5.2.2.6).
      if (part) all.append("cache-control", "no-transform");
      return all;
    },
    validators: (info) => validatorHeaders(info, options),
    refuse: (error) => refusal(error, request, options),
    unsatisfied(size, headers) {
      const all = new Headers(options.headers);
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
      return json(416, "invalid-range", `The range is outside the object, which has ${size} bytes.`, key, all);
    },
  });
}

/** The answer to a failure that is the client's fault; throws any other. */
function refusal(error: unknown, request: Request, options: RespondOptions): Response {
  const told = toResponse(error);
  if (told.status >= 500) throw error;
  const headers = new Headers(options.headers);
  for (const [name, value] of told.headers) headers.set(name, value);
  // The store has compared this ETag, so it is the object's. Its cache-control is unknown: a wrong one would replace it
  // in caches.
  const { ifNoneMatch } = storeConditions(request.headers);
  if (told.status === 304 && ifNoneMatch !== undefined) headers.set("etag", ifNoneMatch);
  return new Response(request.method === "HEAD" ? null : told.body, { status: told.status, headers });
}
