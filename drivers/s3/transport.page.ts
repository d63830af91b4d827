/** HTTP by a page's fetch. Runtimes that have no condition of their own in `package.json` get it too, so it looks whether it is in a browser. */
import { StorageError } from "../../src/error.ts";
import type { Transport, TransportOptions } from "./transport.ts";
import { createTransport as plain, overFetch } from "./transport.fetch.ts";

export { transportName } from "./transport.fetch.ts";

/** A transport over the global fetch, which in a browser always decodes. */
export function createTransport(options: TransportOptions): Transport {
  return BROWSER ? overFetch(fromPage, options, false) : plain(options);
}

/** Without the browser's cookies. */
async function fromPage(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, credentials: "omit" }).catch((cause: unknown) => {
    // Browsers do not say which of the two it is.
    const message = "the connection to the store failed, or its CORS rule does not let this page in";
    throw new StorageError("unavailable", message, { cause });
  });
  if (response.type !== "opaqueredirect") return response;
  throw new StorageError("invalid-option", "the store redirects, browsers hide whereto; check endpoint and region");
}

const BROWSER = globalThis.navigator?.userAgent?.startsWith("Mozilla/") ?? false;
