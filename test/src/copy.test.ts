import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import { noise } from "../../src/conformance/bytes.ts";
import { type CopiedObject, copyAll, type CopyAllOptions } from "../../src/copy.ts";
import type { Driver } from "../../src/driver.ts";
import type { FlatListOptions } from "../../src/listing.ts";
import { StorageError, type StorageErrorInit } from "../../src/error.ts";
import { leaving } from "../support/leaving.ts";

const HEADERS = {
  contentType: "text/x-test",
  contentEncoding: "br",
  contentLanguage: "de",
  contentDisposition: "attachment",
  cacheControl: "no-store",
  metadata: { author: "Ada", note: "Grüße" },
} as const;

async function folder(): Promise<Driver & { readonly base: string }> {
  const base = await mkdtemp(join(tmpdir(), "unbucket-copy-all-"));
  onTestFinished(() => rm(base, { recursive: true }));
  return Object.assign(fs({ base }), { base });
}

/** Runs it, and gives what became of each object with the result. */
async function run(
  from: Driver,
  to: Driver,
  options: CopyAllOptions = {},
): Promise<{ readonly steps: Record<string, CopiedObject["result"]>; readonly outcome: unknown }> {
  const steps: Record<string, CopiedObject["result"]> = {};
  const onObject = ({ key, result }: CopiedObject): void => void (steps[key] = result);
  const outcome = await copyAll(from, to, { onObject, ...options }).catch((error: unknown) => error);
  return { steps, outcome };
}

const none = { copied: 0, bytes: 0, same: 0, kept: 0, gone: 0 };
const text = async (store: Driver, key: string): Promise<string> => (await store.download(key)).text();

