import { describe, expect, it } from "vitest";
import { compareKeys } from "../../../src/key.ts";
import type { FlatListOptions } from "../../../src/listing.ts";
import { chance } from "../../support/chance.ts";
import { type Asking, asking, refusalOf } from "./asked.ts";

/** Names and groups of a document, and what it says of the next page. */
async function listed({ ask }: Asking, query: string): Promise<readonly [names: string[], next: string | undefined]> {
  const text = await (await ask("GET", `bucket?${query}`)).text();
  const names = Array.from(
    text.matchAll(/<(?:Contents><Key|CommonPrefixes><Prefix)>([^<]*)/g),
    ([, name]) => name as string,
  );
  const next = /<Next(?:Marker|ContinuationToken)>([^<]*)/.exec(text)?.[1];
  expect(text).toContain(`<IsTruncated>${next !== undefined}</IsTruncated>`);
  return [names, next];
}

/** All names, page by page; fails where the pages do not end. */
async function paged(asked: Asking, query: string, parameter: string): Promise<string[]> {
  const all: string[] = [];
  let next: string | undefined;
  for (let count = 0; count === 0 || next !== undefined; count++) {
    if (count > 50) throw new Error(`no end behind ${all.join(" ")}`);
    const from = new URLSearchParams(query);
    if (next !== undefined) from.set(parameter, next);
    const [names, following] = await listed(asked, `${from}`);
    all.push(...names);
    next = following;
  }
  return all;
}

async function filled(keys: readonly string[]): Promise<Asking> {
  const asked = asking();
  for (const key of keys) await asked.store.upload(key, key);
  return asked;
}

