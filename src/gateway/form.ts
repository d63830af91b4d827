/**
 * Uploads by a form, authenticated by the signature of its policy.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
 */
import type { ObjectStore } from "../interface.ts";
import { identityOf, type Keys, momentOf, requireSigned } from "./authenticate.ts";
import { bodyOf } from "./body.ts";
import { xml } from "./call.ts";
import { type Form, readPostForm } from "./form-data.ts";
import { checkFields, toOptions } from "./headers.ts";
import { checkPolicy, type LengthRange } from "./policy.ts";
import type { Received } from "./received.ts";
import { noSuchBucket, Refusal, tooLarge } from "./refusal.ts";

interface Posted {
  readonly store: ObjectStore;
  readonly received: Received;
  readonly keys: Keys;
  readonly bucket: string;
}

/** PostObject. */
export async function postObject({ store, received, keys, bucket }: Posted): Promise<Response> {
  if (received.bucket !== bucket) throw noSuchBucket(received.bucket);
  const { request } = received;
  const form = await readPostForm({ headers: received.headers, body: bodyOf(request) });
  try {
    const policy = await signedPolicy(form.fields, keys);
    const fields = expanded(form);
    const key = fields.get("key");
    if (key === undefined)
      throw new Refusal("InvalidArgument", "Bucket POST must contain a field named 'key', before its file.");
    const range = checkPolicy(policy, new Map([...fields, ["bucket", bucket]]), keys.now());
    checkFields(fields);
    const { etag } = await store.upload(key, within(form.file, range), toOptions(fields));
    const url = `${received.origin}${received.path.replace(/\/$/, "")}/${encodeURIComponent(key)}`;
    return answer(fields, { bucket, key, etag, url });
  } finally {
    await form.cancel();
  }
}

/** The fields with `${filename}` replaced by the name of the file: policies are checked against these. */
function expanded({ fields, filename }: Form): ReadonlyMap<string, string> {
  return new Map([...fields].map(([name, value]) => [name, value.replaceAll("${filename}", () => filename)]));
}

/** Checks the signature of the policy, and returns the policy. */
async function signedPolicy(fields: ReadonlyMap<string, string>, keys: Keys): Promise<string> {
  const [policy, credential, datetime, signature] = ["policy", "x-amz-credential", "x-amz-date", "x-amz-signature"].map(
    (name) => fields.get(name),
  );
  if (policy === undefined && signature === undefined) throw new Refusal("AccessDenied", "Access Denied");
  if (!policy || !credential || !datetime || !signature || fields.get("x-amz-algorithm") !== "AWS4-HMAC-SHA256")
    throw new Refusal(
      "InvalidArgument",
      "A signed form needs policy, x-amz-algorithm, x-amz-credential, x-amz-date and x-amz-signature.",
    );
  momentOf(datetime);
  const wrong = (why: string): Refusal => new Refusal("InvalidArgument", `The form is malformed: ${why}.`);
  const claim = { credential, datetime, token: fields.get("x-amz-security-token") ?? null };
  const identity = await identityOf(claim, keys, wrong);
  await requireSigned(policy, signature, { identity, datetime }, keys);
  return policy;
}

/** The same bytes. Errors if there are more, or in the end fewer, than the policy allows. */
async function* within(
  file: AsyncGenerator<Uint8Array, void, void>,
  { least, most }: LengthRange,
): AsyncGenerator<Uint8Array, void, void> {
  let count = 0;
  for await (const piece of file) {
    count += piece.byteLength;
    if (count > most) throw tooLarge();
    yield piece;
  }
  if (count < least)
    throw new Refusal("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
}

interface Made {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly url: string;
}

function answer(fields: ReadonlyMap<string, string>, { bucket, key, etag, url }: Made): Response {
  const headers = new Headers({ etag });
  const redirect = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (redirect !== undefined && /^https?:/i.test(redirect) && URL.canParse(redirect)) {
    const to = new URL(redirect);
    for (const [name, value] of Object.entries({ bucket, key, etag })) to.searchParams.append(name, value);
    headers.set("location", to.href);
    return new Response(null, { status: 303, headers });
  }
  const status = Number(fields.get("success_action_status"));
  if (status === 201) {
    return xml(
      [
        "PostResponse",
        [
          ["Location", url],
          ["Bucket", bucket],
          ["Key", key],
          ["ETag", etag],
        ],
      ],
      { status, headers },
    );
  }
  return new Response(null, { status: status === 200 ? 200 : 204, headers });
}
