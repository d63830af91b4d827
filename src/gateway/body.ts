/** The body of a request, whose failures are those of S3. */
import type { Readable } from "../bytes.ts";
import { carriedBy } from "../carried.ts";
import { lingering, restOf } from "../lingering.ts";
import { isTooLarge } from "../respond/error.ts";
import { Refusal, tooLarge } from "./refusal.ts";

/**
 * The body of a request, null for none. What remains unread is read and discarded, so that the client sees the answer.
 */
export function bodyOf(request: Request): Readable | null {
  return lingering(carriedBy(request), cutOff, false, restOf(request.headers.get("connection") ?? ""));
}

/** The refusal of a body that cannot be read: it is over the host's own limit, or its sender is gone. */
function cutOff(cause: unknown): Refusal {
  if (isTooLarge(cause)) return tooLarge(cause);
  return new Refusal("IncompleteBody", "The body of the request ended too soon.", { cause });
}
