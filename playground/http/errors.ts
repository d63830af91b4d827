/** What a client is told when a request cannot be served: JSON that says what was wrong and how to mend it. */
import { HTTPError, type H3Event } from "h3";
import { StorageError } from "unbucket";
import { toResponse } from "unbucket/respond";

/** A request that the app itself turns down. */
export class Refused extends Error {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** A short name for programs. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "Refused";
    this.status = status;
    this.code = code;
  }
}

/** A JSON error in the shape that `toResponse` gives a storage error. */
export function errorResponse(status: number, code: string, message: string): Response {
  const headers = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
  return Response.json({ error: { code, message } }, { status, headers });
}

/** The answer to anything that was thrown while a request was served. */
export function answerTo(error: unknown, event: H3Event): Response {
  if (event.req.signal.aborted) return errorResponse(499, "client-closed-request", "The client went away.");
  if (error instanceof Refused) return errorResponse(error.status, error.code, error.message);
  if (StorageError.is(error)) {
    const answer = toResponse(error);
    if (answer.status >= 500) console.error(error);
    return answer;
  }
  if (HTTPError.isError(error) && !error.unhandled) {
    return errorResponse(error.status, "bad-request", error.message);
  }
  console.error(error);
  return errorResponse(500, "internal", "The server failed; its log says why.");
}
