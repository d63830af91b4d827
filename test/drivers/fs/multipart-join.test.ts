import fs from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { beginUpload } from "../../../drivers/fs/multipart-folder.ts";
import { joined } from "../../../drivers/fs/multipart-join.ts";
import { storePart } from "../../../drivers/fs/multipart-parts.ts";
import { parseOptions } from "../../../drivers/fs/options.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import type { StoredPart } from "../../../src/backend.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { openBelow } from "../../support/descriptors.ts";
import { emptyFolder, mocked } from "./folder.ts";

async function stored(
  ...sizes: number[]
): Promise<{ root: Root; id: string; at: string; parts: StoredPart[]; all: Buffer }> {
  const base = await emptyFolder();
  const [root, settings] = [rootAt(base), parseOptions({ base, durable: false })];
  const id = await beginUpload(root, settings, "k", { headers: {} });
  const pieces = sizes.map((size, index) => noise(size, index));
  const parts: StoredPart[] = [];
  for (const [index, bytes] of pieces.entries())
    parts.push(await storePart(root, settings, { key: "k", uploadId: id, partNumber: index + 1 }, { bytes }));
  return { root, id, at: join(base, ".unbucket/uploads", id), parts, all: Buffer.concat(pieces) };
}

describe("joined", () => {
  it.each([[[0]], [[1]], [[0, 0, 0]], [[262_144]], [[262_145, 0, 1]], [[1, 2, 3, 700_000, 5]]])(
    "gives parts of %j bytes one after the other, by whatever reader",
    async (sizes) => {
      const { root, id, at, parts, all } = await stored(...sizes);
      const whole = new Uint8Array(await new Response(joined(root, id, parts)).arrayBuffer());
      expect(Buffer.compare(whole, all)).toBe(0);
      const reader = joined(root, id, parts).getReader({ mode: "byob" });
      const pieces: Uint8Array[] = [];
      for (let room = new ArrayBuffer(1000); ;) {
        const { value, done } = await reader.read(new Uint8Array(room));
        if (done) break;
        pieces.push(value.slice());
        room = value.buffer;
      }
      expect(Buffer.compare(Buffer.concat(pieces), all)).toBe(0);
      expect(openBelow(at).length).toBe(0);
    },
  );

  it("L31: has one file open at a time, and none after it was cancelled or has failed", async () => {
    const { root, id, at, parts } = await stored(500_000, 500_000, 500_000);
    const reader = joined(root, id, parts).getReader();
    for (let read = 0; read < 3; read++) {
      await reader.read();
      expect(openBelow(at).length).toBe(1);
    }
    const pending = reader.read();
    await reader.cancel();
    await pending;
    expect(openBelow(at).length).toBe(0);
    const resting = joined(root, id, parts).getReader();
    await resting.read();
    await resting.cancel();
    expect(openBelow(at).length).toBe(0);
    const failing = joined(root, id, [...parts, { partNumber: 9, etag: '"x"', size: 1 }]);
    await expect(new Response(failing).arrayBuffer()).rejects.toThrow();
    expect(openBelow(at).length).toBe(0);
  });

  it("says that a part was lost where a mount calls its open file absent, so that a new attempt may find it", async () => {
    const { root, id, parts } = await stored(200_000);
    vi.spyOn(fs, "read").mockImplementation(((...args: unknown[]) =>
      (args.at(-1) as (error: Error) => void)(Object.assign(new Error("gone"), { code: "ENOENT" }))) as typeof fs.read);
    mocked();
    const read = joined(root, id, parts).getReader().read();
    await expect(read).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("L25: refuses a part that was replaced, and one that was cut while it was read", async () => {
    const { root, id, at, parts } = await stored(10, 600_000);
    const cut = joined(root, id, parts).getReader();
    await cut.read();
    await cut.read();
    await truncate(join(at, "2"), 300_000);
    await expect(
      (async () => {
        for (let done = false; !done;) ({ done } = await cut.read());
      })(),
    ).rejects.toMatchObject({ code: "corrupt", message: expect.stringContaining("part 2") as string });
    await writeFile(join(at, "1"), "other byte");
    await expect(joined(root, id, parts).getReader().read()).rejects.toMatchObject({ code: "invalid-option" });
  });
});
