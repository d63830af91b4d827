/** The error answer of S3. */
import type { Markup } from "../s3/xml.ts";
import { xml } from "./call.ts";
import type { Refusal } from "./refusal.ts";

/** The conditions that a request can have, as S3 writes them. */
const CONDITIONS = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

/** The answer to a refused request. */
export function refused(refusal: Refusal, request: Request, requestId: string): Response {
  const { s3, said, answerStatus: status, details } = refusal;
  const headers = new Headers(details.headers);
  if (status === 503) headers.set("retry-after", "1");
  if (status === 304 || request.method === "HEAD") return new Response(null, { status, headers });
  // Must not throw: nothing would catch it, which ends a server on Node.
  const { pathname } = new URL(URL.canParse(request.url) ? request.url : "http://-/");
  const elements = { ...details.elements, ...(s3 === "PreconditionFailed" && conditionOf(request)) };
  const further = Object.entries(elements).map(([name, value]): Markup => [name, value]);
  const document: Markup = [
    "Error",
    [["Code", s3], ["Message", said], ...further, ["Resource", pathname], ["RequestId", requestId]],
  ];
  return xml(document, { status, headers });
}

/** The condition that did not hold, by which s3fs tells a file that exists; none if there are several. */
function conditionOf({ headers }: Request): { readonly Condition?: string } {
  const names = CONDITIONS.flatMap((name) => [name, `x-amz-copy-source-${name}`]).filter((name) => headers.has(name));
  return names.length === 1 ? { Condition: names[0] as string } : {};
}
