import { existsSync, readdirSync } from "node:fs";
import { appendFile, truncate } from "node:fs/promises";
import { getEventListeners } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs from "../../../drivers/fs.ts";
import type { File } from "../../../drivers/fs/file.ts";
import { bodyOf } from "../../../drivers/fs/stream.ts";
import { bundle, run } from "./child.ts";
import { emptyFolder, failure, folder, K } from "./folder.ts";

const MIB = 1024 * 1024;
const DESCRIPTORS = existsSync("/proc/self/fd") ? "/proc/self/fd" : "/dev/fd";
const openFiles = (): number => readdirSync(DESCRIPTORS).length;

/** An open file of so many bytes, each its own place. A read waits for `ready` and gives at most so many of them. */
function fileOf(length: number, most = Infinity, ready: () => unknown = () => {}): File & { closed: number } {
  const file = {
    closed: 0,
    async read(into: Uint8Array, position: number) {
      await ready();
      const count = Math.min(into.byteLength, length - position, most);
      for (let at = 0; at < count; at++) into[at] = position + at;
      return count;
    },
    close: async () => void file.closed++,
  };
  return file as Partial<File> as File & { closed: number };
}

describe("bodyOf", () => {
  it("says that a file was lost where a mount calls an open one absent, so that a new look may find it", async () => {
    const gone = Object.assign(new Error("gone"), { code: "ENOENT" });
    const file = fileOf(20, 3, () => Promise.reject(gone));
    await expect(bodyOf(file, 0, 20, {})).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("reads on where the system gives less than was asked for, and closes the file at the end", async () => {
    for (const [end, expected] of [
      [9, [2, 3, 4, 5, 6, 7, 8]],
      [2, []],
    ] as const) {
      const file = fileOf(20, 3);
      const stored = await bodyOf(file, 2, end, {});
      expect(file.closed).toBe(1);
      expect([...((await stored.next?.()) ?? [])]).toEqual(expected);
      expect(await stored.next?.()).toBe(null);
      expect(stored.body).toBe(stored.body);
      expect([...new Uint8Array(await new Response(stored.body).arrayBuffer())]).toEqual(expected);
    }
    const long = fileOf(MIB, 100_000);
    const { body } = await bodyOf(long, 1, MIB, {});
    expect((await new Response(body).arrayBuffer()).byteLength).toBe(MIB - 1);
    await expect.poll(() => long.closed).toBe(1);
    const cut = fileOf(MIB - 1);
    const { message } = await failure(new Response((await bodyOf(cut, 0, MIB, {})).body).arrayBuffer());
    expect([message.includes(`cut to ${MIB - 1} bytes`), cut.closed]).toEqual([true, 1]);
    const broken = fileOf(MIB, MIB, () => Promise.reject(Object.assign(new Error("read"), { code: "EBUSY" })));
    expect((await failure(new Response((await bodyOf(broken, 0, MIB, {})).body).text())).code).toBe("unavailable");
  });

  it("ends a second read that waits while the first is given the last bytes", async () => {
    const reader = (await bodyOf(fileOf(MIB), 0, MIB, {})).body.getReader({ mode: "byob" });
    const reads = await Promise.all([reader.read(new Uint8Array(MIB)), reader.read(new Uint8Array(9))]);
    expect(reads.map(({ done, value }) => [done, value?.byteLength])).toEqual([
      [false, MIB],
      [true, 0],
    ]);
  });

  it.each(["cancel", "abort"])("by %s closes the file, once the read that is under way has ended", async (how) => {
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const file = fileOf(MIB, Infinity, () => ended);
    const control = new AbortController();
    const { body } = await bodyOf(file, 0, MIB, { signal: control.signal });
    const reader = body.getReader();
    const read = reader.read().catch((error: unknown) => error);
    const over = how === "cancel" ? reader.cancel() : control.abort("stop");
    await new Promise(setImmediate);
    expect(file.closed).toBe(0);
    end();
    await Promise.all([read, over]);
    await expect.poll(() => file.closed).toBe(1);
  });

  it("leaves no listener on a signal that outlives the body", async () => {
    const { signal } = new AbortController();
    const read = await bodyOf(fileOf(MIB), 0, MIB, { signal });
    const left = await bodyOf(fileOf(MIB), 0, MIB, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await new Response(read.body).arrayBuffer();
    await left.body.cancel();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("L25: errors with `corrupt` when the file is cut, and gives no byte beyond the length it had", async () => {
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

describe("descriptors of bodyOf", () => {
  it("L31: are closed after 250 bodies each that are cancelled, aborted, read to the end and read with BYOB", async () => {
    const { put, store } = await folder();
    await put("k", new Uint8Array(MIB));
    const before = openFiles();
    for (let count = 0; count < 250; count++) {
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

  it.each([
    ["", "{}"],
    [" whose signal lives on", "{ signal }"],
    [" whose signal lives on, under observation", "{ signal }, () => {}"],
    [" to which its own signal leads", "{}, undefined, true"],
  ])("L31: are closed when a body%s is forgotten, once the runtime has noticed", async (_, given) => {
    const { base, put } = await folder();
    await put("k", new Uint8Array(MIB));
    const program = await bundle(`
      import { readdirSync } from "node:fs";
      const open = () => readdirSync(${JSON.stringify(DESCRIPTORS)}).length;
      const { signal } = new AbortController();
      const [options, onEvent, leads] = [${given}];
      const store = fs({ base, onEvent });
      await store.download("k").then(({ body }) => body.cancel());
      const before = open();
      const begin = async ({ signal }) => {
        const { body } = await store.download("k", { signal });
        if (leads) signal.addEventListener("abort", () => body.cancel());
        await body.getReader().read();
      };
      const forget = async () => { for (let n = 0; n < 100; n++) await begin(leads ? new AbortController() : options); };
      await forget();
      const most = open();
      for (let turn = 0; turn < 100 && open() > before; turn++) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      console.log(JSON.stringify([most - before, open() - before]));
      signal.throwIfAborted();
    `);
    const { code, out } = await run(process.execPath, ["--expose-gc", program, base]).ended;
    expect(code).toBe(0);
    const [most, left] = JSON.parse(out) as [number, number];
    expect(most).toBeGreaterThan(50);
    expect(left).toBeLessThanOrEqual(1);
  });
});
