/**
 * The bounds of uploads in parts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
import { type Finding, judge } from "./finding.ts";
import type { Wire } from "./wire.ts";

const MIB = 1024 * 1024;

/** Whether a part may be larger than the first. This is the one question that needs megabytes. */
export async function unequalParts(wire: Wire): Promise<Finding> {
  const parts = [5 * MIB, 6 * MIB, 1].map((size) => ({ body: new Uint8Array(size) }));
  const upload = await wire.upload("unequal", parts);
  return judge(upload.ok, { upload });
}

/** Whether a part that is not the last may be small. */
export async function smallParts(wire: Wire): Promise<Finding> {
  const upload = await wire.upload("small", [{ body: "1" }, { body: "2" }]);
  return judge(upload.ok, { upload });
}

/** Whether part numbers above those of S3 are taken. */
export async function part10001(wire: Wire): Promise<Finding> {
  const [begin, uploadId] = await wire.start("many");
  if (!uploadId) return judge(false, { begin });
  const part = await wire.part("many", uploadId, 10_001, { body: "1" });
  return judge(part.ok, { part });
}
