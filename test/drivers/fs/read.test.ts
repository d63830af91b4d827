import { execFileSync } from "node:child_process";
import { renameSync } from "node:fs";
import { copyFile, mkdir, open, readFile, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import { head, openVersion } from "../../../drivers/fs/read.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder, failure, folder, K, MEMORY, UGLY_KEYS } from "./folder.ts";

const MIB = 1024 * 1024;

describe("get", () => {
  it("serves ranges, and refuses those beyond the end", async () => {
    const { put, store, text } = await folder();
    await put("k", "0123456789");
    await put("empty", "");
    expect(await text("k", { range: { start: 2, end: 4 } })).toBe("234");
    expect(await text("k", { range: { start: 8, end: 99 } })).toBe("89");
    expect(await text("k", { range: { suffix: 3 } })).toBe("789");
    expect((await store.get(K("k"), { range: { start: 7 } }))?.range).toEqual({ start: 7, end: 9 });
    expect((await failure(store.get(K("k"), { range: { start: 10 } }))).code).toBe("invalid-range");
    expect((await failure(store.get(K("empty"), { range: { suffix: 1 } }))).code).toBe("invalid-range");
    expect(await text("empty")).toBe("");
  });

  it("honours conditions", async () => {
    const { put, store, text } = await folder();
    const { etag } = await put("k", "x");
    expect(await text("k", { ifMatch: etag })).toBe("x");
    expect((await failure(store.get(K("k"), { ifMatch: '"other"' }))).code).toBe("precondition-failed");
    expect((await failure(store.get(K("k"), { ifNoneMatch: etag }))).code).toBe("not-modified");
  });

  it("L11, L12, L26: gives null below a file, for a folder, a pipe, a socket, a link and a name that is too long", async () => {
    const { base, put, store, text } = await folder();
    await put("file", "x");
    await mkdir(join(base, "dir"));
    execFileSync("mkfifo", [join(base, "pipe")]);
    const server = createServer().listen(join(base, "socket"));
    await symlink(join(base, "file"), join(base, "link"));
    for (const key of ["file/below", "dir", "dir/", "pipe", "socket", "link", "x".repeat(300)]) {
      expect([key, await text(key), await store.head(K(key), {})]).toEqual([key, null, null]);
    }
    await new Promise((resolve) => server.close(resolve));
  });

  it("L9: does not even open what lies behind a link, which may be a device or a pipe that somebody waits at", async () => {
    const { base, text } = await folder();
    const outside = await emptyFolder();
    execFileSync("mkfifo", [join(outside, "pipe")]);
    await symlink(outside, join(base, "dir"));
    let hasReader = false;
    const writer = open(join(outside, "pipe"), "w").finally(() => (hasReader = true));
    expect(await text("dir/pipe")).toBe(null);
    await setTimeout(20);
    expect(hasReader).toBe(false);
    const reader = await open(join(outside, "pipe"), "r");
    await Promise.all([reader.close(), (await writer).close()]);
  });

  it("L9: reads nothing outside the folder through links, and deletes nothing there", async () => {
    const { base, store, text } = await folder();
    const outside = await emptyFolder();
    await writeFile(join(outside, "canary"), "secret");
    await symlink(outside, join(base, "dir"));
    await symlink(join(outside, "canary"), join(base, "file"));
    await mkdir(join(base, ".unbucket"));
    await symlink(outside, join(base, ".unbucket/keys"));
    await writeFile(join(outside, "%3a="), "secret");
    for (const key of ["dir/canary", "file", ":"]) {
      expect([await text(key), await store.head(K(key), {})]).toEqual([null, null]);
      expect(await store.copy?.(K(key), K("copy"), {})).toBe(null);
      await store.delete(K(key), {});
    }
    expect(await readFile(join(outside, "canary"), "utf8")).toBe("secret");
    expect(await readFile(join(outside, "%3a="), "utf8")).toBe("secret");
  });

  it("works on a base that is itself a link, also after that points elsewhere", async () => {
    const [one, two, parent] = [await emptyFolder(), await emptyFolder(), await emptyFolder()];
    await mkdir(join(one, "d"));
    await writeFile(join(one, "d/k"), "one");
    await mkdir(join(two, "d"));
    await writeFile(join(two, "d/k"), "two");
    const base = join(parent, "current");
    await symlink(one, base);
    const { text } = await folder({ base });
    expect(await text("d/k")).toBe("one");
    execFileSync("ln", ["-sfn", two, base]);
    expect(await text("d/k")).toBe("two");
  });

  it("L25: keeps giving the version it opened while others are written and deleted", async () => {
    const { put, store } = await folder();
    await put("k", new Uint8Array(MIB).fill(1));
    const object = await store.get(K("k"), {});
    await put("k", new Uint8Array(2 * MIB).fill(2));
    await store.delete(K("k"), {});
    const bytes = new Uint8Array(await new Response(object?.body).arrayBuffer());
    expect([bytes.byteLength, bytes.every((byte) => byte === 1)]).toEqual([MIB, true]);
  });

  it("L1, L18: never pairs headers and bytes of different versions while 300 are written", async () => {
    const { base, put } = await folder();
    const version = (n: number) => ({ ...(n % 3 ? { metadata: { n: `${n}` } } : {}) });
    await put("k", "0".repeat(8), version(0));
    const state = { writing: true };
    let pairs = 0;
    const reader = async (): Promise<void> => {
      const own = fsBackend({ base });
      while (state.writing) {
        const object = await own.get(K("k"), {});
        const n = Number(await new Response(object?.body).text());
        expect(object?.info.metadata).toEqual(version(n).metadata);
        pairs++;
      }
    };
    const readers = Promise.all([reader(), reader(), reader()]);
    for (let n = 1; n <= 300; n++) await put("k", `${n}`.padStart(8, "0"), version(n));
    state.writing = false;
    await readers;
    expect(pairs).toBeGreaterThan(50);
  });

  it.each([MEMORY, tmpdir()])(
    "L1, L18: gives no record of a later version that has time and size of the one it has seen (%s)",
    async (place) => {
      const { base, put, files } = await folder({ base: await emptyFolder(place) });
      await put("k", "1", { metadata: { n: "1" } });
      const [record = ""] = (await files()).filter((path) => path.includes("/meta/"));
      const ready = join(base, ".unbucket/tmp");
      const swapping = (swap: () => void): Root => {
        let swapped = false;
        const root = rootAt(base);
        const path = (relative: string): string => {
          if (relative.includes("/meta/") && !swapped) {
            swapped = true;
            swap();
          }
          return root.path(relative);
        };
        return { ...root, path };
      };
      for (const n of [2, 3]) {
        await writeFile(join(ready, "data"), `${n}`);
        execFileSync("touch", ["-r", join(base, "k"), join(ready, "data")]);
        await writeFile(join(ready, "record"), JSON.stringify({ key: "k", metadata: { n: `${n}` } }));
        const root = swapping(() => {
          renameSync(join(ready, "data"), join(base, "k"));
          renameSync(join(ready, "record"), join(base, record));
        });
        if (n === 2) {
          const version = await openVersion(root, "k");
          const byte = new Uint8Array(1);
          await version?.file.read(byte, 0);
          await version?.file.close();
          expect([String.fromCharCode(...byte), version?.headers.metadata]).toEqual(["2", { n: "2" }]);
        } else {
          const info = await head(root, K("k"));
          const { ino } = await stat(join(base, "k"), { bigint: true });
          expect([info?.metadata, info?.etag.endsWith(`-${ino.toString(16)}"`)]).toEqual([{ n: "3" }, true]);
        }
      }
    },
  );

  it("L18: keeps headers over a copy that keeps times, and lets go of them when another program writes", async () => {
    const { base, put } = await folder();
    for (const key of [...UGLY_KEYS.slice(0, 20), "k.txt"])
      await put(key, "1", { contentType: "a/b", metadata: { key: "v" } });
    const copied = join(await emptyFolder(), "copy");
    execFileSync("cp", ["-a", base, copied]);
    const { store } = await folder({ base: copied });
    for (const key of [...UGLY_KEYS.slice(0, 20), "k.txt"])
      expect(await store.head(K(key), {})).toMatchObject({ contentType: "a/b", metadata: { key: "v" } });
    await writeFile(join(copied, "k.txt"), "2");
    expect(await store.head(K("k.txt"), {})).toMatchObject({ contentType: "text/plain" });
    await copyFile(join(base, "k.txt"), join(copied, "new.txt"));
    await utimes(join(copied, "new.txt"), 1, 1);
    expect(await store.head(K("new.txt"), {})).toMatchObject({
      contentType: "text/plain",
      lastModified: new Date(1000),
    });
  });
});
