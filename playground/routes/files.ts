/** `/files`: objects by key, and one page of a listing. */
import type { H3Event } from "h3";
import type { ObjectStore, Page } from "unbucket";
import { respond } from "unbucket/respond";
import { withBody } from "../http/body.ts";
import { Refused } from "../http/errors.ts";
import { keyOf, pathOf } from "../http/key.ts";

/** The mount path of this route. */
export const FILES = "/files";

/** Serves one request to `/files` or below. */
export async function files(store: ObjectStore, event: H3Event): Promise<Response> {
  const key = keyOf(event, FILES);
  switch (event.req.method) {
    case "GET":
    case "HEAD":
      return key === null ? list(store, event) : respond(store, key, event.req);
    case "PUT":
      return put(store, named(key), event.req);
    case "DELETE":
      await store.delete(named(key));
      return new Response(null, { status: 204 });
    default:
      throw new Refused(405, "method-not-allowed", "/files takes GET, HEAD, PUT and DELETE.");
  }
}

function named(key: string | null): string {
  if (key === null) throw new Refused(400, "invalid-key", "Name the object: /files/its/key, or /files?key=its/key.");
  return key;
}

async function put(store: ObjectStore, key: string, request: Request): Promise<Response> {
  const { headers } = request;
  const condition = headers.get("if-none-match");
  if (condition !== null && condition !== "*") {
    throw new Refused(
      400,
      "invalid-option",
      "On a PUT, If-None-Match can only be *: store the object if there is none yet.",
    );
  }
  const info = await withBody(request, (body) =>
    store.upload(key, body, {
      contentType: headers.get("content-type") ?? undefined,
      size: toSize(headers.get("content-length")),
      ifMatch: headers.get("if-match") ?? undefined,
      ifNoneMatch: condition ?? undefined,
      signal: request.signal,
    }),
  );
  const { size, etag, contentType } = info;
  const url = info.url ?? pathOf(FILES, key);
  return Response.json(
    { key, url, size, etag, contentType },
    { status: 201, headers: { location: pathOf(FILES, key), etag } },
  );
}

function toSize(length: string | null): number | undefined {
  return length === null ? undefined : Number(length);
}

async function list(store: ObjectStore, event: H3Event): Promise<Response> {
  const query = new URL(event.req.url).searchParams;
  const delimiter = query.get("delimiter") ?? "";
  if (delimiter !== "" && delimiter !== "/") {
    throw new Refused(
      400,
      "invalid-option",
      "delimiter can only be /: leave it out to list everything below the prefix.",
    );
  }
  const pages = store.list({
    prefix: query.get("prefix") ?? "",
    ...(delimiter === "/" ? { delimiter } : {}),
    cursor: query.get("cursor") || undefined,
    limit: toLimit(query.get("limit")),
    signal: event.req.signal,
  });
  const page: Page = (await pages.pages().next()).value ?? { objects: [], prefixes: [] };
  return Response.json(page, { headers: { "cache-control": "no-store" } });
}

/** A page's size out of a query, 1 to 1000, or 400. */
export function toLimit(value: string | null): number {
  if (value === null || value === "") return 1000;
  const limit = Number(value);
  if (/^\d{1,4}$/.test(value) && limit >= 1 && limit <= 1000) return limit;
  throw new Refused(400, "invalid-option", "limit is the size of a page: a whole number from 1 to 1000.");
}
