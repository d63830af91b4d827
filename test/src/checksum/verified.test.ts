import { describe, expect, it, vi } from "vitest";
import { crc32, sha256 } from "../../../src/checksum.ts";
import { verified } from "../../../src/checksum/verified.ts";
import { noise, source, utf8 } from "../../../src/conformance/bytes.ts";

const text = (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream).text();

describe("verified", () => {
  it.each([crc32, sha256])(
    "$name passes bytes that have the value, and errors corrupt for others",
    async (algorithm) => {
      const bytes = noise(10_000);
      const expected = await algorithm.of(bytes);
      const pieces = [bytes.subarray(0, 10), bytes.subarray(10, 10), bytes.subarray(10)];
      const passed = await new Response(algorithm.verified(source(pieces).stream, expected)).arrayBuffer();
      expect(new Uint8Array(passed)).toEqual(bytes);
      await expect(text(algorithm.verified(source([...pieces, utf8("x")]).stream, expected))).rejects.toMatchObject({
        code: "corrupt",
        retryable: true,
        message: expect.stringMatching(algorithm.name),
      });
      await expect(text(algorithm.verified(source([]).stream, expected))).rejects.toMatchObject({ code: "corrupt" });
    },
  );

  it("waits for a hasher that answers later", async () => {
    const seen: string[] = [];
    const hasher = {
      update: async (bytes: Uint8Array) => {
        await Promise.resolve();
        seen.push(new TextDecoder().decode(bytes));
      },
      digest: async () => (seen.join() === "a,b" ? "value" : "other"),
    };
    expect(await text(verified("X", hasher, source([utf8("a"), utf8("b")]).stream, "value"))).toBe("ab");
  });

  it("passes on the stream's own error and a cancel, and reads nothing unasked", async () => {
    const reason = new Error("mine");
    await expect(text(crc32.verified(source([utf8("a")], { fail: reason }).stream, "x"))).rejects.toBe(reason);
    const pull = vi.fn();
    const cancel = vi.fn();
    const stream = crc32.verified(new ReadableStream({ pull, cancel }, { highWaterMark: 0 }), "x");
    await Promise.resolve();
    expect(pull).not.toHaveBeenCalled();
    await stream.cancel(reason);
    expect(cancel).toHaveBeenCalledExactlyOnceWith(reason);
  });
});
