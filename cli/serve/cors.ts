/** CORS for pages of other origins that use presigned URLs. */

type Fetch = (request: Request) => Promise<Response>;

/** Parses a list of origins, separated by commas; throws for anything else, and for empty text. */
export function originsOf(text: string | undefined): readonly string[] {
  const origins = text?.split(",") ?? [];
  if (origins.some((origin) => origin !== "*" && !isOrigin(origin)))
    throw new Error("--cors: must be origins joined by commas, such as http://localhost:5173, or *");
  return origins;
}

/**
 * Answers preflight requests of these origins, and lets their pages read all other answers. Signatures are required all
 * the same.
 */
export function withCors(fetch: Fetch, origins: readonly string[]): Fetch {
  if (origins.length === 0) return fetch;
  return async (request) => {
    const { method, headers } = request;
    const origin = headers.get("origin");
    const allowed = origin !== null && (origins.includes("*") || origins.includes(origin));
    const preflight = allowed && method === "OPTIONS" && headers.has("access-control-request-method");
    const answer = preflight ? new Response(null, { status: 204 }) : await fetch(request);
    answer.headers.append("vary", "origin");
    if (!allowed) return answer;
    answer.headers.set("access-control-allow-origin", origin);
    answer.headers.set("access-control-expose-headers", "*");
    if (!preflight) return answer;
    answer.headers.set("access-control-allow-methods", "GET, HEAD, PUT, POST, DELETE");
    // Not a wildcard, which does not cover Authorization.
    answer.headers.set("access-control-allow-headers", headers.get("access-control-request-headers") ?? "");
    answer.headers.set("access-control-max-age", "600");
    return answer;
  };
}

function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}
