/** Which headers of an object come back. */
import { type Finding, found, judge } from "./finding.ts";
import type { Wire } from "./wire.ts";

const SENT = {
  "content-type": "text/x-probe",
  "cache-control": "max-age=7",
  "content-disposition": "inline",
  "content-language": "en",
  "x-amz-meta-probe": "1",
};

/** Whether all of them do: some servers accept headers and do not keep them. */
export async function headers(wire: Wire): Promise<Finding> {
  const put = await wire.put("headers", "1", SENT);
  const head = await wire.ask("HEAD", { name: "headers" });
  if (!put.ok || !head.ok) return judge(false, { PUT: put, HEAD: head });
  const lost = Object.entries(SENT).flatMap(([name, value]) => (head.header(name) === value ? [] : [name]));
  if (lost.length === 0) return found("yes", { HEAD: head });
  return found("no", { HEAD: head }, `other or no ${lost.join(", ")}`);
}
