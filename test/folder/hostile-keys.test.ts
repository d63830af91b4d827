/** Keys from somebody who wants out, through every verb of the door. */
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs from "../../drivers/fs.ts";
import { emptyFolder, failure, filesBelow } from "../drivers/fs/folder.ts";

/** A base in a folder that has a canary beside it. */
async function place() {
  const parent = await emptyFolder();
  const base = join(parent, "base");
  await mkdir(base);
  await writeFile(join(parent, "canary"), "alive");
  await mkdir(join(parent, "outside/deep"), { recursive: true });
  await writeFile(join(parent, "outside/deep/canary"), "alive");
  const unharmed = async (): Promise<void> => {
    expect((await filesBelow(parent)).filter((file) => !file.startsWith("base/"))).toEqual([
      "canary",
      "outside/deep/canary",
    ]);
    for (const file of ["canary", "outside/deep/canary"])
      expect(await readFile(join(parent, file), "utf8")).toBe("alive");
  };
  return { parent, base, driver: fs({ base, durable: false }), unharmed };
}

const DOTS = ["..", "../canary", "a/../../canary", "a/..", "./a", "a/.", "../base-other", "../outside/deep/canary"];

describe("a key with dot segments", () => {
  it.each(DOTS)("L8: %j is refused by every verb, and by key-value verbs too", async (key) => {
    const { driver, unharmed, base } = await place();
    await driver.upload("good", "x");
    const calls: (() => Promise<unknown>)[] = [
      () => driver.upload(key, "dead"),
      () => driver.download(key),
      () => driver.head(key),
      () => driver.exists(key),
      () => driver.copy("good", key),
      () => driver.copy(key, "to"),
      () => driver.move("good", key),
      () => driver.delete(key),
      () => driver.update(key, async () => "dead"),
      async () => driver.setItem?.(key, "dead", {}),
      async () => driver.setItemRaw?.(key, "dead", {}),
    ];
    for (const call of calls) expect((await failure(call())).code).toBe("invalid-key");
    await unharmed();
    expect((await filesBelow(base)).filter((file) => !file.startsWith(".unbucket/"))).toEqual(["good"]);
  });
});

/** Strange, but keys: they are objects of their own, inside. */
const STRANGE = [
  ...[
    "..\\canary",
    "..\\..\\canary",
    "C:\\canary",
    "C:canary",
    "\\\\server\\share\\x",
    "//server/share/x",
    "/canary",
    "/../x".replace("..", "..."),
  ],
  ...[
    "%2e%2e/canary",
    "..%2fcanary",
    "%2e%2e%2fcanary",
    "..%5ccanary",
    "a\0/../canary".replace("/..", ""),
    "~/canary",
    "file:///canary",
    "..\u2215canary",
    ".. /canary",
    "..../canary",
  ],
  ...[
    ".unbucket/version",
    ".unbucket/tmp/x",
    ".unbucket/meta/aa/x.json",
    ".unbucket/keys/a=",
    ".UNBUCKET/version",
    "UNBUCK~1/version",
    ".unbucket /version",
    ".unbucket./version",
  ],
];

describe("a strange key", () => {
  it("L8, L19: is an object inside, among all the others, and nothing of the driver's own changes", async () => {
    const { driver, unharmed, base } = await place();
    for (const key of STRANGE) await driver.upload(key, `<${key}>`, { metadata: { key: encodeURIComponent(key) } });
    const version = await readFile(join(base, ".unbucket/version"), "utf8");
    expect(version).toBe("1\n");
    for (const key of STRANGE) {
      expect(await (await driver.download(key)).text()).toBe(`<${key}>`);
      expect((await driver.head(key))?.metadata).toEqual({ key: encodeURIComponent(key) });
      await driver.copy(key, `copy/${key}`);
      await driver.move(`copy/${key}`, `moved/${key}`);
      expect(await (await driver.download(`moved/${key}`)).text()).toBe(`<${key}>`);
    }
    const listed: string[] = [];
    for await (const { key } of driver.list()) listed.push(key as string);
    expect(listed.sort()).toEqual([...STRANGE, ...STRANGE.map((key) => `moved/${key}`)].sort());
    await unharmed();
    await driver.deletePrefix(".unbucket/");
    expect(await driver.exists("..\\canary")).toBe(true);
    for (const key of STRANGE.filter((each) => !each.startsWith(".unbucket/")))
      expect(await driver.exists(key)).toBe(true);
    for (const prefix of [".", "/", "..\\", "%2e", "moved/", ""])
      await (prefix === "" ? driver.clear?.("", {}) : driver.deletePrefix(prefix));
    await unharmed();
  });
});

describe("a key that begins with the base of another store", () => {
  it("L19: becomes no record, no upload in parts and no version of that store", async () => {
    const { base, driver, unharmed } = await place();
    const inner = fs({ base: join(base, "below"), durable: false });
    await inner.upload("own", "own", { metadata: { is: "kept" } });
    const uploadId = "ab".repeat(16);
    const forged = {
      [`uploads/${uploadId}/upload.json`]: JSON.stringify({ key: "own", initiated: 1, headers: {} }),
      [`uploads/${uploadId}/1`]: "forged",
      version: "2\n",
      ...Object.fromEntries(
        (await readdir(join(base, "below/.unbucket/meta"), { recursive: true }))
          .filter((name) => name.endsWith(".json"))
          .map((name) => [`meta/${name}`, JSON.stringify({ key: "own", contentType: "text/html" })]),
      ),
    };
    for (const [name, text] of Object.entries(forged)) await driver.upload(`below/.unbucket/${name}`, text);
    const again = fs({ base: join(base, "below"), durable: false });
    expect(await again.head("own")).toMatchObject({ contentType: "application/octet-stream" });
    const pending: string[] = [];
    for await (const { key } of again.listUploads()) pending.push(key);
    expect(pending).toEqual([]);
    for (const [name, text] of Object.entries(forged))
      expect(await (await driver.download(`below/.unbucket/${name}`)).text()).toBe(text);
    await unharmed();
  });
});

describe("clear and deletePrefix", () => {
  it("L30: take what is in the folder, follow no link, and leave the folder and what is beside it", async () => {
    const { parent, base, driver, unharmed } = await place();
    for (const key of ["a", "b/c", "b/d", "b", "linked/own", "x//y", "base/q"])
      await driver.upload(key, "x", { metadata: { n: "1" } });
    await driver.delete("linked/own");
    await symlink(join(parent, "outside"), join(base, "linked"));
    await symlink(join(parent, "canary"), join(base, "file"));
    await symlink(parent, join(base, "b/up"));
    for (const prefix of ["linked/", "linked/deep/", "file", "b/up/", "b/up/outside/deep"])
      await driver.deletePrefix(prefix);
    await unharmed();
    expect(await driver.exists("b/c")).toBe(true);
    await driver.deletePrefix("b/");
    expect([await driver.exists("b"), await driver.exists("b/c"), await driver.exists("base/q")]).toEqual([
      true,
      false,
      true,
    ]);
    await driver.clear?.("", {});
    await unharmed();
    expect((await readdir(base)).sort()).toEqual([".unbucket", "b", "file", "linked"]);
    expect(await filesBelow(join(base, ".unbucket"))).toEqual(["version"]);
  });
});