describe("copyAll", () => {
  it("copies every key with headers and metadata, and the second time nothing", async () => {
    const [from, to] = [await folder(), memory()];
    const keys = ["a", "a/b", "a//b", "/lead", "trail/", "ünï/日本", "con", "x".repeat(300), "a?b:c\\d"];
    for (const key of keys) await from.upload(key, key, HEADERS);
    await from.upload("plain.txt", "plain");

    const first = await run(from, to);
    const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key), 5);
    expect(first.outcome).toEqual({ ...none, copied: 10, bytes });
    expect(Object.keys(first.steps).sort()).toEqual([...keys, "plain.txt"].sort());
    for (const key of keys) {
      expect(await text(to, key)).toBe(key);
      expect(await to.head(key)).toMatchObject(HEADERS);
    }
    expect(await to.head("plain.txt")).toMatchObject({ contentType: "text/plain", metadata: {} });
    expect((await run(from, to)).outcome).toEqual({ ...none, same: 10 });
  });

  it("brings a folder into a folder, and back from memory", async () => {
    const [from, to, back] = [await folder(), memory(), await folder()];
    await from.upload("a/b.bin", new Uint8Array(300_000).fill(7), HEADERS);
    await copyAll(from, to);
    await copyAll(to, back);
    expect(await readFile(join(back.base, "a/b.bin"))).toEqual(Buffer.alloc(300_000, 7));
    expect(await back.head("a/b.bin")).toMatchObject(HEADERS);
  });

  it("takes keys below a prefix alone, and another prefix by scopes", async () => {
    const [from, to] = [memory(), memory()];
    for (const key of ["a/1", "ab", "a/2", "b/1"]) await from.upload(key, key);
    expect((await run(from, to, { prefix: "a/" })).steps).toEqual({ "a/1": "copied", "a/2": "copied" });
    await copyAll(from.scoped("a/"), to.scoped("c/"));
    const keys: unknown[] = [];
    for await (const { key } of to.list()) keys.push(key);
    expect(keys).toEqual(["a/1", "a/2", "c/1", "c/2"]);
  });

  it("lists no more of the other store than is below the prefix", async () => {
    const to = memory();
    const prefixes: unknown[] = [];
    const list = ((options: FlatListOptions) => (prefixes.push(options.prefix), to.list(options))) as Driver["list"];
    await copyAll(memory(), { ...to, list }, { prefix: "a/" });
    expect(prefixes).toEqual(["a/"]);
  });

  describe("what the other store has", () => {
    const OLD = new Date("2020-01-01");
    const NEW = new Date(Date.now() + 60_000);
    /** A source of now, and at the target one that is older, one that is newer and equal in size, one that is newer and is not. */
    async function stores(): Promise<readonly [Driver, Awaited<ReturnType<typeof folder>>]> {
      const [from, to] = [memory(), await folder()];
      for (const [key, before, time] of [
        ["older", "old", OLD],
        ["newer-same", "eql", NEW],
        ["newer-other", "longer", NEW],
      ] as const) {
        await from.upload(key, "new");
        await to.upload(key, before);
        await utimes(join(to.base, key), time, time);
      }
      await from.upload("missing", "new");
      return [from, to];
    }

    it.each([
      ["older", { older: "copied", missing: "copied", "newer-same": "same", "newer-other": "kept" }],
      ["never", { older: "kept", missing: "copied", "newer-same": "same", "newer-other": "kept" }],
      ["always", { older: "copied", missing: "copied", "newer-same": "copied", "newer-other": "copied" }],
    ] as const)("replaces %s", async (replace, expected) => {
      const [from, to] = await stores();
      const { steps, outcome } = await run(from, to, { replace });
      expect(steps).toEqual(expected);
      const count = (result: string): number => Object.values(expected).filter((one) => one === result).length;
      expect(outcome).toEqual({
        ...none,
        copied: count("copied"),
        bytes: 3 * count("copied"),
        same: count("same"),
        kept: count("kept"),
      });
      for (const [key, result] of Object.entries(expected))
        expect((await text(to, key)) === "new").toBe(result === "copied");
    });

    it.each([
      ["older", { old: "copied", oldEqual: "same", new: "kept", newEqual: "same", longer: "kept", missing: "copied" }],
      ["never", { old: "kept", oldEqual: "same", new: "kept", newEqual: "same", longer: "kept", missing: "copied" }],
      [
        "always",
        { old: "copied", oldEqual: "same", new: "copied", newEqual: "same", longer: "copied", missing: "copied" },
      ],
    ] as const)("is compared byte by byte where that is asked for, and replaces %s", async (replace, expected) => {
      const [from, to] = [memory(), await folder()];
      const size = 700_000;
      const bytes = noise(size);
      const other = bytes.slice();
      other[size - 1] = (other[size - 1] as number) ^ 1;
      for (const [key, before, time] of [
        ["old", other, OLD],
        ["oldEqual", bytes, OLD],
        ["new", other, NEW],
        ["newEqual", bytes, NEW],
        ["longer", new Uint8Array(size + 1), NEW],
      ] as const) {
        await from.upload(key, bytes);
        await to.upload(key, before);
        await utimes(join(to.base, key), time, time);
      }
      await from.upload("missing", bytes);
      const read: string[] = [];
      const download: Driver["download"] = (key, ...rest) => (read.push(key), from.download(key, ...rest));
      const told = await run({ ...from, download }, to, { replace, compare: "bytes", dryRun: true });
      expect(told.steps).toEqual(expected);
      // Of another length is another object.
      expect(read.toSorted()).toEqual(["new", "newEqual", "old", "oldEqual"]);
      const { steps } = await run(from, to, { replace, compare: "bytes" });
      expect(steps).toEqual(expected);
      for (const [key, result] of Object.entries(expected))
        expect(Buffer.compare(bytes, await (await to.download(key)).bytes()) === 0, key).toBe(result !== "kept");
    });

    it("is compared with all that travels along where that is asked for, and tells what differs", async () => {
      const [from, to] = [await folder(), memory()];
      for (const key of ["bytes", "headers", "same", "size"]) await from.upload(key, "12345", HEADERS);
      await from.upload("missing", "12345");
      await copyAll(from, to, { prefix: "s" });
      await to.upload("bytes", "54321", HEADERS);
      await to.upload("headers", "12345", { ...HEADERS, metadata: {} });
      await to.upload("size", "1234");
      const told = async (options: CopyAllOptions): Promise<unknown> => {
        const differs: Record<string, unknown> = {};
        await copyAll(from, to, {
          ...options,
          onObject: (done) => (differs[done.key] = [done.result, ...(done.differs ?? ["absent"])]),
        });
        return differs;
      };
      const dry = { compare: "all", dryRun: true } as const;
      const found = {
        bytes: ["kept", "bytes"],
        headers: ["kept", "metadata"],
        missing: ["copied", "absent"],
        same: ["same", "absent"],
        size: ["kept", "size"],
      };
      expect(await told(dry)).toEqual(found);
      expect(await told({ dryRun: true })).toMatchObject({ bytes: ["same", "absent"], size: ["kept", "size"] });
      expect(await told({ dryRun: true, replace: "always" })).toMatchObject({
        same: ["copied"],
        size: ["copied", "size"],
      });
      const mended = {
        ...found,
        bytes: ["copied", "bytes"],
        headers: ["copied", "metadata"],
        size: ["copied", "size"],
      };
      expect(await told({ compare: "all", replace: "always" })).toEqual(mended);
      for (const key of ["bytes", "headers", "size"]) expect(await to.head(key)).toMatchObject(HEADERS);
      await from.upload("same", "12345", HEADERS);
      const now = Date.now() + 60_000;
      await utimes(join(from.base, "same"), now / 1000, now / 1000);
      expect(await told({ replace: "never" })).toMatchObject({ same: ["kept", "time"] });
      expect(await told({})).toMatchObject({ same: ["copied", "time"] });
    });

    it("is compared where a listing out of order does not show it", async () => {
      const [from, to] = [memory(), memory()];
      for (const store of [from, to]) await store.upload("a", "x");
      const list: Driver["list"] = () => to.list({ prefix: "none" });
      const options = { compare: "bytes", replace: "always" } as const;
      for (const dryRun of [true, false])
        expect((await run(from, { ...to, list }, { ...options, dryRun })).steps).toEqual({ a: "same" });
    });

    it("is gone or written where one of the two goes while it is compared", async () => {
      const [from, to] = [memory(), memory()];
      for (const store of [from, to]) await store.upload("a", "x");
      const options = { compare: "bytes" } as const;
      const without = (store: Driver): Driver => ({
        ...store,
        download: async (key, ...rest) => {
          await store.delete(key);
          return store.download(key, ...rest);
        },
      });
      expect((await run(from, without(to), options)).steps).toEqual({ a: "copied" });
      expect(await text(to, "a")).toBe("x");
      expect((await run(without(from), to, options)).steps).toEqual({ a: "gone" });
    });

    it.each(["of it", "of its source"])("counts as older where no time is told %s", async (whose) => {
      const [from, to] = await stores();
      const told = whose === "of it" ? to : from;
      const list: Driver["list"] = (options?: FlatListOptions) => {
        const { pages } = told.list(options);
        const timeless = async function* (): ReturnType<typeof pages> {
          for await (const { objects, ...page } of pages())
            yield { ...page, objects: objects.map((object) => ({ ...object, lastModified: undefined })) };
        };
        return Object.assign(told.list(options), { pages: timeless });
      };
      const { steps } = await (told === to ? run(from, { ...to, list }) : run({ ...from, list }, to));
      expect(new Set(Object.values(steps))).toEqual(new Set(["copied"]));
    });

    it("is left alone by a dry run, which tells the same", async () => {
      const [from, to] = await stores();
      const { steps, outcome } = await run(from, to, { dryRun: true });
      expect(steps).toEqual({ older: "copied", missing: "copied", "newer-same": "same", "newer-other": "kept" });
      expect(outcome).toMatchObject({ copied: 2, bytes: 6 });
      expect([await text(to, "older"), await to.exists("missing")]).toEqual(["old", false]);
    });
  });

  describe("what happens meanwhile", () => {
    /** The store, into which somebody writes right before the first upload of a key. */
    function disturbed(store: Driver, key: string, write: () => Promise<unknown>): Driver {
      let done = false;
      const upload: Driver["upload"] = async (to, ...rest) => {
        if (to === key && !done) {
          done = true;
          await write();
        }
        return store.upload(to, ...rest);
      };
      return { ...store, upload };
    }

    it.each([undefined, "before"])("keeps what somebody else has written, over %s", async (before) => {
      const [from, to] = [memory(), memory()];
      if (before) await to.upload("a", before);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await from.upload("a", "source");
      await new Promise((resolve) => setTimeout(resolve, 5));
      const other = disturbed(to, "a", () => to.upload("a", "somebody's"));
      expect((await run(from, other)).steps).toEqual({ a: "kept" });
      expect(await text(to, "a")).toBe("somebody's");
    });

    it("keeps it in the second of its source, of which stores tell no more by HEAD", async () => {
      vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-01-01T12:00:00.300Z") });
      onTestFinished(() => void vi.useRealTimers());
      const [from, to] = [memory(), memory()];
      await from.upload("a", "source");
      const other = disturbed(to, "a", () => {
        vi.setSystemTime(new Date("2026-01-01T12:00:00.600Z"));
        return to.upload("a", "somebody's");
      });
      const head: Driver["head"] = async (key, options) => {
        const info = await to.head(key, options);
        return info && { ...info, lastModified: new Date("2026-01-01T12:00:00Z") };
      };
      expect((await run(from, { ...other, head })).steps).toEqual({ a: "kept" });
      expect(await text(to, "a")).toBe("somebody's");
    });

    it("writes over it with replace always, and without conditions", async () => {
      for (const options of [{ replace: "always" }, { conditions: false }] as const) {
        const [from, to] = [memory(), memory()];
        await from.upload("a", "source");
        const other = disturbed(to, "a", () => to.upload("a", "somebody's"));
        expect((await run(from, other, options)).steps).toEqual({ a: "copied" });
        expect(await text(to, "a")).toBe("source");
      }
    });

    it("copies anew a source that was replaced by one of the same ETag, which tells nothing of metadata", async () => {
      const [from, to] = [memory(), memory()];
      const etag = '"e"';
      await from.upload("a", "x", { metadata: { n: "1" } });
      const head: Driver["head"] = async (...call) => {
        const info = await from.head(...call);
        return info && { ...info, etag };
      };
      const download: Driver["download"] = async (...call) => Object.assign(await from.download(...call), { etag });
      const other = disturbed(to, "a", async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await from.upload("a", "x", { metadata: { n: "2" } });
      });
      expect((await run({ ...from, head, download }, other)).steps).toEqual({ a: "copied" });
      expect((await to.head("a"))?.metadata).toEqual({ n: "2" });
    });

    it("gives up on a source that never holds still", async () => {
      const [from, to] = [memory(), memory()];
      await from.upload("a", "0");
      let uploads = 0;
      const upload: Driver["upload"] = async (key, body, options) => {
        await from.upload(key, String(++uploads));
        return to.upload(key, body, options);
      };
      const { outcome } = await run(from, { ...to, upload });
      expect(outcome).toMatchObject({ code: "partial", errors: [{ key: "a", error: { code: "conflict" } }] });
      expect(uploads).toBe(3);
    });

    it("gives up on an object that never holds still", async () => {
      const [from, to] = [memory(), memory()];
      await from.upload("a", "source");
      let uploads = 0;
      const upload: Driver["upload"] = async (key, body, options) => {
        await to.upload(key, String(++uploads));
        return to.upload(key, body, options);
      };
      const { outcome } = await run(from, { ...to, upload }, { replace: "always" });
      expect(outcome).toMatchObject({
        code: "partial",
        errors: [{ key: "a", error: { code: "precondition-failed" } }],
      });
      expect(uploads).toBe(3);
    });

    it.each([
      ["", {}],
      [", without conditions", { conditions: false }],
      [", and nothing else is", { replace: "never" }],
    ] as const)("takes along what is replaced at the source while it is copied%s", async (_, options) => {
      const [from, to] = [memory(), memory()];
      for (const key of ["equal", "longer", "deleted"]) await from.upload(key, "old");
      const upload: Driver["upload"] = async (key, body, put) => {
        if (key === "deleted") await from.delete(key);
        else if (!(await to.exists(key))) await from.upload(key, key === "equal" ? "new" : "newer");
        // The copy is the younger one, so that nothing tells the next run.
        await new Promise((resolve) => setTimeout(resolve, 5));
        return to.upload(key, body, put);
      };
      const { steps } = await run(from, { ...to, upload }, options);
      expect(steps).toEqual({ equal: "copied", longer: "copied", deleted: "copied" });
      expect([await text(to, "equal"), await text(to, "longer")]).toEqual(["new", "newer"]);
    });

    it("passes over what was deleted at the source", async () => {
      const [from, to] = [memory(), memory()];
      await from.upload("a", "a");
      await from.upload("b", "b");
      const download: Driver["download"] = async (key, options) => {
        if (key === "a") await from.delete("a");
        return from.download(key, options);
      };
      expect(await run({ ...from, download }, to)).toEqual({
        steps: { a: "gone", b: "copied" },
        outcome: { ...none, copied: 1, bytes: 1, gone: 1 },
      });
    });
  });

  it("does not end well when the source goes away meanwhile, which looks like objects that are deleted", async () => {
    for (const count of [3, 1200])
      for (const by of ["removed", "emptied"]) {
        const [from, to] = [await folder(), memory()];
        for (let n = 0; n < count; n++) await writeFile(join(from.base, `f${n}`), "");
        let copied = 0;
        const upload: Driver["upload"] = async (...args) => {
          if (++copied === 2) await rm(from.base, { recursive: true });
          if (copied === 2 && by === "emptied") await mkdir(from.base);
          return to.upload(...args);
        };
        const { outcome } = await run(from, { ...to, upload }, { concurrency: 1 });
        // A folder that is made anew at once may have the number of the one before.
        const message =
          count === 3 || by === "emptied"
            ? /^copyAll: \d+ of \d+ objects were gone .* lists nothing any more|folder that was here is gone/
            : /folder that was here is gone/;
        expect([count, by, outcome]).toEqual([
          ...[count, by],
          expect.objectContaining({
            code: "unavailable",
            retryable: true,
            message: expect.stringMatching(message) as string,
          }),
        ]);
        await mkdir(from.base, { recursive: true });
      }
  });

  it("does not end well when all below the prefix goes away, whatever is beside it", async () => {
    const from = memory();
    for (const key of ["a/1", "b"]) await from.upload(key, "x");
    const download = (async (key, options) => {
      await from.delete(key);
      return from.download(key, options);
    }) as Driver["download"];
    const { outcome } = await run({ ...from, download }, memory(), { prefix: "a/" });
    expect(outcome).toMatchObject({ code: "unavailable", retryable: true });
  });

  it("believes no listing that is out of order", async () => {
    const [from, to] = [memory(), memory()];
    for (const key of ["a", "b", "c"]) await from.upload(key, "new");
    for (const key of ["a", "b", "c"]) await to.upload(key, "old!");
    const list: Driver["list"] = (options?: FlatListOptions) => {
      const { pages } = to.list(options);
      const backwards = async function* (): ReturnType<typeof pages> {
        for await (const page of pages()) yield { ...page, objects: page.objects.toReversed() };
      };
      return Object.assign(to.list(options), { pages: backwards });
    };
    for (const options of [{}, { conditions: false }, { dryRun: true }]) {
      expect((await run(from, { ...to, list }, options)).steps).toEqual({ a: "kept", b: "kept", c: "kept" });
      expect(await text(to, "b")).toBe("old!");
    }
  });

  describe("failures", () => {
    it("are told together when all others are copied, and leave no body open", async () => {
      const [from, to] = [memory(), memory()];
      for (const key of ["a", "b", "c"]) await from.upload(key, key);
      const bodies: ReadableStream[] = [];
      const download: Driver["download"] = async (key, options) => {
        const object = await from.download(key, options);
        if (key === "b") bodies.push(object.body);
        return object;
      };
      const upload: Driver["upload"] = async (key, body, options) => {
        if (key === "b") throw new StorageError("too-large", "no");
        return to.upload(key, body, options);
      };
      const { steps, outcome } = await run({ ...from, download }, { ...to, upload });
      expect(steps).toEqual({ a: "copied", b: "failed", c: "copied" });
      expect(outcome).toMatchObject({
        code: "partial",
        operation: "copyAll",
        message: 'copyAll: 1 of 3 objects were not copied; first: copyAll "b": no',
        retryable: false,
        errors: [{ key: "b", error: { code: "too-large" } }],
      });
      expect((await bodies[0]?.getReader().read())?.done).toBe(true);
    });

    it("name their key, and what to do where a store refuses conditions", async () => {
      const [from, to] = [memory(), memory()];
      await from.upload("a", "a");
      const refused = new StorageError("unsupported", "not here", { response: { status: 501 } });
      const upload: Driver["upload"] = () => Promise.reject(refused);
      const messageOf = async (options: CopyAllOptions): Promise<unknown> =>
        ((await run(from, { ...to, upload }, options)).outcome as StorageError).errors?.[0]?.error.message;
      expect(await messageOf({ conditions: false })).toBe('copyAll "a": not here');
      expect(await messageOf({})).toBe(
        'copyAll "a": not here; where conditional writes are refused copy without conditions',
      );
    });

    it("do not blame conditions for what no store has refused", async () => {
      const [from, to] = [memory(), memory()];
      await from.upload("a", "a");
      const upload: Driver["upload"] = () => Promise.reject(new StorageError("unsupported", "would lose something"));
      const { outcome } = await run(from, { ...to, upload });
      expect((outcome as StorageError).errors?.[0]?.error.message).toBe('copyAll "a": would lose something');
    });

    it("are told in their number, and the first thousand with their errors", async () => {
      const [from, to] = [memory(), memory()];
      for (let index = 0; index < 1001; index++) await from.upload(`a${index}`, "a");
      const upload: Driver["upload"] = () => Promise.reject(new StorageError("too-large", "no"));
      const outcome = (await run(from, { ...to, upload })).outcome as StorageError;
      expect(outcome.message).toContain("1001 of 1001 objects were not copied");
      expect(outcome.errors).toHaveLength(1000);
    });

    it.each<[string, StorageErrorInit, boolean]>([
      ["a disk", { cause: Object.assign(new Error("no"), { code: "ENOSPC" }), retryable: false }, true],
      ["a quota", { cause: Object.assign(new Error("no"), { code: "EDQUOT" }), retryable: false }, true],
      ["a store", { response: { status: 507, code: "XMinioStorageFull" }, retryable: false }, true],
      ["a store's quota", { response: { status: 403, code: "QuotaExceeded" }, retryable: false }, true],
      // Another object may be small enough.
      ["a file", { cause: Object.assign(new Error("no"), { code: "EFBIG" }), retryable: false }, false],
      ["a store that is to be asked again", { response: { status: 503 } }, false],
    ])("of %s that has no room ends it at once where that is all of the target", async (_, init, ends) => {
      const [from, to] = [memory(), memory()];
      for (let index = 0; index < 100; index++) await from.upload(`a${index}`, "a");
      let room = 10;
      let uploads = 0;
      const upload: Driver["upload"] = async (...args) => {
        uploads++;
        if (room-- <= 0) throw new StorageError("unavailable", "no room", init);
        return to.upload(...args);
      };
      const { outcome, steps } = await run(from, { ...to, upload }, { concurrency: 4 });
      expect(outcome).toMatchObject({ code: ends ? "unavailable" : "partial" });
      if (!ends) return expect(uploads).toBe(100);
      expect(uploads).toBeLessThanOrEqual(14);
      expect((outcome as StorageError).message).toBe(
        "copyAll: no room; the target is full, so the rest was not tried: make room, and run it again to go on",
      );
      expect(Object.values(steps)).not.toContain("failed");
      room = Infinity;
      expect(await copyAll(from, { ...to, upload })).toMatchObject({ copied: 90, same: 10 });
    });

    it.each(["unauthenticated", "bucket-not-found"] as const)(
      "of a store end it at once as %s, and its listings",
      async (code) => {
        const [from, to] = [memory(), memory()];
        for (let index = 0; index < 100; index++) await from.upload(`a${index}`, "a");
        let uploads = 0;
        const upload: Driver["upload"] = async (...args) => {
          if (++uploads === 1) throw new StorageError(code, "not here");
          await new Promise((resolve) => setTimeout(resolve, 1));
          return to.upload(...args);
        };
        let ended = 0;
        const list: Driver["list"] = (options?: FlatListOptions) => {
          const { pages } = from.list(options);
          const ending = async function* (): ReturnType<typeof pages> {
            try {
              yield* pages();
            } finally {
              ended++;
            }
          };
          return Object.assign(from.list(options), { pages: ending });
        };
        const { outcome } = await run({ ...from, list }, { ...to, upload }, { concurrency: 3 });
        expect(outcome).toMatchObject({ code });
        expect(uploads).toBeLessThan(50);
        expect(ended).toBe(1);
      },
    );

    it.each([
      { replace: "newer" },
      { compare: "size" },
      { concurrency: 0 },
      { concurrency: 65 },
      { prefixes: "a" },
      { dryRun: null },
      { dryRun: "no" },
      { conditions: 0 },
    ])("refuse %o before anything is asked", async (options) => {
      const store = memory();
      const list: Driver["list"] = () => {
        throw new Error("asked");
      };
      await expect(copyAll({ ...store, list }, store, options as CopyAllOptions)).rejects.toMatchObject({
        code: "invalid-option",
      });
    });
  });

  it("ends with the signal's own reason when what is under way has ended", async () => {
    const [from, to] = [memory(), memory()];
    for (let index = 0; index < 20; index++) await from.upload(`a${index}`, "a");
    const control = new AbortController();
    let under = 0;
    const upload: Driver["upload"] = async (key, body, options) => {
      under++;
      if (key === "a1") control.abort(new Error("stop"));
      try {
        return await to.upload(key, body, options);
      } finally {
        under--;
      }
    };
    await expect(copyAll(from, { ...to, upload }, { signal: control.signal })).rejects.toThrow("stop");
    expect(under).toBe(0);
    await expect(copyAll(from, to, { signal: control.signal })).rejects.toThrow("stop");
  });

  it.each<["from" | "to", keyof Driver, CopyAllOptions]>([
    ["from", "list", {}],
    ["to", "list", {}],
    ["from", "download", {}],
    ["to", "upload", {}],
    ["from", "head", {}],
    ["to", "head", { conditions: false }],
    ["from", "download", { compare: "bytes" }],
    ["to", "download", { compare: "bytes" }],
  ])("is ended by an abort while it waits for %s.%s, with %j", async (end, verb, options) => {
    const stores = { from: memory(), to: memory() };
    for (let index = 0; index < 9; index++) await stores.from.upload(`a${index}`, "a");
    if (options.compare) for (let index = 0; index < 9; index++) await stores.to.upload(`a${index}`, "a");
    const { signal, reason, waiting } = leaving();
    const list = (asked: unknown): unknown => ({
      pages: async function* () {
        yield await waiting(asked);
      },
    });
    const changed = { ...stores, [end]: { ...stores[end], [verb]: verb === "list" ? list : waiting } };
    const { steps, outcome } = await run(changed.from, changed.to, { ...options, signal });
    expect(outcome).toBe(reason);
    expect(steps).toEqual({});
  });

  it.each([
    [{ concurrency: 7 }, 7],
    [{}, 4],
  ])("with %j has as many under way as it may", async (options, wanted) => {
    const [from, to] = [memory(), memory()];
    for (let index = 0; index < 30; index++) await from.upload(`a${index}`, "a");
    let [under, most] = [0, 0];
    let meet = (): void => {};
    // However slowly they come; one more than may come has some time to.
    const met = new Promise<void>((resolve) => (meet = () => void setTimeout(resolve, 20)));
    const upload: Driver["upload"] = async (key, body, options) => {
      most = Math.max(most, ++under);
      if (under === wanted) meet();
      await met;
      await new Promise((resolve) => setTimeout(resolve, 1));
      under--;
      return to.upload(key, body, options);
    };
    await copyAll(from, { ...to, upload }, options);
    expect(most).toBe(wanted);
  });

  it("is not failed by its observer", async () => {
    const [from, to] = [memory(), memory()];
    await from.upload("a", "a");
    const onObject = (): void => {
      throw new Error("nobody's");
    };
    expect(await copyAll(from, to, { onObject })).toMatchObject({ copied: 1 });
  });
});
