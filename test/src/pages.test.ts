import { describe, expect, it, vi } from "vitest";
import type { ListEntry, Page } from "../../src/listing.ts";
import { listing } from "../../src/pages.ts";

const object = (key: string): Page["objects"][number] => ({ key, size: 1, etag: '"e"' });

function pagesBy(cursors: Readonly<Record<string, Page>>): (cursor: string | undefined) => Promise<Page> {
  return async (cursor) => cursors[cursor ?? "start"] ?? { objects: [], prefixes: [] };
}

async function all(list: AsyncIterable<ListEntry>): Promise<(string | undefined)[]> {
  const seen = [];
  for await (const entry of list) seen.push(entry.key ?? entry.prefix);
  return seen;
}

describe("listing", () => {
  const load = pagesBy({
    start: { objects: [object("a"), object("b")], prefixes: ["b/"], cursor: "1" },
    "1": { objects: [], prefixes: [], cursor: "2" },
    "2": { objects: [object("c")], prefixes: [] },
  });

  it("gives the entries of all pages, past an empty one", async () => {
    expect(await all(listing(() => load, undefined))).toEqual(["a", "b", "b/", "c"]);
  });

  it("can be iterated twice, and begins at a cursor", async () => {
    const list = listing(() => load, "2");
    expect(await all(list)).toEqual(["c"]);
    expect(await all(list)).toEqual(["c"]);
  });

  it("begins anew for each iteration, and goes on with what was begun for all of its pages", async () => {
    const begin = vi.fn(() => vi.fn(load));
    const list = listing(begin, undefined);
    expect(begin).not.toHaveBeenCalled();
    await Promise.all([all(list), all(list)]);
    expect(begin.mock.results.map(({ value }) => value.mock.calls)).toEqual([
      [[undefined], ["1"], ["2"]],
      [[undefined], ["1"], ["2"]],
    ]);
  });

  it("asks nothing before the first step, and no page that nobody wants", async () => {
    const asked = vi.fn(load);
    const list = listing(() => asked, undefined);
    const pages = list.pages();
    expect(asked).not.toHaveBeenCalled();
    await pages.next();
    expect(asked).toHaveBeenCalledTimes(1);
    for await (const _ of list) break;
    expect(asked).toHaveBeenCalledTimes(2);
  });

  it("rejects corrupt when a store gives the same cursor twice", async () => {
    const stuck = listing(() => async () => ({ objects: [object("a")], prefixes: [], cursor: "1" }), undefined);
    await expect(all(stuck)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("gives nothing of a page that leads back to the cursor where the listing began", async () => {
    const stuck = listing(() => async () => ({ objects: [object("a")], prefixes: [], cursor: "1" }), "1");
    await expect(stuck.pages().next()).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each([2, 3, 7])("rejects corrupt when a store goes round in a circle of %i cursors", async (length) => {
    let asked = 0;
    const load = async (): Promise<Page> => ({ objects: [], prefixes: [], cursor: `${asked++ % length}` });
    const walk = async (): Promise<void> => {
      for await (const _ of listing(() => load, "begin").pages()) if (asked > 100) return;
    };
    await expect(walk()).rejects.toMatchObject({ code: "corrupt" });
  });

  it("passes a rejection on", async () => {
    const reason = new Error("down");
    await expect(all(listing(() => () => Promise.reject(reason), undefined))).rejects.toBe(reason);
  });
});
