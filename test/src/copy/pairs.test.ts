import { describe, expect, it } from "vitest";
import { pairsOf } from "../../../src/copy/pairs.ts";
import type { ObjectList, Page } from "../../../src/listing.ts";

/** A listing of one key a page, which says when it was ended. */
function listOf(keys: readonly string[], ended: () => void = () => {}): ObjectList {
  async function* pages(): AsyncGenerator<Page, void, void> {
    try {
      for (const key of keys) yield { objects: [{ key, size: 1, etag: `"${key}"` }], prefixes: [] };
    } finally {
      ended();
    }
  }
  return { pages } as ObjectList;
}

async function keysOf(sources: readonly string[], present: readonly string[]): Promise<readonly string[]> {
  const pairs: string[] = [];
  for await (const { source, found } of pairsOf(listOf(sources), listOf(present)))
    pairs.push(`${source.key} ${found?.key ?? "-"}`);
  return pairs;
}

describe("pairsOf", () => {
  it.each([
    [[], ["a"], []],
    [["a"], [], ["a -"]],
    [
      ["b", "d"],
      ["a", "b", "c", "d", "e"],
      ["b b", "d d"],
    ],
    [["a", "b", "c"], ["b"], ["a -", "b b", "c -"]],
    // By bytes of UTF-8, where JavaScript would have the second first.
    [
      ["\uFFEE", "\u{1F600}"],
      ["\uFFEE", "\u{1F600}"],
      ["\uFFEE \uFFEE", "\u{1F600} \u{1F600}"],
    ],
  ])("of %j beside %j are %j", async (sources, present, expected) => {
    expect(await keysOf(sources, present)).toEqual(expected);
  });

  it("ends both listings when nobody wants more", async () => {
    const ended: string[] = [];
    const pairs = pairsOf(
      listOf(["a", "b"], () => ended.push("sources")),
      listOf(["a", "b", "c"], () => ended.push("present")),
    );
    await pairs.next();
    await pairs.return();
    expect(ended.sort()).toEqual(["present", "sources"]);
  });
});
