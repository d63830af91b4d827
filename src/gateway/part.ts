/** One part of an object. */
import { MAX_PARTS } from "../plan.ts";
import type { Call } from "./call.ts";
import { readObject } from "./object.ts";
import { Refusal } from "./refusal.ts";

/**
 * GetObject and HeadObject of a part. How an object was uploaded is not kept, so that each has one, as S3 says of what came by a
 * single PUT: clients that read by parts (the transfer managers for Go and Java) learn so that there is no second.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function readPart(call: Call): Promise<Response> {
  const part = partNumberOf(call);
  if (call.headers.has("range"))
    throw new Refusal("InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
  if (part === 1) return readObject(call, true);
  // What else is to be said of the object comes first.
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
