/** Objects in one piece: put, get, head, copy, delete. */
import { createHash } from "node:crypto";
import { documentOf, empty, escaped, Refused, type StubAnswer } from "./answer.ts";
import { checkChecksums, checkWrite, keptHeaders, names, sourceOf, type StubCall, written } from "./call.ts";
import { etagOf, type StubObject } from "./world.ts";

/** PutObject. */
export function putObject(call: StubCall): StubAnswer {
  const { world, key, body, headers } = call;
  checkChecksums(call);
  checkWrite(call);
  const sent = headers["x-amz-checksum-sha256"];
  if (sent !== undefined && sent !== createHash("sha256").update(body).digest("base64"))
    throw new Refused(400, "BadDigest", "The SHA256 you specified did not match what we received.");
  const { etag } = world.store(key, body, keptHeaders(headers));
  return empty(200, world.switches.omitEtag ? {} : { etag: written(etag, world) });
}

/** PostObject: what a form brings, which was checked before. */
export function postObject({ world, form }: StubCall): StubAnswer {
  if (!form) throw new Refused(412, "PreconditionFailed", "no form");
  const { fields, file, filename } = form;
  const key = (fields.get("key") ?? "").replaceAll("${filename}", filename);
  const { etag } = world.store(key, file, keptHeaders(Object.fromEntries(fields)));
  const redirect = fields.get("success_action_redirect");
  if (redirect !== undefined) return empty(303, { location: `${redirect}?key=${encodeURIComponent(key)}` });
  if (fields.get("success_action_status") !== "201")
    return empty(Number(fields.get("success_action_status") ?? 204), { etag });
  return { ...documentOf("PostResponse", `<Key>${escaped(key)}</Key><ETag>${escaped(etag)}</ETag>`), status: 201 };
}

/** GetObject and HeadObject: a HEAD's answer has the head of a GET's. */
export function getObject(call: StubCall): StubAnswer {
  const { world, key, query, headers, operation } = call;
  const { headStatus, hides, objectHeaders, omitEtag, noRanges } = world.switches;
  if (operation === "HeadObject" && headStatus !== undefined) throw new Refused(headStatus, "Scripted");
  const object = world.objects.get(key);
  if (!object || hides) throw new Refused(404, "NoSuchKey", "The specified key does not exist.", { Key: key });
  const common = {
    ...object.headers,
    ...(omitEtag ? {} : { etag: written(object.etag, world) }),
    "last-modified": new Date(object.modified).toUTCString(),
    "accept-ranges": "bytes",
    ...overrides(query),
    ...objectHeaders,
  };
  if (headers["if-match"] !== undefined && !names(headers["if-match"], object))
    throw new Refused(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
  if (headers["if-none-match"] !== undefined && names(headers["if-none-match"], object)) return empty(304, common);
  if (operation === "HeadObject") {
    return empty(200, { ...common, "content-length": String(world.switches.fakeSize ?? object.body.length) });
  }
  const span = noRanges ? null : rangeOf(headers["range"], object);
  if (!span) return { status: 200, headers: common, body: object.body };
  const body = object.body.subarray(span.start, span.end + 1);
  return {
    status: 206,
    headers: { ...common, "content-range": `bytes ${span.start}-${span.end}/${object.body.length}` },
    body,
  };
}

function overrides(query: StubCall["query"]): Record<string, string> {
  const asked = [...query].filter(([name]) => name.startsWith("response-"));
  return Object.fromEntries(asked.map(([name, value]) => [name.slice("response-".length), value]));
}

/** One range; null for what is not understood, which then counts as not there. */
function rangeOf(header: string | undefined, { body }: StubObject): { start: number; end: number } | null {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!found || found[0] === "bytes=-") return null;
  const [first = "", last = ""] = found.slice(1);
  const start = first === "" ? Math.max(0, body.length - Number(last)) : Number(first);
  const end = first === "" || last === "" ? body.length - 1 : Math.min(Number(last), body.length - 1);
  if (start > end || (first === "" && last === "0")) {
    const headers = { "content-range": `bytes */${body.length}` };
    throw new Refused(416, "InvalidRange", "The requested range is not satisfiable", {}, headers);
  }
  return { start, end };
}

/** DeleteObject: an absent key is success, but for a condition. */
export function deleteObject(call: StubCall): StubAnswer {
  const { world, key } = call;
  checkWrite(call);
  world.objects.delete(key);
  return empty(204);
}

/** CopyObject, headers included unless the request replaces them. */
export function copyObject(call: StubCall): StubAnswer {
  const { world, key, headers } = call;
  checkWrite(call);
  const source = sourceOf(call);
  const replaced = headers["x-amz-metadata-directive"] === "REPLACE";
  // A copy is one piece, also of an object made from parts.
  const made = world.store(key, source.body, replaced ? keptHeaders(headers) : source.headers, etagOf(source.body));
  return documentOf("CopyObjectResult", result(made, call));
}

/** What a copy says of the object or part that it made. */
export function result({ etag, modified }: Pick<StubObject, "etag" | "modified">, { world }: StubCall): string {
  const tag = world.switches.omitEtag ? "" : `<ETag>${escaped(written(etag, world))}</ETag>`;
  return `${tag}<LastModified>${new Date(modified).toISOString()}</LastModified>`;
}

/** DeleteObjects, with the keys that the world refuses. */
export function deleteObjects(call: StubCall): StubAnswer {
  const { world, body } = call;
  const text = body.toString("utf8");
  if (!call.headers["x-amz-checksum-sha256"] && !call.headers["content-md5"])
    throw new Refused(400, "InvalidRequest", "Missing required header for this request: Content-MD5");
  const quiet = /<Quiet>true<\/Quiet>/.test(text);
  const entries = [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => unescaped(key));
  const results = entries.map((key) => {
    const { refuseDelete = {} } = world.switches;
    const refused = Object.hasOwn(refuseDelete, key) ? refuseDelete[key] : undefined;
    const count = world.refusedDeletes.get(key) ?? 0;
    if (refused && count < (refused.times ?? Infinity)) {
      world.refusedDeletes.set(key, count + 1);
      return `<Error><Key>${escaped(key)}</Key><Code>${refused.code}</Code><Message>refused</Message></Error>`;
    }
    world.objects.delete(key);
    return quiet ? "" : `<Deleted><Key>${escaped(key)}</Key></Deleted>`;
  });
  return documentOf("DeleteResult", results.join(""));
}

/** An element's content as text. */
export function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replace(/&(?:#x([\da-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) =>
    hex || decimal ? String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10)) : (named[name] ?? whole),
  );
}
