import { existsSync, readdirSync } from "node:fs";
import { appendFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs from "../../../drivers/fs.ts";
import { emptyFolder, failure, folder, K } from "./folder.ts";

const MIB = 1024 * 1024;
const DESCRIPTORS = existsSync("/proc/self/fd") ? "/proc/self/fd" : "/dev/fd";
const openFiles = (): number => readdirSync(DESCRIPTORS).length;

describe("streamOf", () => {
  it("errors with `corrupt` when the file is cut, and gives no byte beyond the length it had", async () => {
    const { base, put, store } = await folder();
    await put("k", new Uint8Array(MIB));
    const cut = await store.get(K("k"), {});
    await truncate(join(base, "k"), 300_000);
    expect((await failure(new Response(cut?.body).arrayBuffer())).code).toBe("corrupt");
    await put("k", new Uint8Array(MIB));
    const grown = await store.get(K("k"), {});
    await appendFile(join(base, "k"), "more");
    expect((await new Response(grown?.body).arrayBuffer()).byteLength).toBe(MIB);
  });

  it("reads whole what is short and in pieces what is not, byte for byte at every seam", async () => {
    const { put, store } = await folder();
    const bytes = Uint8Array.from({ length: 600_000 }, (_, index) => (index * 31 + (index >> 8)) & 255);
    await put("k", bytes);
    for (const [start, end] of [
      [0, 0],
      [0, 262_143],
      [0, 262_144],
      [1, 262_145],
      [262_143, 599_999],
      [599_999, 599_999],
    ] as const) {
      const object = await store.get(K("k"), { range: { start, end } });
      const read = new Uint8Array(await new Response(object?.body).arrayBuffer());
      expect([start, end, read.byteLength]).toEqual([start, end, end - start + 1]);
      expect(read.every((byte, index) => byte === bytes[start + index])).toBe(true);
    }
  });
});

describe("an error of the body", () => {
  it("says the verb, the key and the driver, as errors of a call do", async () => {
    const base = await emptyFolder();
    const driver = fs({ base });
    await driver.upload("a/k", new Uint8Array(MIB));
    const { body } = await driver.download("a/k");
    await truncate(join(base, "a/k"), 0);
    const error = await failure(new Response(body).arrayBuffer());
    expect(error).toMatchObject({ code: "corrupt", operation: "download", key: "a/k", driver: "fs" });
    expect(error.message).toMatch(/^fs download "a\/k": the file was cut/);
  });
});

describe("descriptors of streamOf", () => {
  it("are closed after 200 bodies each that are cancelled, aborted, read to the end and read with BYOB", async () => {
    const { put, store } = await folder();
    await put("k", new Uint8Array(MIB));
    const before = openFiles();
    for (let count = 0; count < 200; count++) {
      const cancelled = (await store.get(K("k"), {}))?.body.getReader();
      await cancelled?.read();
      await cancelled?.cancel();
      await (await store.get(K("k"), {}))?.body.cancel();
      const controller = new AbortController();
      const aborted = (await store.get(K("k"), { signal: controller.signal }))?.body.getReader();
      const pending = aborted?.read();
      controller.abort(new Error("stop"));
      await pending?.catch(() => {});
      expect((await failure(aborted?.read() ?? Promise.resolve())).message).toBe("stop");
      let total = 0;
      const reader = (await store.get(K("k"), { range: { start: 1, end: 600_000 } }))?.body.getReader({ mode: "byob" });
      for (let view = new Uint8Array(100_000); ;) {
        const piece = await reader?.read(view);
        if (!piece || piece.done) break;
        total += piece.value.byteLength;
        view = new Uint8Array(piece.value.buffer);
      }
      expect(total).toBe(600_000);
      if (count % 50 === 0)
        expect((await new Response((await store.get(K("k"), {}))?.body).arrayBuffer()).byteLength).toBe(MIB);
    }
    await expect.poll(openFiles).toBeLessThanOrEqual(before);
  });
});
