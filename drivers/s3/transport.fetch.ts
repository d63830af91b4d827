/** HTTP by the runtime's own fetch, for Bun, Workers and browsers. */
import { StorageError } from "../../src/error.ts";
import { type Fetch, fromFetch } from "./fetch.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** Which transport a runtime got. */
export const transportName: string = "fetch";

/** A transport over the global fetch. */
export function createTransport(options: TransportOptions): Transport {
  return overFetch(BROWSER ? fromPage : (url, init) => fetch(url, init), options, RAW);
}

/** Without the browser's cache, which would answer with what an object was, and without its cookies. */
async function fromPage(url: string, init: RequestInit): Promise<Response> {
  // Of a write it would send `Cache-Control: no-cache`, which the store keeps with the object.
  const cache = init.method === "GET" || init.method === "HEAD" ? "no-store" : "default";
  const response = await fetch(url, { ...init, cache, credentials: "omit" }).catch((cause: unknown) => {
    // A browser does not say which of the two it was.
    const message = "the connection to the store failed, or its CORS rule does not let this page in";
    throw new StorageError("unavailable", message, { cause });
  });
  if (response.type !== "opaqueredirect") return response;
  throw new StorageError("invalid-option", "the store redirects, browsers hide whereto; check endpoint and region");
}

/** A transport over a fetch of the runtime's, which takes no dispatcher. */
export function overFetch(send: Fetch, { timeouts, dispatcher }: TransportOptions, raw: boolean): Transport {
  if (dispatcher === undefined) return fromFetch(send, timeouts, raw);
  throw new StorageError("invalid-option", "dispatcher works on Node only; pass fetch here");
}

const BROWSER = globalThis.navigator?.userAgent?.startsWith("Mozilla/") ?? false;

/** Bun and Workers can be told to decode nothing; browsers always decode. */
const RAW = "Bun" in globalThis || globalThis.navigator?.userAgent === "Cloudflare-Workers";
