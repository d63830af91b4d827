/**
 * Checks a form against its policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { fromBase64 } from "../utf8.ts";
import { MAX_BODY } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/** The fewest and the most bytes of a file that a policy allows. */
export interface LengthRange {
  readonly least: number;
  readonly most: number;
}

/** Fields that a policy need not name: the policy, its signature, the file, and those that S3 ignores. */
const FREE = /^(policy|file|x-amz-signature|x-ignore-.*)$/;

/** An expiration must have a time zone, or it would be read in that of the machine. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/**
 * Checks the fields against the policy; returns its limits of length. `fields` must include `bucket`, without
 * `${filename}`.
 */
export function checkPolicy(document: string, fields: ReadonlyMap<string, string>, now: number): LengthRange {
  const { expiration, conditions } = parse(document);
  if (!MOMENT.test(expiration)) throw invalid("its expiration must be such as 2026-01-02T03:04:05.000Z");
  if (!(Date.parse(expiration) > now)) throw failed("Policy expired.");
  const named = new Set<string>();
  // A policy without a range must not let anybody fill the disk.
  const length = { least: 0, most: MAX_BODY };
  for (const condition of conditions) {
    const [how, what, value] = triple(condition);
    if (how === "content-length-range") {
      if (!isLength(what) || !isLength(value)) throw invalid("content-length-range needs two whole numbers");
      length.least = Math.max(length.least, Number(what));
      length.most = Math.min(length.most, Number(value));
      continue;
    }
    if (typeof what !== "string" || typeof value !== "string") throw invalid("a condition is not of text");
    const name = what.replace(/^\$/, "").toLowerCase();
    const given = fields.get(name);
    named.add(name);
    if (how !== "eq" && how !== "starts-with") throw invalid("a condition is neither eq nor starts-with");
    const holds = how === "eq" ? given === value : startsWith(name, given, value);
    if (!holds) throw failed(`Policy Condition failed: ${JSON.stringify(condition)}`);
  }
  for (const name of fields.keys())
    if (!FREE.test(name) && !named.has(name)) throw failed(`Extra input fields: ${name}`);
  return length;
}

/** Whether a field starts with a prefix. Of a list of content types each must. */
function startsWith(name: string, given: string | undefined, prefix: string): boolean {
  if (given === undefined) return prefix === "";
  const parts = name === "content-type" ? given.split(/,[\t ]*/) : [given];
  return parts.every((part) => part.startsWith(prefix));
}

function triple(condition: unknown): readonly [how: string, what: unknown, value: unknown] {
  if (Array.isArray(condition) && condition.length === 3)
    return [String(condition[0]).toLowerCase(), condition[1], condition[2]];
  if (typeof condition === "object" && condition !== null && !Array.isArray(condition)) {
    const [entry, ...more] = Object.entries(condition);
    if (entry && more.length === 0) return ["eq", `$${entry[0]}`, entry[1]];
  }
  throw invalid("a condition is neither an object of one field nor an array of three values");
}

function parse(document: string): { readonly expiration: string; readonly conditions: readonly unknown[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(fromBase64(document)));
  } catch {
    throw invalid("it is no JSON in base64");
  }
  const { expiration, conditions } = (parsed ?? {}) as Record<string, unknown>;
  if (typeof expiration !== "string" || !Array.isArray(conditions)) throw invalid("it needs expiration and conditions");
  return { expiration, conditions: conditions as readonly unknown[] };
}

function isLength(value: unknown): boolean {
  return /^\d{1,15}$/.test(String(value));
}

function invalid(why: string): Refusal {
  return new Refusal("InvalidPolicyDocument", `Invalid Policy: ${why}.`);
}

function failed(why: string): Refusal {
  return new Refusal("AccessDenied", `Invalid according to Policy: ${why}`);
}
