import { once } from "node:events";
import type * as Fs from "node:fs";
import { readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { crc32 } from "../../../src/checksum.ts";
import { copyDraft, writeDraft } from "../../../drivers/fs/draft.ts";
import { onDisk } from "../../../drivers/fs/errno.ts";
import { parseOptions } from "../../../drivers/fs/options.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { bundle, run } from "./child.ts";
import { emptyFolder, failure, folder, K, MEMORY, onPlatform, streamOf } from "./folder.ts";

const MIB = 1024 * 1024;
/** Flushes what is open for writing alone, as Windows does, when tests say that this is Windows. */
vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof Fs>();
  const { platform } = process;
  const isWritable = (fd: number): boolean => {
    if (platform !== "linux") return true;
    const flags = /^flags:\s*(\d+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "";
    return (Number.parseInt(flags, 8) & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
  };
  const fsync: typeof fs.fsync = Object.assign((fd: number, done: Fs.NoParamCallback) => {
    if (process.platform !== "win32" || isWritable(fd)) return fs.fsync(fd, done);
    done(Object.assign(new Error("EPERM: operation not permitted, fsync"), { code: "EPERM" }));
  }, fs.fsync);
  return { ...fs, fsync, write: slow.write(fs.write as never) };
});

/** Lets writes take a while, and fail when what they write to is closed meanwhile. */
const slow = vi.hoisted(() => ({
  by: 0,
  write<T extends (...args: unknown[]) => void>(write: T): T {
    return ((...args: unknown[]) =>
      slow.by ? setTimeout(() => write(...args), slow.by) : write(...args)) as unknown as T;
  },
}));

describe("writeDraft", () => {
  it("L4, S23: has a short random name whatever the key is, which nobody lists or reads before it is whole", async () => {
    const { base, store, text, keys } = await folder();
    const names = new Set<string>();
    for (const key of ["k", "k", "x".repeat(255), "é".repeat(512), "a//b"]) {
      let seen: readonly unknown[] = [];
      const stream = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            if (seen.length > 0) return controller.close();
            controller.enqueue(new Uint8Array(MIB));
            const drafts = await readdir(join(base, ".unbucket/tmp"));
            seen = [drafts.length, await text(key), await keys(), await keys(".unbucket/")];
            for (const name of drafts) names.add(name);
          },
        },
        { highWaterMark: 0 },
      );
      await store.put(K(key), { stream }, {});
      expect(seen).toEqual([1, null, [], []]);
      await store.delete(K(key), {});
    }
    expect(names.size).toBe(5);
    for (const name of names) expect(name).toMatch(/^[0-9a-f]{16}$/);
  });

  it("in memory waits for nothing, not for a flush either, and gives all else a turn between calls", async () => {
    const { put, text, store } = await folder({ base: await emptyFolder(MEMORY), durable: true });
    let turns = 0;
    let isOver = false;
    const turn = (): void => void (isOver || (turns++, setImmediate(turn)));
    // The first write does more.
    await put("d/k", "");
    turn();
    for (let n = 0; n < 20; n++) {
      await put("d/k", `${n}`);
      expect(await text("d/k")).toBe(`${n}`);
      expect(await store.head(K("d/k"), {})).toMatchObject({ size: `${n}`.length });
    }
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(60);
    // A thread that was told of something would be waited for many turns.
    expect(turns).toBeLessThan(80);
  });

  it("L4: neither writes to a file that has its name already, nor removes it", async () => {
    const { base, put } = await folder();
    await put("k", "x");
    const outside = join(await emptyFolder(), "canary");
    await writeFile(outside, "alive");
    await symlink(outside, join(base, ".unbucket/tmp/guessed"));
    const root = { ...rootAt(base), temp: async () => ".unbucket/tmp/guessed" };
    const settings = parseOptions({ base });
    for (const draft of [
      () => writeDraft(root, settings, { bytes: new Uint8Array(9) }, {}),
      () => copyDraft(root, settings, join(base, "k"), null),
    ])
      expect((await failure(onDisk(draft))).cause).toMatchObject({ code: "EEXIST" });
    expect([await readFile(outside, "utf8"), await readdir(join(base, ".unbucket/tmp"))]).toEqual([
      "alive",
      ["guessed"],
    ]);
  });

  it("L5: lies in the folder itself, wherever the system keeps temporary files", async () => {
    const { base, store, text } = await folder();
    const before = process.env["TMPDIR"];
    onTestFinished(() => void (before === undefined ? delete process.env["TMPDIR"] : (process.env["TMPDIR"] = before)));
    process.env["TMPDIR"] = "/nowhere";
    await store.put(K("k"), { stream: streamOf([new Uint8Array(3)]).stream }, { metadata: { a: "b" } });
    const { dev } = await stat(join(base, ".unbucket/tmp"));
    expect([await text("k"), dev]).toEqual(["\0\0\0", (await stat(join(base, "k"))).dev]);
  });

  it("cancels a body that a read-only folder refuses", async () => {
    const { store } = await folder({ readOnly: true });
    const { stream, cancelled } = streamOf([new Uint8Array(1)]);
    expect((await failure(store.put(K("k"), { stream }, {}))).code).toBe("denied");
    expect(cancelled()).toMatchObject({ code: "denied" });
  });

  it("cancels a body, also one whose checksum is asked for, when no file can be begun for it", async () => {
    for (const checksum of [undefined, crc32]) {
      const { store, base } = await folder({ checksum });
      await store.list({ prefix: "", limit: 1 });
      await writeFile(join(base, ".unbucket"), "");
      const { stream, cancelled } = streamOf([new Uint8Array(1)]);
      const error = await failure(store.put(K("k"), { stream }, {}));
      expect(error.message).toContain(".unbucket is the driver's own folder, but exists as a file; rename that");
      expect(cancelled()).toBe(error);
    }
  });

  it("L22: says that there is no room, keeps the old object and leaves nothing when the system takes no more bytes", async () => {
    const { base, put, text, files } = await folder();
    await put("k", "old", { metadata: { a: "b" } });
    const before = await files();
    const program = await bundle(`
      process.on("SIGXFSZ", () => {});
      const stream = new Blob([new Uint8Array(4_000_000)]).stream();
      const error = await fsBackend({ base }).put("k", { stream }, {}).catch((error) => error);
      console.log(error.code, error.retryable, error.message);
    `);
    const { ended } = run("bash", ["-c", `ulimit -f 1024; exec ${process.execPath} ${program} ${base}`]);
    expect((await ended).out).toMatch(/^unavailable false the file is larger than .* nothing was stored \(EFBIG\)\n$/);
    expect([await text("k"), await files()]).toEqual(["old", before]);
  });

  it("L3: leaves only what nobody sees when its process is killed", async () => {
    const { base, put, text, keys, files } = await folder();
    await put("k", "old");
    const program = await bundle(`
      let sent = 0;
      const stream = new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(65536)); if (++sent === 20) return new Promise(() => setInterval(() => {}, 1000)); } });
      await fsBackend({ base }).put("k", { stream }, { onBytes: () => process.stdout.write(".") });
    `);
    const { child, ended } = run(process.execPath, [program, base]);
    await once(child.stdout as NodeJS.ReadableStream, "data");
    child.kill("SIGKILL");
    await ended;
    expect([await text("k"), await keys(), await keys(".unbucket/")]).toEqual(["old", ["k"], []]);
    expect((await files()).filter((file) => file.startsWith(".unbucket/tmp/"))).toHaveLength(1);
  });
});

