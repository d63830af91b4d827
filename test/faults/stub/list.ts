/** ListObjectsV2, with the oddities of servers. */
import { documentOf, escaped, type StubAnswer } from "./answer.ts";
import { type StubCall, written } from "./call.ts";

type Entry = { readonly key: string } | { readonly prefix: string };

/** One page. Its continuation token is opaque, and needs to be encoded once in a query. */
export function listObjects({ world, query }: StubCall): StubAnswer {
  const { switches } = world;
  const [prefix, delimiter] = [query.get("prefix") ?? "", query.get("delimiter") ?? ""];
  const most = Math.min(1000, Number(query.get("max-keys") ?? 1000));
  const page = ++world.pages;
  const entries = grouped([...world.objects.keys()].sort(byBytes), prefix, delimiter);
  const from = startOf(query, switches.cursorPrefix ?? "");
  const rest = entries.filter((entry) => from === null || byBytes(nameOf(entry), from) > 0);
  const shown = page <= (switches.emptyPages ?? 0) ? [] : rest.slice(0, most);
  const goesOn = rest.length > shown.length || switches.repeatCursor === true || switches.omitCursor === true;
  const last = shown.at(-1);
  const name = last ? nameOf(last) : (from ?? "");
  const token = switches.repeatCursor
    ? `${switches.cursorPrefix ?? ""}same`
    : `${switches.cursorPrefix ?? ""}${Buffer.from(`${page} ${name}`).toString("base64")}`;

  const echoed = query.get("encoding-type") === "url" && !switches.plainListing;
  // As AWS writes it: a space is a plus, and a slash stays.
  const encode = echoed
    ? (text: string) => encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/")
    : escaped;
  const inner = shown.map((entry) => {
    if ("prefix" in entry) return `<CommonPrefixes><Prefix>${encode(entry.prefix)}</Prefix></CommonPrefixes>`;
    const { etag, body, modified } = world.objects.get(entry.key) ?? { etag: "", body: Buffer.alloc(0), modified: 0 };
    const tag = `<ETag>${escaped(written(etag, world))}</ETag><Size>${body.length}</Size>`;
    const date = `<LastModified>${new Date(modified).toISOString()}</LastModified>`;
    return `<Contents><Key>${encode(entry.key)}</Key>${date}${tag}</Contents>`;
  });
  const next = goesOn && !switches.omitCursor ? `<NextContinuationToken>${escaped(token)}</NextContinuationToken>` : "";
  return documentOf(
    "ListBucketResult",
    [
      `<Name>${world.bucket}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${shown.length}</KeyCount>`,
      `<MaxKeys>${most}</MaxKeys>${echoed ? "<EncodingType>url</EncodingType>" : ""}`,
      `<IsTruncated>${goesOn}</IsTruncated>${next}${inner.join("")}`,
    ].join(""),
  );
}

/** The name after which the page starts; null for the first page. */
function startOf(query: StubCall["query"], prefix: string): string | null {
  const token = query.get("continuation-token");
  if (token === undefined) return query.get("start-after") ?? null;
  const text = Buffer.from(token.slice(prefix.length), "base64").toString("utf8");
  return text.slice(text.indexOf(" ") + 1);
}

function grouped(keys: readonly string[], prefix: string, delimiter: string): Entry[] {
  const entries: Entry[] = [];
  const seen = new Set<string>();
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const group = key.slice(0, at + delimiter.length);
    if (at < 0) entries.push({ key });
    else if (!seen.has(group)) entries.push({ prefix: group });
    seen.add(group);
  }
  return entries;
}

function nameOf(entry: Entry): string {
  return "prefix" in entry ? entry.prefix : entry.key;
}

function byBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
