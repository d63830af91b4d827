/** How a server is addressed, and whether it deletes many keys by one request. */
import { sha256Base64 } from "#digest";
import { type Markup, writeXml } from "../../../src/s3/xml.ts";
import { type Finding, found, judge } from "./finding.ts";
import type { Wire } from "./wire.ts";

/** Whether the bucket may be where the driver puts it, in the path or the host name. The other is not tried: that host need not exist. */
export async function addressing(wire: Wire, style: "path-style" | "virtual-host"): Promise<Finding> {
  const { bucket, whereabouts } = wire.client.settings;
  const used = whereabouts.site.address.path.endsWith(`/${bucket}/`) ? "path-style" : "virtual-host";
  if (used !== style) return { answer: "unknown", said: `not asked: the driver uses ${used}` };
  const stored = await wire.put("addressed", "1");
  return judge(stored.ok, { PUT: stored });
}

/** Whether a signature for another region is refused. */
export async function regionChecked(wire: Wire): Promise<Finding> {
  const listing = await wire.listSignedFor("unbucket-probe-1");
  return found(listing.ok ? "no" : "yes", { listing });
}

/** Whether DeleteObjects deletes. */
export async function deleteMany(wire: Wire): Promise<Finding> {
  const names = ["many-1", "many-2"];
  for (const name of names) await wire.put(name, "1");
  const objects = names.map((name): Markup => ["Object", [["Key", wire.root + name]]]);
  const body = writeXml(["Delete", objects]);
  const headers = { "content-type": "application/xml", "x-amz-checksum-sha256": await sha256Base64(body) };
  const deletion = await wire.ask("POST", { query: { delete: "" }, headers, body });
  const left = await Promise.all(names.map((name) => wire.ask("HEAD", { name })));
  return judge(deletion.ok && left.every(({ status }) => status === 404), { POST: deletion });
}
