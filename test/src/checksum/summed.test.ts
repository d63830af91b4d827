import { describe, expect, it, vi } from "vitest";
import { crc32c } from "../../../src/checksum.ts";
import { summed } from "../../../src/checksum/summed.ts";
import { noise, source } from "../../../src/conformance/bytes.ts";

const read = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(stream).arrayBuffer());

describe("summed", () => {
  it("gives the bytes as they come, and their value before they end", async () => {
    const bytes = noise(10_000);
    const values: string[] = [];
    const { stream } = source([bytes.subarray(0, 10), bytes.subarray(10, 10), bytes.subarray(10)]);
    expect(await read(summed(crc32c.create(), stream, (value) => values.push(value)))).toEqual(bytes);
    expect(values).toEqual([crc32c.of(bytes)]);
  });

  it("errors with what is thrown at the end, and gives no value of a source that fails", async () => {
    const reason = new Error("mine");
    const refusing = (): void => {
      throw reason;
    };
    await expect(read(summed(crc32c.create(), source([noise(3)]).stream, refusing))).rejects.toBe(reason);
    const atEnd = vi.fn();
    const failing = source([noise(3)], { fail: reason }).stream;
    await expect(read(summed(crc32c.create(), failing, atEnd))).rejects.toBe(reason);
    expect(atEnd).not.toHaveBeenCalled();
  });

  it("lets its source go where the bytes cannot be hashed", async () => {
    const reason = new Error("no more hashes");
    const made = source([noise(3), noise(3)]);
    const hasher = { ...crc32c.create(), update: () => Promise.reject(reason) };
    await expect(read(summed(hasher, made.stream, () => {}))).rejects.toBe(reason);
    expect(await made.over).toBe("cancelled");
  });
});
