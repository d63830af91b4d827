/**
 * Whether the server checks checksums, and gives them back.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import type { Answer } from "./answer.ts";
import { type Finding, found, judge } from "./finding.ts";
import type { Wire } from "./wire.ts";

/** The body of all objects here: fixed, so that its checksums are known and no algorithm is needed. */
export const TEXT = "unbucket";

/** The checksums of {@link TEXT}, in base64. */
export const VALUES = {
  CRC32: "DObgIA==",
  CRC32C: "oeLVCA==",
  CRC64NVME: "MjrC9A1KX0Y=",
  SHA256: "HXjLGr9lGT9xTo8WLuxwIcIMBIdUzugQ837t+NiPYXc=",
} as const;

/** Every algorithm that is asked about. */
export type Name = keyof typeof VALUES;

/** Whether a wrong value is refused, with nothing stored, and a right one given back. */
export async function checked(wire: Wire, name: Name): Promise<Finding> {
  const header = headerOf(name);
  // As long as the right value, since another length may be refused by itself.
  const other = VALUES[name].replace(/^../, "AA");
  const wrong = await wire.put(`${name}-wrong`, TEXT, { [header]: other });
  const stored = await wire.ask("HEAD", { name: `${name}-wrong` });
  const right = await wire.put(name, TEXT, { [header]: VALUES[name] });
  const kept = await head(wire, name);
  const holds = !wrong.ok && stored.status === 404 && right.ok && kept.header(header) === VALUES[name];
  return judge(holds, { right, wrong, "HEAD of the wrong one": stored });
}

/** Whether an object that was uploaded in parts has such a checksum: of all its bytes, or of its parts' checksums. */
export async function checkedInParts(wire: Wire, name: Name, type: "FULL_OBJECT" | "COMPOSITE"): Promise<Finding> {
  const header = headerOf(name);
  const value = VALUES[name];
  const key = `${name}-${type}`;
  const part = { body: TEXT, headers: { [header]: value }, element: [`Checksum${name}`, value] as const };
  const begin = { "x-amz-checksum-algorithm": name, "x-amz-checksum-type": type };
  const end = type === "FULL_OBJECT" ? { [header]: value, "x-amz-checksum-type": type } : {};
  const upload = await wire.upload(key, [part], begin, end);
  if (!upload.ok) return judge(false, { upload });
  const kept = await head(wire, key);
  const given = kept.header(header);
  const told = kept.header("x-amz-checksum-type");
  const holds = type === "FULL_OBJECT" ? given === value && told !== "COMPOSITE" : /^.+-1$/.test(given ?? "");
  return found(holds ? "yes" : "no", { upload }, given ? `${given} ${told ?? ""}`.trim() : "no checksum given back");
}

function head(wire: Wire, name: string): Promise<Answer> {
  return wire.ask("HEAD", { name, headers: { "x-amz-checksum-mode": "ENABLED" } });
}

function headerOf(name: Name): string {
  return `x-amz-checksum-${name.toLowerCase()}`;
}
