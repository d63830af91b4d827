import { describe, expect, it } from "vitest";
import { collect } from "../../src/collect.ts";
import { noise } from "../../src/conformance/bytes.ts";

const data = noise(100_000);

function pieces(bytes: Uint8Array, size: number, failure?: Error): () => Promise<Uint8Array | null> {
  let at = 0;
  return async () => {
    if (at >= bytes.byteLength) {
      if (failure) throw failure;
      return null;
    }
    return bytes.subarray(at, (at += size));
  };
}

describe("collect", () => {
  it.each([0, 1, 99_999, 100_000, 100_001, 200_000])(
    "gives exactly what comes when %i bytes are announced",
    async (announced) => {
      const bytes = await collect(pieces(data, 7000), announced, Infinity);
      expect(bytes?.byteLength).toBe(data.byteLength);
      expect(bytes?.buffer.byteLength).toBe(data.byteLength);
      expect(Buffer.compare(bytes as Uint8Array, data)).toBe(0);
    },
  );

  it.each([0, 7000, 1_000_000])("gives null for a byte more than the most, with %i announced", async (announced) => {
    expect(await collect(pieces(data, 7000), announced, data.byteLength - 1)).toBeNull();
    expect((await collect(pieces(data, 7000), announced, data.byteLength))?.byteLength).toBe(data.byteLength);
  });

  it("copies each piece before it asks for the next, which may take its memory over", async () => {
    const scratch = new Uint8Array(2);
    let count = 0;
    const next = async (): Promise<Uint8Array | null> => (count < 3 ? scratch.fill(++count) : null);
    expect([...((await collect(next, 0, 100)) as Uint8Array)]).toEqual([1, 1, 2, 2, 3, 3]);
  });

  it("takes bytes whose announced length no buffer has", async () => {
    expect(await collect(pieces(data, 7000), 2 ** 52, Infinity)).toEqual(data);
  });

  it("rejects too-large where no buffer has the length of what came", async () => {
    const huge = async (): Promise<Uint8Array> => ({ byteLength: 2 ** 52 }) as Uint8Array;
    await expect(collect(huge, 10, Infinity)).rejects.toMatchObject({
      code: "too-large",
      message: "4503599627370496 bytes are more than one buffer can hold here: read the body as a stream",
    });
  });

  it("rejects with the error of what gives the pieces", async () => {
    const reason = new Error("cut");
    await expect(collect(pieces(data, 7000, reason), 10, Infinity)).rejects.toBe(reason);
  });
});
