/** Uploads by a browser's form, which carries a signed policy and no signature of the request. */
import { StorageError } from "../../../src/error.ts";
import { presignPost } from "../../../src/post-policy.ts";
import type { Answer } from "./answer.ts";
import { type Finding, found } from "./finding.ts";
import type { Wire } from "./wire.ts";

const LENGTH = 8;

/** Whether a form uploads what its policy allows, and is refused with a byte more. */
export async function postPolicy(wire: Wire): Promise<Finding> {
  const allowed = await send(wire, "form", "x".repeat(LENGTH));
  const tooLong = await send(wire, "form-too-long", "x".repeat(LENGTH + 1));
  const stored = await wire.holds("form", "x".repeat(LENGTH));
  const refused = (await wire.ask("HEAD", { name: "form-too-long" })).status === 404;
  const holds = allowed.ok && stored && !tooLong.ok && refused;
  return found(holds ? "yes" : "no", { form: allowed, "form of a byte too many": tooLong });
}

async function send(wire: Wire, name: string, body: string): Promise<Answer> {
  const signed = await presignPost(wire.driver, wire.claim(name), { contentLength: LENGTH });
  if (!signed) throw new StorageError("unsupported", "the driver presigns nothing");
  const form = new FormData();
  for (const [field, value] of Object.entries(signed.fields)) form.set(field, value);
  // Fields after the file are ignored.
  form.set("file", new Blob([body]), "file");
  return wire.post(signed.url, form);
}
