/** HTTP by a page's fetch. What bundlers do not know by name gets it too, and is asked whether it is a page. */
import { StorageError } from "../../src/error.ts";
import type { Transport, TransportOptions } from "./transport.ts";
import { createTransport as plain, overFetch } from "./transport.fetch.ts";

export { transportName } from "./transport.fetch.ts";

/** A transport over the global fetch; a browser's always decodes. */
export function createTransport(options: TransportOptions): Transport {
  return BROWSER ? overFetch(fromPage, options, false) : plain(options);
}

/** Without the browser's cookies. */
async function fromPage(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, credentials: "omit" }).catch((cause: unknown) => {
    // A browser does not say which of the two it was.
    const message = "the connection to the store failed, or its CORS rule does not let this page in";
    throw new StorageError("unavailable", message, { cause });
  });
  if (response.type !== "opaqueredirect") return response;
  throw new StorageError("invalid-option", "the store redirects, browsers hide whereto; check endpoint and region");
}

const BROWSER = globalThis.navigator?.userAgent?.startsWith("Mozilla/") ?? false;
