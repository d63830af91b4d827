import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs, { type FsOptions } from "../../drivers/fs.ts";
import { emptyFolder, failure } from "./fs/folder.ts";

describe("fs", () => {
  it("neither throws nor touches the disk before its first call, which rejects what is wrong", async () => {
    const driver = fs({} as FsOptions);
    expect((await failure(driver.head("k"))).code).toBe("invalid-option");
    const base = join(await emptyFolder(), "later");
    const good = fs({ base });
    await expect(readFile(base)).rejects.toThrow("ENOENT");
    expect(await good.head("k")).toBe(null);
    await expect(readFile(base)).rejects.toThrow("ENOENT");
  });

  it("is an unstorage driver and an object store on the same files", async () => {
    const base = await emptyFolder();
    const driver = fs({ base });
    await driver.setItem?.("a:b.json", '{"x":1}', {});
    expect(await (await driver.download("a/b.json")).json()).toEqual({ x: 1 });
    const info = await driver.upload("c d.txt", "text", { metadata: { by: "me" } });
    expect(info).toMatchObject({
      size: 4,
      contentType: "text/plain",
      url: null,
      location: join(base, "c d.txt"),
      metadata: { by: "me" },
    });
    expect((await driver.getKeys("", {})).sort()).toEqual(["a:b.json", "c d.txt"]);
    expect(await readFile(join(base, "a/b.json"), "utf8")).toBe('{"x":1}');
  });

  it("gives addresses below publicUrl with exactly one slash, each segment encoded", async () => {
    const base = await emptyFolder();
    const urls = async (publicUrl: string, key: string) => (await fs({ base, publicUrl }).upload(key, "x")).url;
    expect(await urls("https://cdn.example.com/m/", "a b/ü&?#%+'.txt")).toBe(
      "https://cdn.example.com/m/a%20b/%C3%BC%26%3F%23%25%2B%27.txt",
    );
    expect(await urls("/files", "a/b")).toBe("/files/a/b");
    expect(await urls("/", "a/b")).toBe("/a/b");
  });

  it("honours readOnly and noClear, and reports to onEvent", async () => {
    const base = await emptyFolder();
    await writeFile(join(base, "k"), "x");
    const operations: string[] = [];
    const readOnly = fs({
      base,
      readOnly: true,
      onEvent: (event) => operations.push((event.type === "call" && event.error?.code) || event.operation),
    });
    expect((await failure(readOnly.upload("k", "y"))).code).toBe("denied");
    expect((await failure(readOnly.copy("k", "l"))).code).toBe("denied");
    expect((await failure(Promise.resolve(readOnly.clear?.("", {})))).code).toBe("denied");
    expect(operations).toContain("denied");
    expect((await failure(Promise.resolve(fs({ base, noClear: true }).clear?.("", {})))).code).toBe("denied");
    expect(await readFile(join(base, "k"), "utf8")).toBe("x");
  });

  it("presigns nothing", async () => {
    expect(await fs({ base: await emptyFolder() }).presign("k")).toBe(null);
  });
});
