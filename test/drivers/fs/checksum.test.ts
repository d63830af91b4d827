import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import fs from "../../../drivers/fs.ts";
import { type ChecksumAlgorithm, crc32, crc32c, crc64nvme, sha256 } from "../../../src/checksum.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { failure, type Folder, folder, K, rot, streamOf } from "./folder.ts";

const ALL: readonly ChecksumAlgorithm[] = [crc32, crc32c, crc64nvme, sha256];

/** What the records of a folder say, by key. */
async function recorded({ base, files }: Folder): Promise<Record<string, unknown>> {
  const records = (await files()).filter((file) => file.includes("/meta/"));
  const read = async (file: string): Promise<[string, unknown]> => {
    const { key, ...rest } = JSON.parse(await readFile(join(base, file), "utf8")) as { readonly key: string };
    return [key, rest];
  };
  return Object.fromEntries(await Promise.all(records.map(read)));
}

describe("an upload with a checksum", () => {
  it.each(ALL)(
    "$name: has the value of its bytes in its record, whether they come whole or as a stream",
    async (checksum) => {
      const one = await folder();
      const bytes = noise(700_000);
      await one.put("bytes", bytes, { checksum });
      const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 400_000), bytes.subarray(400_000)];
      await one.store.put(K("stream"), { stream: streamOf(pieces).stream }, { checksum, cacheControl: "no-store" });
      const value = { name: checksum.name, value: await checksum.of(bytes) };
      expect(await recorded(one)).toEqual({
        bytes: { checksum: value },
        stream: { cacheControl: "no-store", checksum: value },
      });
      for (const key of ["bytes", "stream"]) {
        const object = await one.store.get(K(key), {});
        expect(Buffer.from(await new Response(object?.body).arrayBuffer()).equals(bytes)).toBe(true);
        // Headers are told, and nothing else.
        expect(object?.info).toEqual(await one.store.head(K(key), {}));
        expect(object?.info).not.toHaveProperty("checksum");
      }
    },
  );

  it("takes the call's, else the driver's first, and none where the call says false or neither has one", async () => {
    const one = await folder({ checksum: [crc32, crc64nvme] });
    await one.put("own", "1");
    await one.put("call", "1", { checksum: crc32c });
    await one.put("false", "1", { checksum: false });
    expect(await recorded(one)).toEqual({
      own: { checksum: { name: "CRC32", value: crc32.of(new TextEncoder().encode("1")) } },
      call: { checksum: { name: "CRC32C", value: crc32c.of(new TextEncoder().encode("1")) } },
    });
    const plain = await folder();
    await plain.put("k", "1");
    expect(await plain.files()).toEqual([".unbucket/version", "k"]);
  });

  it("stores nothing, and lets the body go, when that fails", async () => {
    const one = await folder();
    const reason = new Error("mine");
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(reason) });
    expect(await failure(one.store.put(K("k"), { stream: body }, { checksum: crc32 }))).toMatchObject({
      code: "interrupted",
      cause: reason,
    });
    const { stream, cancelled } = streamOf([noise(10), noise(10)]);
    expect((await failure(one.store.put(K("k"), { stream, size: 5 }, { checksum: crc32 }))).code).toBe(
      "invalid-option",
    );
    expect(cancelled()).toMatchObject({ code: "invalid-option" });
    expect(await one.files()).toEqual([".unbucket/version"]);
  });

  it("is refused by a driver whose checksum is no algorithm", async () => {
    const checksum = "crc32" as unknown as ChecksumAlgorithm;
    await expect(fs({ base: "/nowhere", checksum }).exists("k")).rejects.toMatchObject({ code: "invalid-option" });
  });
});

describe("a download of bytes that the disk has changed", () => {
  it.each([
    ["a short object", 10, 3],
    ["the last byte of a long one", 600_000, 599_999],
  ])("errors with `corrupt` in place of its end: %s", async (_, size, at) => {
    const { base, put } = await folder();
    await put("a/k.bin", noise(size), { checksum: crc32c });
    await rot(join(base, "a/k.bin"), at);
    // By another driver: what is stored says how it is checked.
    const driver = fs({ base });
    const object = await driver.download("a/k.bin");
    expect(await failure(object.bytes())).toMatchObject({
      ...{ code: "corrupt", operation: "download", key: "a/k.bin", driver: "fs" },
      message: expect.stringMatching("CRC32C"),
    });
    // Neither is read whole.
    expect((await (await driver.download("a/k.bin", { range: { start: 0 } })).bytes()).byteLength).toBe(size);
    expect((await driver.head("a/k.bin"))?.size).toBe(size);
    await driver.upload("a/k.bin", "new");
    expect(await (await driver.download("a/k.bin")).text()).toBe("new");
  });

  it("is found in a copy and after a move too, and unknown algorithms are passed over", async () => {
    const { base, put, store } = await folder();
    await put("k", noise(10), { checksum: sha256 });
    await put("other", "1", { checksum: { ...crc32c, name: "MINE" } });
    await store.copy?.(K("k"), K("copy"), {});
    const driver = fs({ base });
    expect((await (await driver.download("copy")).bytes()).byteLength).toBe(10);
    await driver.move("copy", "moved");
    await rot(join(base, "moved"), 0);
    await rot(join(base, "other"), 0);
    expect(await failure((await driver.download("moved")).bytes())).toMatchObject({ code: "corrupt", key: "moved" });
    expect((await (await driver.download("other")).bytes()).byteLength).toBe(1);
    const knowing = fs({ base, checksum: { ...crc32c, name: "MINE" } });
    // Its values are CRC32C's, which says so by that name in its error.
    expect(await failure((await knowing.download("other")).bytes())).toMatchObject({ code: "corrupt" });
  });

  it("is not found in a file that another program has written since: that has no checksum", async () => {
    const { base, put, text } = await folder({ checksum: crc32c });
    await put("k", "1");
    await writeFile(join(base, "k"), "2");
    expect(await text("k")).toBe("2");
  });
});

it("a record whose checksum is damaged is `corrupt`, as any other", async () => {
  const { base, put, store, files } = await folder();
  await put("k", "1", { checksum: crc32 });
  const record = (await files()).find((file) => file.includes("/meta/")) as string;
  for (const checksum of ['"AAAA"', '{"name":"CRC32"}', '{"name":"CRC32","value":1}', "null"]) {
    await writeFile(join(base, record), `{"key":"k","checksum":${checksum}}`);
    expect((await failure(store.get(K("k"), {}))).code).toBe("corrupt");
  }
});
