/** Keeps other sites' pages from changing anything through a visitor's browser. */
import { Refused } from "./errors.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Throws 403 for a request that changes something and that a browser sent for another origin's page.
 * Programs that are no browser send neither header and pass.
 */
export function refuseCrossSite(request: Request): void {
  if (SAFE.has(request.method)) return;
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  const foreign = site !== null && site !== "same-origin" && site !== "none";
  if (foreign || (origin !== null && !isSameHost(origin, request.headers.get("host")))) {
    throw new Refused(
      403,
      "cross-site",
      "This request came from another site. Open the playground's own page, or send it without Origin and Sec-Fetch-Site.",
    );
  }
}

/** Only hosts are compared: behind a proxy that ends TLS the server does not know its own scheme. */
function isSameHost(origin: string, host: string | null): boolean {
  if (host === null || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  const here = `${from.protocol}//${host}`;
  return URL.canParse(here) && new URL(here).host === from.host && from.host !== "";
}
