/**
 * The policy of a form, and whether the form keeps to it.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { MOST } from "./payload.ts";
import { Refusal } from "./refusal.ts";

/** Bytes of the file that a policy allows, both inclusive. */
export interface LengthRange {
  readonly least: number;
  readonly most: number;
}

/** Fields that a policy does not name: what it is itself, and what comes after it. */
const FREE = /^(policy|file|x-amz-signature|x-ignore-.*)$/;

/** Without a zone it would be the machine's. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Holds a form's fields against its policy; `fields` has `bucket`, and the key with the file's name in it. */
export function checkPolicy(document: string, fields: ReadonlyMap<string, string>, now: number): LengthRange {
  const { expiration, conditions } = parse(document);
  if (!MOMENT.test(expiration)) throw invalid("its expiration must be such as 2026-01-02T03:04:05.000Z");
  if (!(Date.parse(expiration) > now)) throw failed("Policy expired.");
  const named = new Set<string>();
  // A policy need not name a range, and whoever has it could fill any disk.
  const length = { least: 0, most: MOST };
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

/** Of a list of types each must begin so. */
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
    parsed = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(document), (char) => char.charCodeAt(0))));
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
