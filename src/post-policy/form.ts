/**
 * The fields of a form, and the policy document that binds them.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
import { refuse } from "../options.ts";
import { type PolicyWriter, signerFields } from "../sigv4/policy.ts";

/** What a form may send, besides the fields that are headers of a PUT. */
export interface FormRules {
  /** Whether the key is a prefix that the real key must start with. */
  readonly below: boolean;
  /** Fewest and most bytes of the file. */
  readonly least: number;
  readonly most: number;
  /** What the `Content-Type` field, which the client adds, must start with. */
  readonly typePrefix?: string | undefined;
  /** The fields that say how the store answers a success. */
  readonly success: Readonly<Record<string, string>>;
}

/** What a store replaces in the key by the name of the file. */
const FILENAME = "${filename}";

/** A writer of forms with these rules. */
export function formOf({ below, least, most, typePrefix, success }: FormRules): PolicyWriter {
  return (form) => {
    const { bucket, key, headers, expiresAt } = form;
    // Checked here, where the key includes the prefix of a scope and the base of the driver.
    if (key.includes(FILENAME))
      throw refuse("key", `must not contain ${FILENAME}, for which the store would put another text`);
    const bound = { ...named(headers), ...success, ...signerFields(form) };
    const conditions: unknown[] = [
      { bucket },
      below ? ["starts-with", "$key", key] : { key },
      ["content-length-range", least, most],
      ...Object.entries(bound).map(([name, value]) => ({ [name]: value })),
    ];
    if (typePrefix !== undefined) conditions.push(["starts-with", "$Content-Type", typePrefix]);
    const policy = btoa(ascii(JSON.stringify({ expiration: expiresAt.toISOString(), conditions })));
    return { key: below ? key + FILENAME : key, ...bound, policy };
  };
}

/** The form fields for headers. Other headers concern the connection only, and have no field. */
function named(headers: Readonly<Record<string, string>>): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name === "x-amz-acl") fields["acl"] = value;
    else if (name.startsWith("x-amz-")) fields[name] = value;
    else if (/^(content-(type|disposition|encoding)|cache-control)$/.test(name))
      fields[name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase())] = value;
  }
  return fields;
}

/** JSON with non-ASCII characters escaped, as the policy document requires. */
function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
