/** The error answer of S3. */
import type { Markup } from "../s3/xml.ts";
import { xml } from "./call.ts";
import type { Refusal } from "./refusal.ts";

/** The answer to a refused request. */
export function refused(refusal: Refusal, request: Request, requestId: string): Response {
  const { s3, said, answerStatus: status, details } = refusal;
  const headers = new Headers(details.headers);
  if (status === 503) headers.set("retry-after", "1");
  if (status === 304 || request.method === "HEAD") return new Response(null, { status, headers });
  // Must not throw: nothing would catch it, which ends a server on Node.
  const { pathname } = new URL(URL.canParse(request.url) ? request.url : "http://-/");
  const further = Object.entries(details.elements ?? {}).map(([name, value]): Markup => [name, value]);
  const document: Markup = [
    "Error",
    [["Code", s3], ["Message", said], ...further, ["Resource", pathname], ["RequestId", requestId]],
  ];
  return xml(document, { status, headers });
}
