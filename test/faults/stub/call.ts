/** One verified request on its way through the stub. */
import type { Addressed } from "../operation.ts";
import { Refused } from "./answer.ts";
import type { Form } from "./form.ts";
import type { StubObject, World } from "./world.ts";

/** What an operation works with. */
export interface StubCall extends Addressed {
  readonly world: World;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** What the body says, where it is a form. */
  readonly form?: Form | undefined;
}

/** Content headers and metadata of a write, as they are kept with the object. */
export function keptHeaders(headers: StubCall["headers"]): Record<string, string> {
  const kept =
    /^(content-(type|encoding|language|disposition)|cache-control|expires|x-amz-meta-.*|x-amz-storage-class)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => kept.test(name)));
}

/** How this world writes an ETag. */
export function written(etag: string, world: World): string {
  const bare = etag.replaceAll('"', "");
  const forms = { quoted: etag, bare, weak: `W/${etag}`, encoded: etag };
  return forms[world.switches.etagForm ?? "quoted"];
}

/** Whether a condition's list names this object; weak and bare forms count. */
export function names(condition: string, object: StubObject): boolean {
  const bare = (text: string): string => text.trim().replace(/^W\//, "").replaceAll('"', "");
  return condition.trim() === "*" || condition.split(",").some((one) => bare(one) === bare(object.etag));
}

/** Rejects a write whose condition does not hold. */
export function checkWrite({ world, key, headers }: StubCall): void {
  const present = world.objects.get(key);
  const match = headers["if-match"];
  if (match !== undefined && !present && !world.switches.matchAbsent412)
    throw new Refused(404, "NoSuchKey", "The specified key does not exist.", { Key: key });
  if (match !== undefined && !(present && names(match, present))) throw failed("If-Match");
  const noneMatch = headers["if-none-match"];
  if (noneMatch !== undefined && present && names(noneMatch, present)) throw failed("If-None-Match");
}

/** Rejects a copy whose condition on the source does not hold. */
export function checkSource(headers: StubCall["headers"], source: StubObject): void {
  const match = headers["x-amz-copy-source-if-match"];
  if (match !== undefined && !names(match, source)) throw failed("x-amz-copy-source-If-Match");
}

/** Rejects what R2 and others once did with checksums that nobody asked them about. */
export function checkChecksums({ world, headers }: StubCall): void {
  if (!world.switches.noChecksums) return;
  const asked = Object.keys(headers).find((name) => /^x-amz-(checksum-|sdk-checksum-)/.test(name));
  if (asked) throw new Refused(501, "NotImplemented", `Header '${asked}' not implemented`);
}

function failed(condition: string): Refused {
  const message = "At least one of the pre-conditions you specified did not hold";
  return new Refused(412, "PreconditionFailed", message, { Condition: condition });
}

/** The object that `x-amz-copy-source` names. */
export function sourceOf({ world, headers }: StubCall): StubObject {
  const source = decodeURIComponent(headers["x-amz-copy-source"] ?? "").replace(/^\//, "");
  const start = `${world.bucket}/`;
  if (!source.startsWith(start)) throw new Refused(404, "NoSuchBucket", "The source bucket does not exist.");
  const object = world.objects.get(source.slice(start.length));
  if (!object) throw new Refused(404, "NoSuchKey", "The specified key does not exist.");
  checkSource(headers, object);
  return object;
}
