/** E1 to E8, E11, E12: keys that reach something else, or come back changed. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { FaultCase, Rig } from "../rig.ts";

const ESCAPING = ["..", ".", "../other/k", "a/..", "a/../b", "./a", "a/.", "a/./b"];
const KEYS = [
  ...["a b", " a ", "a+b", "100%", "a%2Fb", "%20", "a;b:c@d&e=f$g,h", "what?", "a#b", "'(x)*!~"],
  ...[
    "a//b",
    "/lead",
    "trail/",
    "//",
    "é",
    "e\u0301",
    "世界/😀",
    "a\\b",
    "a\tb",
    "a\u0001b",
    "__proto__",
    "constructor",
  ],
  ...["a<b>&\"c'", "a\rb", "a\nb", "\uFFFF", "a".repeat(1024)],
];

function verbs(rig: Rig, key: string): Record<string, () => Promise<unknown>> {
  const store = rig.store();
  return {
    upload: () => store.upload(key, "x"),
    download: () => store.download(key),
    head: () => store.head(key),
    exists: () => store.exists(key),
    delete: () => store.delete(key),
    "delete of many": () => store.delete(["fine", key]),
    copy: () => store.copy("fine", key),
    "copy from": () => store.copy(key, "fine"),
    move: () => store.move(key, "fine"),
    presign: () => store.presign(key),
    createMultipartUpload: () => store.createMultipartUpload(key),
  };
}

async function refused(rig: Rig, key: string): Promise<void> {
  for (const [name, call] of Object.entries(verbs(rig, key)))
    await rig.rejects("invalid-key", call, `${name} of ${key}`);
}

export const keyCases: readonly FaultCase[] = [
  {
    row: "E1",
    name: "a key with a dot segment reaches nothing, by any verb",
    async run(rig) {
      await rig.set({ objects: { fine: "text" }, rules: [] });
      for (const key of ESCAPING) await refused(rig, key);
      await rig.rejects("invalid-key", () => rig.store().deletePrefix("a/../"), "deletePrefix");
      await rig.rejects(
        "invalid-option",
        () => rig.store({ base: "a/.." }).upload("k", "x"),
        "a base with dot segments",
      );
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "E2",
    name: "an empty key does not reach the bucket",
    async run(rig) {
      await rig.set({ objects: { fine: "text" }, rules: [] });
      await refused(rig, "");
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "E3",
    name: "every key goes round by put, head, get, list, copy, presign and delete",
    async run(rig) {
      const store = rig.store();
      await Promise.all(KEYS.map((key, index) => store.upload(key, `${index}`)));
      same(Object.keys((await rig.seen()).objects).sort(), [...KEYS].sort(), "keys as the server has them");
      for (const [index, key] of KEYS.entries()) {
        const read = await store.download(key);
        same([read.key, await read.text(), (await store.head(key))?.size], [key, `${index}`, `${index}`.length], key);
        const { url } = (await store.presign(key)) ?? { url: "" };
        same(await (await fetch(url)).text(), `${index}`, `presigned ${key}`);
      }
      const listed: string[] = [];
      for await (const entry of store.list()) listed.push(entry.key ?? "");
      same([...listed].sort(), [...KEYS].sort(), "keys as listed");
      await store.delete(KEYS);
      same((await rig.seen()).objects, {}, "what is left");
    },
  },
  {
    row: "E4",
    name: "empty segments stay, at every place",
    async run(rig) {
      for (const key of ["a//b", "/a", "a/", "//a//", "a///b"]) {
        await rig.store().upload(key, key);
        same(await rig.stored(key), key, key);
      }
      same(Object.keys((await rig.seen()).objects).length, 5, "objects");
    },
  },
  {
    row: "E5",
    name: "key-value keys are normalised, and object keys are not",
    async run(rig) {
      const store = rig.store();
      await store.setItem?.("a:b", "kv", {});
      await store.upload("a//b?c", "object");
      same(Object.keys((await rig.seen()).objects).sort(), ["a/b", "a//b?c"].sort(), "objects");
    },
  },
  {
    row: "E6",
    name: "a lone surrogate is refused, never replaced",
    async run(rig) {
      for (const key of ["\uD800", "a\uDC00b"]) await refused(rig, key);
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "E7",
    name: "1025 bytes are refused here, and the base counts",
    async run(rig) {
      await refused(rig, "é".repeat(512) + "x");
      const store = rig.store({ base: "base" });
      await store.upload("k".repeat(1019), "x");
      await rig.rejects("invalid-key", () => store.upload("k".repeat(1020), "x"), "upload below a base");
      same(await rig.operations(), ["PutObject"], "requests");
    },
  },
  {
    row: "E8",
    name: "composed and decomposed letters are two keys",
    async run(rig) {
      await rig.store().upload("\u00E9", "composed");
      await rig.store().upload("e\u0301", "decomposed");
      same(await (await rig.store().download("\u00E9")).text(), "composed", "text");
      same(Object.keys((await rig.seen()).objects).length, 2, "objects");
    },
  },
  {
    row: "E11",
    name: "keys that XML cannot carry are deleted one by one, the others together",
    async run(rig) {
      const keys = ["a<b>&\"c'", "a\rb", "a\u0001b", "\uFFFEx", "plain"];
      await rig.set({ objects: Object.fromEntries(keys.map((key) => [key, "x"])), rules: [] });
      await rig.store().delete(keys);
      same((await rig.seen()).objects, {}, "what is left");
      same((await rig.operations()).sort(), ["DeleteObject", "DeleteObject", "DeleteObjects"], "requests");
    },
  },
  {
    row: "E12",
    name: "a copy reads from the key that was meant",
    async run(rig) {
      const keys = KEYS.filter((key) => key.length < 1000);
      await rig.set({ objects: Object.fromEntries(keys.map((key) => [key, `of ${key}`])) });
      for (const key of keys) {
        await rig.store().copy(key, "copy");
        same(await rig.stored("copy"), `of ${key}`, key);
      }
      ok(keys.length > 20, "keys");
    },
  },
];