describe("put of two processes", () => {
  it("L1, L18: gives readers here whole versions with their own headers", async () => {
    const { base, put, store } = await folder();
    await put("k", "00000000", { metadata: { n: "0" } });
    const program = await bundle(`
      const store = fsBackend({ base });
      for (let n = 1; n <= 300; n++) await store.put("k", { bytes: new TextEncoder().encode(String(n).padStart(8, "0")) }, n % 3 ? { metadata: { n: String(n) } } : {});
    `);
    const { ended } = run(process.execPath, [program, base]);
    const state = { over: false };
    void ended.then(() => (state.over = true));
    const seen = new Set<number>();
    while (!state.over) {
      const object = await store.get(K("k"), {});
      const n = Number(await new Response(object?.body).text());
      expect(object?.info.metadata).toEqual(n % 3 || n === 0 ? { n: `${n}` } : undefined);
      seen.add(n);
    }
    expect((await ended).code).toBe(0);
    expect(seen.size).toBeGreaterThan(10);
  });

  it("L18, L20: all that write one key give each version a later time, and so an ETag and a record of its own", async () => {
    const { base, store } = await folder({ base: await emptyFolder(MEMORY) });
    const program = await bundle(`
      const store = fsBackend({ base, durable: false });
      const seen = [];
      let n = 0;
      await Promise.all(Array.from({ length: 8 }, async () => {
        while (n < 400) {
          const body = String(++n % 2);
          const { etag } = await store.put("k", { bytes: new TextEncoder().encode(body) }, { metadata: { n: body } });
          seen.push(etag.split("-")[0]);
        }
      }));
      console.log(seen.join());
    `);
    const ends = Promise.all([1, 2].map(() => run(process.execPath, [program, base]).ended));
    const state = { over: false };
    void ends.then(() => (state.over = true));
    let pairs = 0;
    while (!state.over) {
      const [object, info] = await Promise.all([store.get(K("k"), {}), store.head(K("k"), {})]);
      if (object === null || info === null) continue;
      expect(object.info.metadata).toEqual({ n: await new Response(object.body).text() });
      pairs++;
    }
    const times = (await ends).flatMap(({ out }) => out.trim().split(","));
    expect([times.length >= 800, new Set(times).size, pairs > 50]).toEqual([true, times.length, true]);
  });

  it("L6: creates a key once of 4 processes that try 25 times each", async () => {
    const { base, text } = await folder();
    const program = await bundle(`
      const store = fsBackend({ base, durable: false });
      let won = 0;
      for (let n = 0; n < 25; n++) await Promise.all([store.put("once" + n, { bytes: new TextEncoder().encode(String(process.pid)) }, { ifNoneMatch: "*" }).then(() => won++, (error) => { if (error.code !== "precondition-failed") throw error; })]);
      console.log(won);
    `);
    const ends = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [program, base]).ended));
    expect(ends.map((end) => end.code)).toEqual([0, 0, 0, 0]);
    expect(ends.reduce((sum, end) => sum + Number(end.out), 0)).toBe(25);
    expect(await text("once24")).toMatch(/^\d+$/);
  });
});

it("Windows: every draft is flushed through a handle that is open for writing, also a copy and one that gets its record late", async () => {
  onPlatform("win32");
  const { put, store, text } = await folder({ durable: true });
  await put("k", "bytes", { metadata: { a: "b" } });
  await store.copy?.(K("k"), K("copy"), {});
  expect([await text("copy"), (await store.head(K("copy"), {}))?.metadata]).toEqual(["bytes", { a: "b" }]);
});

it("a record is closed when all of it is written, however long that takes", async () => {
  slow.by = 20;
  onTestFinished(() => void (slow.by = 0));
  const { put, store } = await folder({ durable: true });
  await put("k", "bytes", { metadata: { a: "b" } });
  expect((await store.head(K("k"), {}))?.metadata).toEqual({ a: "b" });
});