describe("listObjects", () => {
  it("gives tokens that any parser reads, whatever the keys", async () => {
    const { store, ask } = asking();
    const keys = ["a\u0001b", "a\u0001c", "a\u0001d"];
    for (const key of keys) await store.upload(key, "");
    const found: string[] = [];
    for (let token: string | undefined = ""; token !== undefined;) {
      const query = token && `&continuation-token=${encodeURIComponent(token)}`;
      const text: string = await (await ask("GET", `bucket?list-type=2&encoding-type=url&max-keys=1${query}`)).text();
      expect(text).not.toContain("&#1;");
      found.push(decodeURIComponent(/<Contents><Key>([^<]*)/.exec(text)?.[1] ?? ""));
      token = /<NextContinuationToken>([^<]*)/.exec(text)?.[1];
    }
    expect(found).toEqual(keys);
  });

  it.each(["rubbish", "%25E0%25A4%25A"])("refuses a token that it never gave: %s", async (token) => {
    const { ask } = asking();
    expect(await refusalOf(await ask("GET", `bucket?list-type=2&continuation-token=${token}`))).toBe(
      "400 InvalidArgument",
    );
  });

  it.each([
    ["", ["a", "b/1", "b/2", "c"]],
    ["&delimiter=%2F", ["a", "b/", "c"]],
    ["&start-after=b%2F1", ["b/2", "c"]],
    ["&prefix=b%2F&start-after=a", ["b/1", "b/2"]],
    ["&prefix=b%2F&start-after=c", []],
    ["&prefix=b%2F&start-after=b%2F1", ["b/2"]],
  ])("gives all of what is asked for, in pages of any size: %s", async (query, names) => {
    const asked = await filled(["a", "b/1", "b/2", "c"]);
    for (const size of [1, 2, 3, 1000])
      expect((await paged(asked, `list-type=2&max-keys=${size}${query}`, "continuation-token")).sort()).toEqual(names);
  });

  it("says what was asked for, and how much came", async () => {
    const { ask } = await filled(["a +/b c", "a +/d e/f"]);
    const query =
      "list-type=2&prefix=a%20%2B%2F&delimiter=%2F&start-after=a%20%2B%2Fa%20&encoding-type=url&max-keys=5&fetch-owner=true";
    const text = await (await ask("GET", `bucket?${query}`)).text();
    expect(text).toContain(
      "<EncodingType>url</EncodingType><Name>bucket</Name><Prefix>a%20%2B/</Prefix><Delimiter>/</Delimiter>" +
        "<StartAfter>a%20%2B/a%20</StartAfter><KeyCount>2</KeyCount><MaxKeys>5</MaxKeys><IsTruncated>false</IsTruncated>",
    );
    expect(text).toMatch(
      /<Contents><Key>a%20%2B\/b%20c<\/Key><LastModified>2\d{3}-.*Z<\/LastModified><ETag>&quot;.+&quot;<\/ETag><Size>7<\/Size><StorageClass>STANDARD<\/StorageClass><Owner>/,
    );
    expect(text).toContain("<CommonPrefixes><Prefix>a%20%2B/d%20e/</Prefix></CommonPrefixes>");
  });

  it("names the owner only where that is asked for", async () => {
    const { ask } = await filled(["a"]);
    for (const query of ["", "&fetch-owner=false"])
      expect(await (await ask("GET", `bucket?list-type=2${query}`)).text()).not.toContain("<Owner>");
  });

  it("repeats the token that a page was asked for with", async () => {
    const asked = await filled(["a", "b", "c"]);
    const [, token = ""] = await listed(asked, "list-type=2&max-keys=1");
    const text = await (
      await asked.ask("GET", `bucket?list-type=2&max-keys=1&continuation-token=${encodeURIComponent(token)}`)
    ).text();
    expect(text).toContain(`<ContinuationToken>${token}</ContinuationToken><NextContinuationToken>`);
  });

  it.each(["list-type=2&", ""])("of no keys is empty and the last page: %s", async (kind) => {
    expect(await listed(await filled(["a", "b"]), `${kind}max-keys=0`)).toEqual([[], undefined]);
  });

  it.each([
    ["max-keys=-1", "400 InvalidArgument"],
    ["max-keys=a", "400 InvalidArgument"],
    ["max-keys=2147483648", "400 InvalidArgument"],
    ["encoding-type=xml", "400 InvalidArgument"],
    ["delimiter=%3A", "501 NotImplemented"],
    ["continuation-token=", "400 InvalidArgument"],
  ])("refuses what it cannot do: %s", async (query, refusal) => {
    const { ask } = asking();
    expect(await refusalOf(await ask("GET", `bucket?list-type=2&${query}`))).toBe(refusal);
  });
});

