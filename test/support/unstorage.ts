/** What unstorage asks of every driver, on both of its majors, mounted at the root and under a base. */
import * as unstorage1 from "unstorage";
import * as unstorage2 from "unstorage2";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Driver } from "../../src/driver.ts";

/** The part of unstorage that the tests use, which both majors have. */
export type Core = Pick<typeof unstorage1, "createStorage" | "prefixStorage" | "restoreSnapshot">;

/** Both majors. */
export const cores: Readonly<Record<string, Core>> = { "unstorage 1": unstorage1, "unstorage 2": unstorage2 };

/** A class that has no JSON form, and one that has. */
class Opaque {
  readonly value = 1;
}
class Dated {
  readonly at: string;
  constructor(at: string) {
    this.at = at;
  }
  toJSON(): string | { readonly at: string } {
    return this.at === "" ? "no date" : { at: this.at };
  }
}

/** The fifteen behaviours, in four combinations; `open` gives an empty store. */
export function keyValueContract(name: string, open: () => Promise<Driver>, close: () => Promise<void>): void {
  for (const [major, core] of Object.entries(cores)) {
    for (const base of ["", "mnt:deep:"]) {
      describe(`${name} in ${major}, ${base === "" ? "at the root" : `mounted at ${base}`}`, () =>
        contract(core, base, open, close));
    }
  }
}

function contract(core: Core, base: string, open: () => Promise<Driver>, close: () => Promise<void>): void {
  let storage: unstorage1.Storage;
  beforeAll(async () => {
    const driver = await open();
    storage = base === "" ? core.createStorage({ driver }) : core.createStorage().mount(base, driver);
  });
  afterEach(() => storage.clear());
  afterAll(async () => {
    await storage.dispose();
    await close();
  });
  const at = (key: string): string => base + key;
  const keys = async (below = "", maxDepth?: number): Promise<string[]> => {
    // unstorage counts depth from its own root, so the base counts.
    const depth = maxDepth === undefined ? {} : { maxDepth: maxDepth + base.split(":").length - 1 };
    return (await storage.getKeys(at(below), depth)).map((key) => key.slice(base.length)).sort();
  };

  test("a snapshot is restored", async () => {
    await core.restoreSnapshot(storage, { "first:item": "restored" }, base);
    expect(await storage.getItem(at("first:item"))).toBe("restored");
  });

  test("an empty store has no items and no keys", async () => {
    expect(await storage.hasItem(at("absent"))).toBe(false);
    expect(await storage.getItem(at("absent"))).toBe(null);
    expect(await keys()).toEqual([]);
  });

  test("setItem stores, and a query is no part of the key", async () => {
    await storage.setItem(at("one:a"), "value a");
    await storage.setItem(at("two:a"), "value b");
    await storage.setItem(at("three:a?version=1"), "value c");
    expect(await storage.hasItem(at("one:a"))).toBe(true);
    expect(await storage.getItem(at("one:a"))).toBe("value a");
    expect(await storage.getItem(at("three:a?version=2"))).toBe("value c");
  });

  test("getKeys gives all keys, or those below a base", async () => {
    for (const key of ["one:a", "two:a", "three:a?version=1"]) await storage.setItem(at(key), "x");
    expect(await keys()).toEqual(["one:a", "three:a", "two:a"]);
    expect(await keys("one")).toEqual(["one:a"]);
  });

  test("getKeys honours maxDepth", async () => {
    const all = ["top", "in:a", "in:b", "in:in:a", "in:in:b"];
    for (const key of all) await storage.setItem(at(key), "x");
    expect(await keys("", 0)).toEqual(["top"]);
    expect(await keys("", 1)).toEqual(["in:a", "in:b", "top"]);
    expect(await keys("", 2)).toEqual(all.toSorted());
  });

  test("an object is serialised", async () => {
    const value = { json: "works", deep: { list: [1, null, "ü"] } };
    await storage.setItem(at("data:object.json"), value);
    expect(await storage.getItem(at("data:object.json"))).toEqual(value);
  });

  test("primitives are serialised", async () => {
    for (const value of [true, 12.5, "text"]) {
      await storage.setItem(at("data:primitive.json"), value);
      expect(await storage.getItem(at("data:primitive.json"))).toBe(value);
    }
  });

  test("toJSON is used, whether it gives text or an object", async () => {
    await storage.setItem(at("data:text.json"), new Dated("") as unknown as string);
    expect(await storage.getItem(at("data:text.json"))).toBe("no date");
    await storage.setItem(at("data:object.json"), new Dated("2026-01-01") as unknown as string);
    expect(await storage.getItem(at("data:object.json"))).toEqual({ at: "2026-01-01" });
  });

  test("what cannot be serialised is refused, and nothing is stored", async () => {
    const refused = storage.setItem(at("data:opaque.json"), new Opaque() as unknown as string);
    await expect(refused).rejects.toThrow(/stringify/);
    expect(await storage.hasItem(at("data:opaque.json"))).toBe(false);
  });

  test("raw bytes come back as bytes", async () => {
    const bytes = new Uint8Array([0, 1, 2, 128, 255]);
    await storage.setItemRaw(at("raw.bin"), bytes);
    const read: unknown = await storage.getItemRaw(at("raw.bin"));
    expect(read).toBeInstanceOf(Uint8Array);
    expect(Buffer.from(read as Uint8Array)).toEqual(Buffer.from(bytes));
  });

  test("setItems stores several items", async () => {
    await storage.setItems([
      { key: at("a:1"), value: "first" },
      { key: at("a:2?q"), value: "second" },
      { key: at("b"), value: "third" },
    ]);
    expect(await keys()).toEqual(["a:1", "a:2", "b"]);
    expect(await storage.getItem(at("a:2"))).toBe("second");
  });

  test("getItems gives items in the order in which they were asked for, null for an absent one", async () => {
    await storage.setItem(at("a"), "1st");
    await storage.setItem(at("b"), { second: true });
    const items = await storage.getItems([at("b"), { key: at("absent") }, `${at("a")}?q=1`]);
    expect(items).toEqual([
      { key: at("b"), value: { second: true } },
      { key: at("absent"), value: null },
      { key: at("a"), value: "1st" },
    ]);
  });

  test("falsy values survive", async () => {
    await storage.setItem(at("zero"), 0);
    await storage.setItem(at("no"), false);
    expect([await storage.getItem(at("zero")), await storage.getItem(at("no"))]).toEqual([0, false]);
  });

  test("removeItem of an absent key is success, also with the boolean of old callers", async () => {
    await storage.setItem(at("there"), "x");
    await storage.removeItem(at("absent"), false);
    await storage.removeItem(at("there"), true);
    expect(await keys()).toEqual([]);
  });

  test("clear leaves nothing, twice in a row", async () => {
    for (const key of ["a", "b:c", "b:d:e"]) await storage.setItem(at(key), "x");
    await storage.clear();
    expect(await keys()).toEqual([]);
    await storage.clear();
    expect(await keys()).toEqual([]);
  });
}
