/**
 * An upload by a form: its fields, and the signed policy that they must keep to, read and checked from the specification and
 * without the code that writes forms.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { Refused } from "./answer.ts";
import { type Guard, isSigned, wrongRegion } from "./verify.ts";

/** What a form brought. */
export interface Form {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  readonly file: Buffer;
  readonly filename: string;
}

/** Fields that no condition need name, and the policy itself, which could not. */
const FREE = /^(policy|x-amz-signature|x-ignore-.*)$/;

/** Reads a form's body; what follows the file is not looked at. */
export function readForm(contentType: string | undefined, body: Buffer): Form {
  const [, boundary] = /^multipart\/form-data;.*?boundary="?([^";]+)/i.exec(contentType ?? "") ?? [];
  if (boundary === undefined)
    throw new Refused(412, "PreconditionFailed", "Bucket POST must be of the enclosure-type multipart/form-data");
  const fields = new Map<string, string>();
  for (const piece of `\r\n${body.toString("latin1")}`.split(`\r\n--${boundary}`).slice(1)) {
    const at = piece.indexOf("\r\n\r\n");
    if (at < 0) continue;
    const content = Buffer.from(piece.slice(at + 4), "latin1");
    const named = (what: string): string | undefined => {
      const [, found] = new RegExp(`[ ;]${what}="([^"]*)"`, "i").exec(piece.slice(0, at)) ?? [];
      return found && Buffer.from(found, "latin1").toString("utf8");
    };
    const name = named("name")?.toLowerCase() ?? "";
    if (name === "file") return { fields, file: content, filename: named("filename") ?? "" };
    fields.set(name, content.toString("utf8"));
  }
  throw new Refused(400, "InvalidArgument", "POST requires exactly one file upload per request.");
}

/** Rejects a form that nobody signed, whose time is over, or that does not keep to its policy. */
export function verifyForm({ fields, file }: Form, guard: Guard & { readonly bucket: string }): void {
  const field = (name: string): string => fields.get(name) ?? "";
  const policy = field("policy");
  const [keyId, day = "", region, ...scope] = field("x-amz-credential").split("/");
  if (field("x-amz-algorithm") !== "AWS4-HMAC-SHA256" || scope.join("/") !== "s3/aws4_request")
    throw new Refused(400, "InvalidArgument", "the form does not say who signs it");
  if (keyId !== guard.accessKeyId) throw new Refused(403, "InvalidAccessKeyId", "unknown key");
  if (region !== guard.region) throw wrongRegion(region, guard.region);
  if (!field("x-amz-date").startsWith(`${day}T`) || !isSigned(policy, day, field("x-amz-signature"), guard))
    throw new Refused(403, "SignatureDoesNotMatch", "the signature is not that of the policy");

  const { expiration, conditions } = JSON.parse(Buffer.from(policy, "base64").toString("utf8")) as {
    readonly expiration: string;
    readonly conditions: readonly (readonly unknown[] | Readonly<Record<string, unknown>>)[];
  };
  if (!(Date.parse(expiration) > guard.now)) throw violated("Policy expired.");
  const named = new Set<string>();
  for (const condition of conditions) {
    const [kind, name, wanted] = Array.isArray(condition) ? condition : ["eq", ...Object.entries(condition).flat()];
    if (kind === "content-length-range") {
      if (file.length < name) throw new Refused(400, "EntityTooSmall", "smaller than the minimum allowed size");
      if (file.length > wanted) throw new Refused(400, "EntityTooLarge", "exceeds the maximum allowed size");
      continue;
    }
    const plain = String(name).replace(/^\$/, "").toLowerCase();
    const given = plain === "bucket" ? guard.bucket : fields.get(plain);
    const holds = kind === "eq" ? given === wanted : kind === "starts-with" && given?.startsWith(String(wanted));
    if (!holds) throw violated(`Policy Condition failed: ${JSON.stringify(condition)}`);
    named.add(plain);
  }
  const extra = [...fields.keys()].filter((name) => !named.has(name) && !FREE.test(name));
  if (extra.length > 0) throw violated(`Extra input fields: ${extra.join(", ")}`);
}

function violated(how: string): Refused {
  return new Refused(403, "AccessDenied", `Invalid according to Policy: ${how}`);
}
