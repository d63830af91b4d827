/** A folder that unstorage's own drivers fill or read, by the cores of both majors: each side finds what the other has stored. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createStorage as createStorage1, type Driver as Driver1 } from "unstorage";
import fs1 from "unstorage/drivers/fs";
import lite1 from "unstorage/drivers/fs-lite";
import { createStorage as createStorage2, type Driver as Driver2 } from "unstorage2";
import fs2 from "unstorage2/drivers/fs";
import lite2 from "unstorage2/drivers/fs-lite";
import fs from "../../drivers/fs.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

const one = (driver: unknown) => createStorage1({ driver: driver as Driver1 });
const two = (driver: unknown) => createStorage2({ driver: driver as Driver2 }) as unknown as ReturnType<typeof one>;

const SIDES = [
  ["fs of 1.x", one, fs1],
  ["fs-lite of 1.x", one, lite1],
  ["fs of 2.x", two, fs2],
  ["fs-lite of 2.x", two, lite2],
] as const;

const VALUES: Readonly<Record<string, unknown>> = {
  "plain.txt": "text ü",
  "users:1": { name: "Ada", tags: ["a", 2, null] },
  "users:1:photo": 42,
  "deep:er:still": true,
  "with space:dot.": "names",
};
const BYTES = new Uint8Array([0, 255, 128, 10]);

describe.each(SIDES)("a folder that unstorage's %s uses", (_name, storageOf, theirs) => {
  it("is read as it is: keys, values, bytes, meta; and what is removed on one side is gone on the other", async () => {
    const base = await emptyFolder();
    const before = storageOf(theirs({ base }));
    // Their folder cannot hold a key and one below it.
    const entries = Object.entries(VALUES).filter(([key]) => key !== "users:1");
    for (const [key, value] of entries) await before.setItem(key, value as string);
    await before.setItemRaw("raw.bin", BYTES);
    await before.setMeta("plain.txt", { owner: "me" });
    const driver = fs({ base });
    const now = storageOf(driver);
    expect((await now.getKeys()).sort()).toEqual((await before.getKeys()).sort());
    for (const [key, value] of entries) expect(await now.getItem(key)).toEqual(value);
    expect(new Uint8Array((await now.getItemRaw("raw.bin")) as Uint8Array)).toEqual(BYTES);
    expect(await now.getMeta("plain.txt")).toMatchObject({
      owner: "me",
      size: (await stat(join(base, "plain.txt"))).size,
    });
    expect(await driver.head("users/1/photo")).toMatchObject({ size: 2, metadata: {} });
    expect(await (await driver.download("plain.txt")).text()).toBe("text ü");
    // Reading has left no trace.
    expect(await stat(join(base, ".unbucket")).catch(() => null)).toBe(null);
    await before.removeItem("raw.bin");
    expect([await now.hasItem("raw.bin"), await now.getItem("raw.bin")]).toEqual([false, null]);
    await now.removeItem("deep:er:still");
    expect([await before.hasItem("deep:er:still"), await before.getItem("deep:er:still")]).toEqual([false, null]);
  });

  it("reads what this driver has stored, all but what no path can hold and its own folder", async () => {
    const base = await emptyFolder();
    const driver = fs({ base });
    const ours = storageOf(driver);
    for (const [key, value] of Object.entries(VALUES)) await ours.setItem(key, value as string);
    await ours.setItemRaw("raw.bin", BYTES);
    await ours.setMeta("plain.txt", { owner: "me" });
    await driver.upload("described", "x", { contentType: "text/plain", metadata: { a: "b" } });
    const after = storageOf(theirs({ base }));
    const plain = ["described", "raw.bin", "plain.txt", "users:1", "deep:er:still"];
    expect((await after.getKeys()).filter((key) => !key.startsWith(".unbucket")).sort()).toEqual(plain.sort());
    for (const key of ["plain.txt", "users:1", "deep:er:still"]) expect(await after.getItem(key)).toEqual(VALUES[key]);
    expect(new Uint8Array((await after.getItemRaw("raw.bin")) as Uint8Array)).toEqual(BYTES);
    expect(await after.getMeta("plain.txt")).toMatchObject({ owner: "me" });
    expect(await after.getItem("described")).toBe("x");
    // What they replace has their bytes, and no headers of ours.
    await after.setItem("described", "theirs");
    expect(await driver.head("described")).toMatchObject({
      size: 6,
      contentType: "application/octet-stream",
      metadata: {},
    });
    expect((await ours.getKeys()).sort()).toEqual([...Object.keys(VALUES), "raw.bin", "described"].sort());
  });
});
