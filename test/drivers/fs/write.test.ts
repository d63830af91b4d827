import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failure, folder, K, streamOf } from "./folder.ts";

const MIB = 1024 * 1024;
const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const pieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );

describe("writeSource", () => {
  it.each([0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 2 * 256 * 1024, 3 * MIB + 7])(
    "stores %i bytes as they came, in pieces of any size, of known and unknown length",
    async (length) => {
      const { base, store } = await folder();
      const bytes = randomBytes(length);
      for (const size of [4096, 65_536, 100_001, MIB]) {
        for (const declared of [{}, { size: length }]) {
          let taken = 0;
          const info = await store.put(
            K("k"),
            { stream: streamOf(pieces(bytes, size)).stream, ...declared },
            { onBytes: (count) => (taken += count) },
          );
          expect([info.size, taken, sha(await readFile(join(base, "k")))]).toEqual([length, length, sha(bytes)]);
        }
      }
      await store.put(K("k"), { bytes }, {});
      expect(sha(await readFile(join(base, "k")))).toBe(sha(bytes));
    },
  );

  it("is not confused by a source that uses one buffer again and again", async () => {
    const { base, store } = await folder();
    const buffer = new Uint8Array(65_536);
    const stream = streamOf(
      (function* () {
        for (let value = 1; value <= 40; value++) yield buffer.fill(value);
      })(),
    ).stream;
    await store.put(K("k"), { stream }, {});
    const stored = await readFile(join(base, "k"));
    for (let index = 0; index < 40; index++) expect(stored[index * 65_536 + 7]).toBe(index + 1);
  });

  it.each([
    ["shorter", 5],
    ["longer", 3],
  ])("stores nothing when the body is %s than declared", async (_, size) => {
    const { store, put, text, files } = await folder();
    await put("k", "old", { metadata: { a: "b" } });
    const before = await files();
    const { stream, cancelled } = streamOf([new Uint8Array(2), new Uint8Array(2), new Uint8Array(size === 3 ? 9 : 0)]);
    const error = await failure(store.put(K("k"), { stream, size }, {}));
    expect(error.code).toBe("invalid-option");
    if (size === 3) expect(cancelled()).toBe(error);
    expect([await text("k"), await files()]).toEqual(["old", before]);
  });

  it("stores nothing and rejects with the body's own error as the cause when that fails", async () => {
    const { store, put, text, files } = await folder();
    await put("k", "old");
    const before = await files();
    const broken = Object.assign(new Error("the client left"), { code: "ENOENT" });
    const stream = streamOf(
      (function* () {
        yield new Uint8Array(MIB);
        throw broken;
      })(),
    ).stream;
    const error = await failure(store.put(K("k"), { stream }, {}));
    expect([error.code, error.cause]).toEqual(["interrupted", broken]);
    expect([await text("k"), await files()]).toEqual(["old", before]);
  });

  it("stores nothing, cancels the body and rejects with the reason on abort, also while the body says nothing", async () => {
    const { store, files } = await folder();
    const controller = new AbortController();
    const reason = new Error("stop");
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>(
      {
        pull: () => {
          queueMicrotask(() => controller.abort(reason));
          return new Promise<void>(() => {});
        },
        cancel: (why) => {
          cancelled = why;
        },
      },
      { highWaterMark: 0 },
    );
    expect(await failure(store.put(K("k"), { stream }, { signal: controller.signal }))).toBe(reason);
    expect(cancelled).toBe(reason);
    expect(await files()).toEqual([".unbucket/version"]);
  });
});
