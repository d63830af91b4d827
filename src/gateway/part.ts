/** Reads one part of an object. */
import { MAX_PARTS } from "../plan.ts";
import type { Call } from "./call.ts";
import { readObject } from "./object.ts";
import { Refusal } from "./refusal.ts";

/**
 * GetObject and HeadObject with `partNumber`. The parts of an upload are not remembered, so each object has one part,
 * as an object of a single PUT has on S3. Clients that read by parts (the transfer managers for Go and Java) then ask
 * for no second one.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function readPart(call: Call): Promise<Response> {
  const part = partNumberOf(call);
  if (call.headers.has("range"))
    throw new Refusal("InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
  if (part === 1) return readObject(call, true);
  // Other failures, and a 304, have priority.
  const answer = await readObject({ ...call, method: "HEAD" }, true);
  if (answer.status === 304) return answer;
  const elements = { ActualPartCount: "1", PartNumberRequested: String(part) };
  throw new Refusal("InvalidPartNumber", "The requested partnumber is not satisfiable", { elements });
}

/** The number of a part in the query. */
export function partNumberOf({ query }: Pick<Call, "query">): number {
  const text = query.get("partNumber") ?? "";
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > MAX_PARTS)
    throw new Refusal("InvalidArgument", `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`);
  return number;
}
