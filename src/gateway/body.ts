/** The body of a request as it comes, whose failures are S3's. */
import type { Readable } from "../bytes.ts";
import { carriedBy } from "../carried.ts";
import { lingering } from "../lingering.ts";
import { isTooLarge } from "../respond/error.ts";
import { Refusal, tooLarge } from "./refusal.ts";

/** A request's body, of which a client may send more than anybody reads, and yet sees the answer; null for none. */
export function bodyOf(request: Request): Readable | null {
  return lingering(carriedBy(request), cutOff);
}

/** A body that cannot be read: over the host's own limit, or its sender is gone. */
function cutOff(cause: unknown): Refusal {
  if (isTooLarge(cause)) return tooLarge(cause);
  return new Refusal("IncompleteBody", "The body of the request ended too soon.", { cause });
}
