/**
 * The signature of an upload by a form: over the base64 of its policy document.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 */
import { hmacHex } from "#digest";
import { dayKey, type Scope, stampOf } from "./sign.ts";

/** What a form is written from, without the secret that signs it. */
export interface PolicyForm {
  /** Its name. */
  readonly bucket: string;
  /** With the driver's base. */
  readonly key: string;
  /** What a PUT with these options would send. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the store stops accepting the form. */
  readonly expiresAt: Date;
  /** The signer's. */
  readonly accessKeyId: string;
  /** Of temporary keys. */
  readonly sessionToken?: string | undefined;
  /** The region that it is signed for. */
  readonly region: string;
  /** When it is signed: `20260304T050607Z`. */
  readonly stamp: string;
}

/** Writes the fields of a form, among them `policy`: the document in base64, which is signed. */
export type PolicyWriter = (form: PolicyForm) => Readonly<Record<string, string>> & { readonly policy: string };

/** The fields of a form, signed. */
export async function signPolicy(
  write: PolicyWriter,
  form: Pick<PolicyForm, "bucket" | "key" | "headers" | "expiresAt">,
  { identity, region, date }: Scope,
): Promise<Record<string, string>> {
  const { accessKeyId, sessionToken } = identity;
  const stamp = stampOf(date);
  const fields = write({ ...form, accessKeyId, sessionToken, region, stamp });
  const key = await dayKey(identity, stamp.slice(0, 8), region);
  return { ...fields, "x-amz-signature": await hmacHex(key, fields.policy) };
}

/** The fields that say who signs and when, without the signature. */
export function signerFields({ accessKeyId, sessionToken, region, stamp }: PolicyForm): Record<string, string> {
  return {
    "x-amz-algorithm": "AWS4-HMAC-SHA256",
    "x-amz-credential": `${accessKeyId}/${stamp.slice(0, 8)}/${region}/s3/aws4_request`,
    "x-amz-date": stamp,
    ...(sessionToken && { "x-amz-security-token": sessionToken }),
  };
}
