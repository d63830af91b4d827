import { readdirSync, symlinkSync, unlinkSync } from "node:fs";
import { chmod, mkdir, readdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { crc32c } from "../../../src/checksum.ts";
import type { MultipartBackend } from "../../../src/backend.ts";
import { makeFolder, ownUser, setBits, setFolderBits } from "../../../drivers/fs/mode.ts";
import { openBelow } from "../../support/descriptors.ts";
import { bundle, run } from "./child.ts";
import { emptyFolder, filesBelow, folder, K, onPlatform } from "./folder.ts";

const bits = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

/** The bits of all that lies below a folder, and of the folder itself. */
async function bitsBelow(base: string): Promise<Record<string, string>> {
  const found: Record<string, string> = { "": await bits(base) };
  for (const name of await readdir(base, { recursive: true })) found[name] = await bits(join(base, name));
  return found;
}

describe("L21: mode", () => {
  it.each([
    ["600", "700"],
    ["640", "750"],
    ["660", "770"],
    ["440", "750"],
    ["604", "705"],
  ])(
    "0o%s counts for whatever the driver writes, its folders can be entered by who may read: %s",
    async (wanted, entered) => {
      const mode = Number.parseInt(wanted, 8);
      const base = join(await emptyFolder(), "base");
      const { put, store } = await folder({ base, mode, durable: true, checksum: crc32c });
      await put("d/e/private.txt", "x", { metadata: { name: "Ada" } });
      await put("a//b", "kept under an escaped name", { contentType: "text/x-own" });
      await store.copy?.(K("d/e/private.txt"), K("f/copy.txt"), {});
      await put("given.txt", "x");
      await chmod(join(base, "given.txt"), 0o666);
      await store.copy?.(K("given.txt"), K("f/given.txt"), {});
      await store.delete(K("given.txt"), {});
      const parts = store.multipart as MultipartBackend;
      for (const key of ["begun", "made"]) {
        const { uploadId } = await parts.create(K(key), { metadata: { name: "Bob" } });
        const part = await parts.uploadPart(K(key), uploadId, 1, new Uint8Array(9), {});
        if (key === "made") await parts.complete(K(key), uploadId, [part], {});
      }
      const files = new Set(await filesBelow(base));
      expect([...files].filter((name) => name.startsWith(".unbucket/meta/"))).toHaveLength(5);
      const others = Object.entries(await bitsBelow(base)).filter(
        ([name, found]) => found !== (files.has(name) ? wanted : entered),
      );
      expect(others).toEqual([]);
    },
  );

  it("is from the beginning for nobody else, while the body still comes", async () => {
    const { base, store } = await folder({ mode: 0o600 });
    const seen: string[] = [];
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (seen.length > 0) return controller.close();
          controller.enqueue(new Uint8Array(1));
          for (const name of await readdir(join(base, ".unbucket/tmp")))
            seen.push(await bits(join(base, ".unbucket/tmp", name)));
        },
      },
      { highWaterMark: 0 },
    );
    await store.put(K("k"), { stream }, {});
    expect(seen).toEqual(["600"]);
  });

  it("leaves folders that were there as they are, and a group's bit on those below one that has it", async () => {
    const base = join(await emptyFolder(), "base");
    await mkdir(join(base, "there"), { recursive: true });
    await chmod(join(base, "there"), 0o755);
    await chmod(base, 0o2775);
    await (await folder({ base, mode: 0o660 })).put("there/new/k", "x");
    expect([await bits(base), await bits(join(base, "there")), await bits(join(base, "there/new"))]).toEqual([
      "2775",
      "755",
      "770",
    ]);
    await (await folder({ base, mode: 0o660 })).put("new/k", "x", { metadata: { a: "b" } });
    expect([await bits(join(base, "new")), await bits(join(base, ".unbucket/meta"))]).toEqual(["2770", "2770"]);
  });

  it("without one leaves folders to the umask, and gives a record the bits of its object", async () => {
    const { base, put, store } = await folder();
    const metadata = { name: "Ada" };
    await put("private", "1");
    await chmod(join(base, "private"), 0o600);
    await put("private", "2", { metadata });
    await store.copy?.(K("private"), K("copy"), {});
    const found = await bitsBelow(base);
    const records = Object.entries(found).filter(([name]) => name.endsWith(".json"));
    expect([found["private"], found["copy"], ...records.map(([, mode]) => mode)]).toEqual(["600", "600", "600", "600"]);
    await put("d/k", "x");
    expect(await bits(join(base, "d"))).toBe((0o777 & ~process.umask()).toString(8));
  });

  it("leaves the bits by which a second process, under another umask, may read and write what the first has made", async () => {
    const above = await emptyFolder();
    const base = join(above, "base");
    const child = await bundle(`
      process.umask(0o077);
      const store = fs({ base, mode: 0o660 });
      await store.upload("d/k", "x", { metadata: { a: "b" } });
      await store.delete(["d/none", "d/none2"]);`);
    expect((await run(process.execPath, [child, base]).ended).code).toBe(0);
    expect(await bits(base)).toBe("770");
    const files = new Set(await filesBelow(base));
    for (const [name, found] of Object.entries(await bitsBelow(base)))
      expect([name, found]).toEqual([name, files.has(name) ? "660" : "770"]);
  });

  it("is not that of a file to which a link leads that has taken the place of what is being written", async () => {
    const { base, put, text } = await folder({ mode: 0o604 });
    const secret = join(await emptyFolder(), "secret");
    await writeFile(secret, "secret");
    await chmod(secret, 0o600);
    await put("a", "1");
    const tmp = join(base, ".unbucket/tmp");
    const onBytes = (): void => {
      for (const name of readdirSync(tmp)) {
        unlinkSync(join(tmp, name));
        symlinkSync(secret, join(tmp, name));
      }
    };
    await put("k", "2", { onBytes }).catch(() => {});
    expect([await bits(secret), await text("a")]).toEqual(["600", "1"]);
  });
});