describe("listObjectsV1", () => {
  it("says what was asked for and where it goes on, in names as all of them are written", async () => {
    const { ask } = await filled(["a/b c", "a/d"]);
    const query = "prefix=a%2F&delimiter=%2F&marker=a%2Fa%20&encoding-type=url&max-keys=1";
    const text = await (await ask("GET", `bucket?${query}`)).text();
    expect(text).toContain(
      "<EncodingType>url</EncodingType><Name>bucket</Name><Prefix>a/</Prefix><Delimiter>/</Delimiter>" +
        "<Marker>a/a%20</Marker><MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated><NextMarker>a/b%20c</NextMarker>" +
        "<Contents><Key>a/b%20c</Key>",
    );
  });

  it.each([
    ["", ["a", "b/1", "b/2", "c"]],
    ["&delimiter=%2F", ["a", "b/", "c"]],
    ["&prefix=b%2F&delimiter=%2F", ["b/1", "b/2"]],
    ["&prefix=b&delimiter=%2F", ["b/"]],
  ])("gives all of what is asked for, in pages of any size: %s", async (query, names) => {
    const asked = await filled(["a", "b/1", "b/2", "c"]);
    for (const size of [1, 2, 3, 1000])
      expect((await paged(asked, `max-keys=${size}${query}`, "marker")).sort()).toEqual(names);
  });

  it("goes on behind an object whose key is the prefix, as consoles make them for folders", async () => {
    const asked = await filled(["a/", "a/1", "a/b/", "a/b/2", "a/c"]);
    const names = await paged(asked, "max-keys=1&prefix=a%2F&delimiter=%2F", "marker");
    expect(names.sort()).toEqual(["a/", "a/1", "a/b/", "a/c"]);
  });

  it("passes a group whole, whatever is in it", async () => {
    const asked = await filled(["a/\u{10FFFF}\u{10FFFF}x", "a/1", "b"]);
    expect(await paged(asked, "max-keys=1&delimiter=%2F", "marker")).toEqual(["a/", "b"]);
  });

  it("passes a group whose name has no room behind it", async () => {
    const group = `${"a".repeat(1022)}/`;
    const asked = await filled([`${group}x`, "b"]);
    expect(await paged(asked, "max-keys=1&delimiter=%2F", "marker")).toEqual([group, "b"]);
  });

  it("begins behind a marker that nothing has, and gives nothing behind one after the prefix", async () => {
    const asked = await filled(["a/1", "a/3", "b"]);
    expect(await listed(asked, "marker=a%2F2")).toEqual([["a/3", "b"], undefined]);
    expect(await listed(asked, "prefix=a%2F&marker=b")).toEqual([[], undefined]);
  });

  it("names the owner always", async () => {
    const { ask } = await filled(["a"]);
    expect(await (await ask("GET", "bucket")).text()).toContain("<Owner><ID>unbucket</ID>");
  });

  it("asks the store for a page, however much there is", async () => {
    const asked = await filled(["a", "b", "c"]);
    const limits: unknown[] = [];
    const { list } = asked.store;
    asked.store.list = (options?: FlatListOptions) => {
      limits.push(options?.limit);
      return list(options);
    };
    await listed(asked, "max-keys=2");
    expect(limits).toEqual([2]);
  });

  it("goes on over a page of the store's that has nothing on it, since its answer could not say where", async () => {
    const asked = await filled(["a", "b"]);
    const { list } = asked.store;
    asked.store.list = (options?: FlatListOptions) => ({
      ...list(options),
      async *pages() {
        yield { objects: [], prefixes: [], cursor: "later" };
        yield* list(options).pages();
      },
    });
    expect(await listed(asked, "")).toEqual([["a", "b"], undefined]);
  });
});

describe("lists", () => {
  it.each([1, 2, 3, 4, 5])(
    "of any keys are what they should be, with any prefix, group, start and size of pages (%i)",
    async (seed) => {
      const next = chance(seed);
      const below = (count: number): number => Math.floor(next() * count);
      const word = (most: number): string =>
        Array.from(
          { length: 1 + below(most) },
          () => ["a", "b", "/", "-", "0", "ä", "a/", "😀", "\uff5e"][below(9)],
        ).join("");
      for (let round = 0; round < 8; round++) {
        const keys = [...new Set(Array.from({ length: 12 }, () => word(6)))];
        const asked = await filled(keys);
        for (let list = 0; list < 12; list++) {
          const first = below(2) === 0;
          const [prefix, start] = [below(2) ? "" : word(3), below(3) ? "" : word(3)];
          const delimiter = below(2) ? "/" : "";
          const names = keys
            .filter((key) => key.startsWith(prefix))
            .map((key) => key.slice(0, (delimiter && key.indexOf("/", prefix.length) + 1) || undefined));
          const expected = [...new Set(names)].filter((name) => start === "" || compareKeys(name, start) > 0);
          const query = new URLSearchParams({ prefix, delimiter, "max-keys": `${1 + below(4)}` });
          query.set(first ? "marker" : "start-after", start);
          if (!first) query.set("list-type", "2");
          const found = await paged(asked, `${query}`, first ? "marker" : "continuation-token");
          expect(found.sort(compareKeys), `${query} of ${JSON.stringify(keys)}`).toEqual(expected.sort(compareKeys));
        }
      }
    },
  );
});
