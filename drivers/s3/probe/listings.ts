/** How listings encode, group and order keys, and what they leave out. */
import { childText } from "../../../src/s3/xml.ts";
import { type Answer, children } from "./answer.ts";
import { type Finding, found, judge } from "./finding.ts";
import type { Wire } from "./wire.ts";

/** Whether keys are encoded on request, and the listing says so. */
export async function encodingType(wire: Wire): Promise<Finding> {
  await wire.put("encoding/é&", "1");
  const listed = await wire.list("encoding/", { "encoding-type": "url" });
  const said = listed.root && childText(listed.root, "EncodingType");
  const encoded = keysOf(listed).some((key) => key.endsWith("%C3%A9%26"));
  return found(
    listed.ok ? (encoded && said === "url" ? "yes" : "no") : "unknown",
    { listing: listed },
    said || "not encoded",
  );
}

/** Whether keys with a common part up to a `/` are grouped into a prefix. */
export async function delimiter(wire: Wire): Promise<Finding> {
  for (const name of ["delimiter/a/1", "delimiter/a/2", "delimiter/b"]) await wire.put(name, "1");
  const listed = await wire.list("delimiter/", { delimiter: "/" });
  const prefixes = children(listed, "CommonPrefixes").map((entry) => childText(entry, "Prefix"));
  const grouped = prefixes.length === 1 && prefixes[0]?.endsWith("delimiter/a/") && keysOf(listed).length === 1;
  return judge(grouped === true, { listing: listed });
}

/**
 * In the order of their bytes. A server that compares UTF-16 units swaps the last two, and one that compares folders without their slash the
 * first two.
 */
const ORDERED = ["a-/1", "a/1", "\uFF5E", "\u{1F600}"];

/** Whether keys are listed in the order of their bytes. */
export async function listOrder(wire: Wire): Promise<Finding> {
  for (const name of ORDERED.toReversed()) await wire.put(`order/${name}`, "1");
  const listed = await wire.list("order/");
  const keys = keysOf(listed);
  const ordered = ORDERED.every((name, index) => keys[index]?.endsWith(`/${name}`));
  return judge(keys.length === ORDERED.length && ordered, { listing: listed });
}

/** Whether an object may lie below another. */
export async function listBelow(wire: Wire): Promise<Finding> {
  const above = await wire.put("below/a", "1");
  const below = await wire.put("below/a/b", "1");
  const listed = await wire.list("below/");
  return judge(keysOf(listed).length === 2, { "PUT a": above, "PUT a/b": below, listing: listed });
}

/** Whether uploads under way are listed by a prefix of their key. */
export async function listUploads(wire: Wire): Promise<Finding> {
  const [begun, uploadId] = await wire.start("uploads/a");
  const listed = await wire.ask("GET", { query: { uploads: "", prefix: `${wire.root}uploads/` } });
  const ids = children(listed, "Upload").map((entry) => childText(entry, "UploadId"));
  return judge(uploadId !== "" && ids.includes(uploadId), { begin: begun, listing: listed });
}

function keysOf(answer: Answer): string[] {
  return children(answer, "Contents").map((entry) => childText(entry, "Key") ?? "");
}
