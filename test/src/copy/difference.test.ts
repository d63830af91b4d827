import { describe, expect, it } from "vitest";
import memory from "../../../drivers/memory.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { differencesOf } from "../../../src/copy/difference.ts";
import type { Driver } from "../../../src/driver.ts";
import { StorageError } from "../../../src/error.ts";
import { sent } from "../../../src/options.ts";

/** A store with one object that comes in pieces of this size, and how many of its bodies are open. */
async function store(bytes: Uint8Array<ArrayBuffer>, size: number, fails = Infinity) {
  const driver = memory();
  await driver.upload("k", bytes);
  const told = { open: 0, read: 0 };
  const download: Driver["download"] = async (...call) => {
    const object = await driver.download(...call);
    await object.body.cancel();
    told.open++;
    told.read = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull(controller) {
          if (told.read >= fails) throw new StorageError("unavailable", "the store broke");
          if (told.read < bytes.length) controller.enqueue(bytes.slice(told.read, (told.read += size)));
          else if (told.open--) controller.close();
        },
        cancel: () => void told.open--,
      },
      { highWaterMark: 0 },
    );
    return Object.create(object, { body: { value: body } }) as typeof object;
  };
  return [{ ...driver, download }, told] as const;
}

describe("differencesOf", () => {
  const bytes = noise(10_000);

  it.each([
    [1, 10_000],
    [7, 11],
    [4096, 4096],
    [10_000, 3],
  ])("holds pieces of %i bytes against pieces of %i", async (one, other) => {
    const [[a, read], [b, alsoRead]] = [await store(bytes, one), await store(bytes, other)];
    expect(await differencesOf("k", [a, b], "bytes", undefined)).toEqual([]);
    expect([read, alsoRead].map(({ open }) => open)).toEqual([0, 0]);
  });

  it.each([0, 5000, 9999])("sees one byte that differs, at %i, and reads no further", async (at) => {
    const changed = bytes.slice();
    changed[at] = (changed[at] as number) ^ 1;
    const [[a, read], [b, alsoRead]] = [await store(bytes, 100), await store(changed, 130)];
    expect(await differencesOf("k", [a, b], "bytes", undefined)).toEqual(["bytes"]);
    expect([read, alsoRead].map(({ open }) => open)).toEqual([0, 0]);
    expect(read.read).toBeLessThanOrEqual(at + 230);
  });

  it("sees another length", async () => {
    for (const other of [bytes.slice(0, -1), new Uint8Array()]) {
      const [[a], [b]] = [await store(bytes, 1000), await store(other, 1000)];
      expect(await differencesOf("k", [a, b], "bytes", undefined)).toEqual(["bytes"]);
      expect(await differencesOf("k", [b, a], "bytes", undefined)).toEqual(["bytes"]);
    }
    const [[a], [b]] = [await store(new Uint8Array(), 1), await store(new Uint8Array(), 1)];
    expect(await differencesOf("k", [a, b], "bytes", undefined)).toEqual([]);
  });

  it("calls a length that is not the announced one corrupt, and what broke off the store's failure", async () => {
    const [a] = await store(bytes, 100);
    const [short] = await store(bytes, 100);
    const lying = {
      ...short,
      download: async (...call: Parameters<Driver["download"]>) =>
        Object.create(await short.download(...call), { size: { value: bytes.length + 1 } }) as never,
    };
    await expect(differencesOf("k", [a, lying], "bytes", undefined)).rejects.toMatchObject({ code: "corrupt" });
    const lost = new ReadableStream<Uint8Array>({ pull: (control) => control.error(new TypeError("lost")) });
    const broken = {
      ...short,
      download: async (...call: Parameters<Driver["download"]>) =>
        Object.create(await short.download(...call), { body: { value: lost } }) as never,
    };
    await expect(differencesOf("k", [a, broken], "bytes", undefined)).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
    });
  });

  it("lets both go where one fails, is absent, or is not waited for", async () => {
    const [[a, read], [broken, failing]] = [await store(bytes, 100), await store(bytes, 100, 5000)];
    await expect(differencesOf("k", [a, broken], "bytes", undefined)).rejects.toMatchObject({ code: "unavailable" });
    expect([read.open, failing.read]).toEqual([0, 5000]);

    const [present, opened] = await store(bytes, 100);
    expect(await differencesOf("k", [present, memory()], "bytes", undefined)).toBe(null);
    await expect(differencesOf("k", [memory(), present], "bytes", undefined)).rejects.toMatchObject({
      code: "not-found",
    });
    const denied = { ...memory(), download: () => Promise.reject(new StorageError("denied", "no")) };
    await expect(differencesOf("k", [present, denied], "bytes", undefined)).rejects.toMatchObject({ code: "denied" });
    expect(opened.open).toBe(0);

    const control = new AbortController();
    const reason = new Error("left");
    const [one, ofOne] = await store(bytes, 100);
    const [slow] = await store(bytes, 100);
    const late = {
      ...slow,
      download: async (...call: Parameters<Driver["download"]>) => {
        const object = await slow.download(...call);
        control.abort(reason);
        return object;
      },
    };
    await expect(differencesOf("k", [one, late], "bytes", control.signal)).rejects.toBe(reason);
    expect(ofOne.open).toBe(0);
  });

  it("names what travels along and differs, beside the bytes", async () => {
    const options = {
      contentType: "text/plain",
      contentEncoding: "gzip",
      contentLanguage: "de",
      contentDisposition: "inline",
      cacheControl: "no-store",
      metadata: { a: "1", b: "2" },
    };
    const one = memory();
    await one.upload("k", bytes, options);
    const against = async (changed: object, body = bytes): Promise<unknown> => {
      const other = memory();
      await other.upload("k", body, { ...options, ...changed });
      const both = [await differencesOf("k", [one, other], "all", undefined)];
      both.push(await differencesOf("k", [other, one], "all", undefined));
      expect(both[0]).toEqual(both[1]);
      return both[0];
    };
    expect(await against({ metadata: { b: "2", a: "1" } })).toEqual([]);
    for (const name of Object.keys(options).slice(0, -1)) {
      expect(await against({ [name]: "text/html" })).toEqual([name]);
      expect(await against({ [name]: undefined })).toEqual([name]);
    }
    for (const metadata of [{ a: "1" }, { a: "1", b: "3" }, { a: "1", b: "2", c: "" }, undefined])
      expect(await against({ metadata })).toEqual(["metadata"]);
    expect(await against({ cacheControl: "public", metadata: {} }, bytes.slice(1))).toEqual([
      "bytes",
      "cacheControl",
      "metadata",
    ]);
  });

  it("does not hold against each other by which writes they were made", async () => {
    const [one, other] = [memory(), memory()];
    await one.upload("k", "x", { metadata: sent({ a: "1", "unbucket-write": "id" }) });
    await other.upload("k", "x", { metadata: { a: "1" } });
    expect(await differencesOf("k", [one, other], "all", undefined)).toEqual([]);
  });

  it("calls metadata that a store did not give different", async () => {
    const [one, other] = [memory(), memory()];
    for (const each of [one, other]) await each.upload("k", "x");
    const download: Driver["download"] = async (...call) =>
      Object.create(await other.download(...call), { missingMetadata: { value: 1 } }) as never;
    const lacks = { ...other, download };
    expect(await differencesOf("k", [one, lacks], "all", undefined)).toEqual(["metadata"]);
    expect(await differencesOf("k", [lacks, one], "all", undefined)).toEqual(["metadata"]);
  });
});
