/** A5, A6, A8, E9, E10, E13: listings that end early, never, or in another encoding. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { Fault } from "../proxy/fault.ts";
import type { FaultCase, Rig } from "../rig.ts";

const SEVEN = Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((key) => [key, key]));
const ODD = ["a b", "a+b", "a%2Fb", "a%20b", "a&b<c>", "é", "\u0001x", "\uFFFFx", "😀", "a\rb"];

async function keysOf(rig: Rig, limit?: number): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key, prefix } of rig.store().list(limit === undefined ? {} : { limit }))
    keys.push(key ?? `${prefix}`);
  return keys;
}

export const listCases: readonly FaultCase[] = [
  {
    row: "A5",
    name: "a listing that is cut is not the end of the list",
    async run(rig) {
      const faults: Fault[] = [{ do: "close-delimited" }, { do: "truncate", at: 500, by: "fin" }];
      await rig.set({ objects: SEVEN, rules: [{ operation: "ListObjectsV2", nth: 1, faults }] });
      same(await keysOf(rig), Object.keys(SEVEN), "keys after one cut answer");
      await rig.set({ rules: [{ operation: "ListObjectsV2", faults }] });
      await rig.rejects("corrupt", () => keysOf(rig), "list of nothing but cut answers");
    },
  },
  {
    row: "A6",
    name: "a page without keys that goes on is not the end",
    async run(rig) {
      await rig.set({ objects: SEVEN, switches: { emptyPages: 3 } });
      same(await keysOf(rig, 3), Object.keys(SEVEN), "keys");
    },
  },
  {
    row: "A6",
    name: "a page that goes on without saying where is an error",
    async run(rig) {
      await rig.set({ objects: SEVEN, switches: { omitCursor: true } });
      await rig.rejects("corrupt", () => keysOf(rig, 3), "list");
    },
  },
  {
    row: "A6",
    name: "a page that names itself as the next is an error, not a loop",
    async run(rig) {
      await rig.set({ objects: SEVEN, switches: { repeatCursor: true } });
      await rig.rejects("corrupt", () => keysOf(rig, 3), "list");
      ok((await rig.operations()).length < 8, "it must stop soon");
    },
  },
  {
    row: "A8",
    name: "a continuation token comes back as it was given, encoded once",
    async run(rig) {
      await rig.set({ objects: SEVEN, switches: { cursorPrefix: "a+b/c==%2F &amp;" }, rules: [] });
      same(await keysOf(rig, 3), Object.keys(SEVEN), "keys");
      const targets = (await rig.seen()).log.map(({ target }) => new URL(target.replaceAll("+", "%2B"), "http://x"));
      const tokens = targets.map(({ searchParams }) => searchParams.get("continuation-token"));
      same(
        tokens.map((token) => token?.startsWith("a+b/c==%2F &amp;")),
        [undefined, true, true],
        "tokens sent",
      );
    },
  },
  {
    row: "E9",
    name: "keys that XML cannot carry are listed and deleted",
    async run(rig) {
      await rig.set({ objects: Object.fromEntries(ODD.map((key) => [key, "x"])) });
      same((await keysOf(rig, 3)).sort(), [...ODD].sort(), "keys");
      const targets = (await rig.seen()).log.map(({ target }) => target);
      ok(
        targets.every((target) => target.includes("encoding-type=url")),
        "every page must be asked for in that encoding",
      );
    },
  },
  {
    row: "E10",
    name: "a listing that is not encoded although that was asked for is not decoded",
    async run(rig) {
      const keys = ["a b", "a%20b", "a%2Fb", "a&b", "a+b"];
      await rig.set({ objects: Object.fromEntries(keys.map((key) => [key, "x"])), switches: { plainListing: true } });
      same((await keysOf(rig)).sort(), keys, "keys");
    },
  },
  {
    row: "E13",
    name: "prefixes are decoded, and come once over several pages",
    async run(rig) {
      const keys = ["a b/1", "a b/2", "a+b/1", "é/1", "é/2", "top"];
      await rig.set({ objects: Object.fromEntries(keys.map((key) => [key, "x"])) });
      const found: string[] = [];
      for await (const { key, prefix } of rig.store().list({ delimiter: "/", limit: 1 }))
        found.push(prefix ?? `${key}`);
      same(found, ["a b/", "a+b/", "top", "é/"], "prefixes and keys");
    },
  },
];