describe("ownUser", () => {
  it("is nobody under Deno, which asks its user for the right to know", () => {
    expect(ownUser()).toBe(process.geteuid?.());
    vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    expect(ownUser()).toBeUndefined();
  });
});

describe("setBits", () => {
  const failing = (code: string) => ({ chmod: () => Promise.reject(Object.assign(new Error(code), { code })) });

  it("goes by the path where the permission model lets no open file be changed, and nowhere else", async () => {
    const path = join(await emptyFolder(), "a");
    await writeFile(path, "1", { mode: 0o600 });
    await expect(setBits(failing("EPERM"), path, 0o640)).rejects.toThrow("EPERM");
    expect(await bits(path)).toBe("600");
    await setBits(failing("ERR_ACCESS_DENIED"), path, 0o640);
    expect(await bits(path)).toBe("640");
    await expect(setBits(failing("ERR_ACCESS_DENIED"), `${path}b`, 0o640)).rejects.toThrow("ENOENT");
  });
});

describe("setFolderBits", () => {
  it("follows no link that has taken the folder's place, and opens no file", async () => {
    const base = await emptyFolder();
    await mkdir(join(base, "private"), { mode: 0o700 });
    await symlink("private", join(base, "link"));
    await writeFile(join(base, "file"), "1", { mode: 0o600 });
    for (const name of ["link", "file"]) await expect(setFolderBits(join(base, name), 0o644)).rejects.toThrow();
    expect([await bits(join(base, "private")), await bits(join(base, "file"))]).toEqual(["700", "600"]);
  });

  it("leaves nothing open, and nothing changed where folders have no such bits", async () => {
    const base = await emptyFolder();
    await makeFolder(join(base, "a"), 0o600);
    expect(openBelow(base)).toEqual([]);
    onPlatform("win32");
    await setFolderBits(join(base, "a"), 0o644);
    expect(await bits(join(base, "a"))).toBe("700");
  });
});
