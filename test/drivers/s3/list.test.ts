import { describe, expect, it } from "vitest";
import { type Received, type Script, wire, xml } from "../../support/wire.ts";
import { stubbed } from "../../support/stubbed.ts";

const entry = (key: string): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>3</Size></Contents>`;
const page = (inner: string, token?: string) =>
  xml(
    "ListBucketResult",
    `<EncodingType>url</EncodingType><IsTruncated>${token !== undefined}</IsTruncated>${
      token ? `<NextContinuationToken>${token}</NextContinuationToken>` : ""
    }${inner}`,
  );

async function keys(
  list: AsyncIterable<{ key?: string | undefined; prefix?: string | undefined }>,
): Promise<unknown[]> {
  const seen = [];
  for await (const found of list) seen.push(found.key ?? found.prefix);
  return seen;
}

describe("listObjects", () => {
  it("asks for a page with everything escaped, and reads it", async () => {
    const server = await wire(
      page(`${entry("p%2Fa+b+c%2B%26%0A")}<CommonPrefixes><Prefix>p%2Fsub%2F</Prefix></CommonPrefixes>`),
    );
    const pages = stubbed(server).list({ prefix: "p/ &+", delimiter: "/", limit: 7 }).pages();
    await expect(pages.next()).rejects.toMatchObject({ code: "corrupt" });
    const result = await stubbed(server).list({ prefix: "p/", delimiter: "/", limit: 7 }).pages().next();
    expect(result.value).toMatchObject({
      objects: [{ key: "p/a b c+&\n", size: 3, etag: '"e"', lastModified: new Date("2026-01-02T03:04:05Z") }],
      prefixes: ["p/sub/"],
    });
    expect(server.requests[0]?.target).toBe(
      "/bucket/?list-type=2&encoding-type=url&prefix=p%2F%20%26%2B&delimiter=%2F&max-keys=7",
    );
  });

  it.each([
    ["k", 1, [null, null]],
    ["k", 2, [null, null]],
    ["", 1, [null, null]],
  ])("does not say where a page starts: below the prefix %j, limit %s", async (prefix, limit, starts) => {
    const server = await wire(page(entry(`${prefix}a`), "token"), page(""));
    expect(await keys(stubbed(server).list({ prefix, limit }))).toEqual([`${prefix}a`]);
    expect(server.requests.map(({ query }) => query.get("start-after"))).toEqual(starts);
  });

  // As MinIO does: the object whose key is the prefix hides what follows, in a first page of one that is not told where to start.
  const hiding: Script = ({ query }) => {
    const start = query.get("continuation-token") ?? query.get("start-after");
    if (start === null) return page(entry(String(query.get("prefix"))));
    return start === "!" ? page(entry(String(query.get("prefix"))), "next") : page(entry(`${query.get("prefix")}a`));
  };

  it("finds what follows an object whose key is the prefix, where the store hides it in a page of one", async () => {
    const server = await wire(hiding);
    expect(await keys(stubbed(server).list({ prefix: "k", limit: 1 }))).toEqual(["k", "ka"]);
    expect(server.requests.map(({ query }) => query.get("start-after"))).toEqual([null, "!", null]);
    expect(await keys(stubbed(await wire(hiding), { base: "in" }).list({ limit: 1 }))).toEqual(["a"]);
  });

  it("finds it also where that object was deleted between the two requests", async () => {
    const server = await wire(({ query }) => page(entry(query.get("start-after") === null ? "k" : "ka")));
    expect(await keys(stubbed(server).list({ prefix: "k", limit: 1 }))).toEqual(["ka"]);
  });

  // As Garage does: told to start before the prefix, it looks there, and finds nothing.
  it.each(["k", "ka"])("finds what is below %j on a store that looks where it is told to start", async (prefix) => {
    const server = await wire(({ query }) => page(query.get("start-after") === null ? entry("ka") : ""));
    expect(await keys(stubbed(server).list({ prefix, limit: 1 }))).toEqual(["ka"]);
  });

  it.each(["!", "/", " a"])("does not ask twice below the prefix %j, before which there is nothing", async (prefix) => {
    const server = await wire(page(entry(prefix.replace(" ", "+"))));
    expect(await keys(stubbed(server).list({ prefix, limit: 1 }))).toEqual([prefix]);
    expect(server.requests).toHaveLength(1);
  });

  it("says where it starts below the base", async () => {
    const server = await wire(page(""));
    const driver = stubbed(server, { base: "in" });
    for (const options of [{ startAfter: "b" }, { startAfter: "b", limit: 1 }, { limit: 1 }, {}])
      await keys(driver.list(options));
    expect(server.requests.map(({ query }) => query.get("start-after"))).toEqual(["in/b", "in/b", null, null]);
  });

  it("leaves out the marker of the base as a folder", async () => {
    const server = await wire(page(entry("in%2F") + entry("in%2Fa%2F")));
    expect(await keys(stubbed(server, { base: "in" }).list())).toEqual(["a/"]);
  });

  it("gives ETags in one form, however the store writes them", async () => {
    const server = await wire(page(entry("a").replaceAll("&quot;", "")));
    const { value } = await stubbed(server).list().pages().next();
    expect(value?.objects[0]?.etag).toBe('"e"');
  });

  it("hears an abort while a page is asked for", async () => {
    const control = new AbortController();
    const server = await wire(() => (control.abort("left"), { bytes: "" }));
    const { signal } = control;
    await expect(stubbed(server).list({ signal }).pages().next()).rejects.toBe("left");
  });

  it("takes keys as they are from a store that does not encode", async () => {
    const server = await wire(xml("ListBucketResult", `<IsTruncated>false</IsTruncated>${entry("a+b%20c&amp;d")}`));
    expect(await keys(stubbed(server).list())).toEqual(["a+b%20c&d"]);
  });

  it("goes on past an empty page, with the token as it came", async () => {
    const server = await wire(page(entry("a"), "t/1+=&amp;"), page("", "t2"), page(entry("b")));
    expect(await keys(stubbed(server).list())).toEqual(["a", "b"]);
    expect(server.requests.map(({ query }) => query.get("continuation-token"))).toEqual([null, "t/1+=&", "t2"]);
  });

  it("ends where the store says so, even beside a token", async () => {
    const server = await wire(
      xml(
        "ListBucketResult",
        `<IsTruncated>false</IsTruncated><NextContinuationToken>stale</NextContinuationToken>${entry("a")}`,
      ),
    );
    expect(await keys(stubbed(server).list())).toEqual(["a"]);
    expect(server.requests).toHaveLength(1);
  });

  it("rejects corrupt when a truncated listing has no token", async () => {
    const server = await wire(xml("ListBucketResult", `<IsTruncated>true</IsTruncated>${entry("a")}`));
    await expect(keys(stubbed(server).list())).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each(["list", "deletePrefix", "clear"] as const)(
    "%s rejects corrupt when the same token comes twice",
    async (verb) => {
      const server = await wire(({ query }: Received) =>
        query.has("delete") ? xml("DeleteResult", "") : page(entry("p/a"), "again"),
      );
      const driver = stubbed(server);
      const run = {
        list: () => keys(driver.list()),
        deletePrefix: () => driver.deletePrefix("p/"),
        clear: () => driver.clear("p"),
      };
      await expect(run[verb]()).rejects.toMatchObject({ code: "corrupt" });
      expect(server.requests.length).toBeLessThan(10);
    },
  );

  it.each([
    ["outside the prefix", entry("q%2Fa")],
    ["in a broken encoding", entry("p/%E0%A4%A")],
    ["without a size", "<Contents><Key>p%2Fa</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>"],
    ["without a date", "<Contents><Key>p%2Fa</Key><Size>1</Size></Contents>"],
    ["with a size that is none", entry("p%2Fa").replace("<Size>3", "<Size>-3")],
    ["with an empty size", entry("p%2Fa").replace("<Size>3", "<Size>")],
    ["without a key", "<Contents><LastModified>2026-01-02T03:04:05.000Z</LastModified><Size>3</Size></Contents>"],
  ])("rejects corrupt for an object %s", async (_, inner) => {
    const server = await wire(page(inner));
    await expect(keys(stubbed(server).list({ prefix: "p/" }))).rejects.toMatchObject({ code: "corrupt" });
  });

  it("rejects corrupt when it cannot be told whether the listing goes on", async () => {
    const server = await wire(xml("ListBucketResult", `<IsTruncated>trve</IsTruncated>${entry("a")}`));
    await expect(keys(stubbed(server).list())).rejects.toMatchObject({ code: "corrupt" });
  });

  it("rejects corrupt for an object without a key when everything is listed", async () => {
    const server = await wire(
      page("<Contents><LastModified>2026-01-02T03:04:05.000Z</LastModified><Size>3</Size></Contents>"),
    );
    await expect(keys(stubbed(server).list())).rejects.toMatchObject({ code: "corrupt" });
  });

  it("puts the base before the prefix once, and takes it off keys and prefixes", async () => {
    const server = await wire(
      page(`${entry("in/side/a")}<CommonPrefixes><Prefix>in/side/b/</Prefix></CommonPrefixes>`),
    );
    for (const base of ["in/side", "/in/side/", "in/side//"]) {
      expect(await keys(stubbed(server, { base }).list({ delimiter: "/" }))).toEqual(["a", "b/"]);
    }
    expect(new Set(server.requests.map(({ query }) => query.get("prefix")))).toEqual(new Set(["in/side/"]));
    await expect(
      keys(stubbed(await wire(page(entry("in/sider/a"))), { base: "in/side" }).list()),
    ).rejects.toMatchObject({
      code: "corrupt",
    });
  });
});
