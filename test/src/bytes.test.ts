import { describe, expect, it } from "vitest";
import { bytesOf } from "../../src/bytes.ts";
import { processorTimeOf } from "../support/processor.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | null): string | null => bytes && new TextDecoder().decode(bytes);

/** A stream of these pieces, which ends behind them. */
function streamOf(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(encode(piece));
    },
  });
}

/** Every way to cut a text in two. */
const cuts = (text: string): string[][] =>
  Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]);

describe("bytesOf", () => {
  it("gives lines and lengths, wherever the stream is cut", async () => {
    for (const pieces of cuts("5;a\r\nhel\ro\r\n\r\n0\r\n")) {
      const bytes = bytesOf(streamOf(...pieces));
      expect(await bytes.line(10)).toBe("5;a");
      let taken = "";
      while (taken.length < 5) taken += decode(await bytes.some(5 - taken.length));
      expect(taken).toBe("hel\ro");
      expect([await bytes.line(10), await bytes.line(10), await bytes.line(10)]).toEqual(["", "", "0"]);
      expect([await bytes.line(10), await bytes.some(1)]).toEqual([null, null]);
    }
  });

  it("has no bytes where there is no stream", async () => {
    const bytes = bytesOf(null);
    expect([await bytes.line(10), await bytes.some(1)]).toEqual([null, null]);
    await bytes.cancel();
  });

  it("gives a line of as many bytes as are allowed, and none of one more", async () => {
    for (const pieces of cuts("12345\r\n")) {
      expect(await bytesOf(streamOf(...pieces)).line(5)).toBe("12345");
      expect(await bytesOf(streamOf(...pieces)).line(4)).toBeNull();
    }
  });

  it("takes LF or CR alone for no end of a line", async () => {
    expect(await bytesOf(streamOf("a\nb\rc\r\r\n")).line(10)).toBe("a\nb\rc\r");
  });

  it("reads no more of a line without end than is allowed, and a piece", async () => {
    let given = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        given += 100;
        controller.enqueue(new Uint8Array(100).fill(65));
      },
    });
    expect(await bytesOf(endless).line(1000)).toBeNull();
    expect(given).toBeLessThanOrEqual(1300);
  });

  it("gives what is before a mark, wherever the stream is cut, and then what is behind it", async () => {
    for (const pieces of cuts("ab\r\n--x\r\n--mark rest\r\n")) {
      const bytes = bytesOf(streamOf(...pieces));
      let before = "";
      const reading = bytes.before(encode("\r\n--mark"));
      let next = await reading.next();
      for (; !next.done; next = await reading.next()) before += decode(next.value);
      expect([before, next.value, await bytes.line(100)]).toEqual(["ab\r\n--x", true, " rest"]);
    }
  });

  it("gives all, and says that the mark was not met, where there is only its beginning", async () => {
    const reading = bytesOf(streamOf("ab\r\n", "--mar")).before(encode("\r\n--mark"));
    let all = "";
    let next = await reading.next();
    for (; !next.done; next = await reading.next()) all += decode(next.value);
    expect([all, next.value]).toEqual(["ab\r\n--mar", false]);
  });

  it("looks for a mark of which the beginning repeats in little time", async () => {
    const piece = "\r\n--marK".repeat(20_000);
    const reading = bytesOf(streamOf(piece, piece, piece)).before(encode("\r\n--mark"));
    let length = 0;
    const time = await processorTimeOf(async () => {
      for await (const bytes of reading) length += bytes.byteLength;
    });
    expect(length).toBe(3 * piece.length);
    expect(time).toBeLessThan(5000);
  });

  it("cancels the stream, with the reason, when it lets go", async () => {
    const reasons: unknown[] = [];
    const bytes = bytesOf(new ReadableStream({ cancel: (reason) => void reasons.push(reason) }));
    await bytes.cancel("enough");
    expect(reasons).toEqual(["enough"]);
    expect(await bytes.some(1)).toBeNull();
  });

  it("fails as the stream fails", async () => {
    const failure = new Error("gone");
    const bytes = bytesOf(new ReadableStream({ pull: (controller) => controller.error(failure) }));
    for (const read of [bytes.line(10), bytes.some(10)])
      await expect(read).rejects.toMatchObject({ code: "interrupted", cause: failure });
  });
});
