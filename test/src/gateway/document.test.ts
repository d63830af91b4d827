import { describe, expect, it } from "vitest";
import { documentOf, understood } from "../../../src/gateway/document.ts";
import type { Payload } from "../../../src/gateway/payload.ts";
import { Refusal } from "../../../src/gateway/refusal.ts";

/** A body of these pieces, which counts those that were asked for, and knows whether it was let go. */
function sent(pieces: Iterable<Uint8Array>): { payload: () => Payload; seen: { count: number; ended: boolean } } {
  const seen = { count: 0, ended: false };
  async function* body(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (const piece of pieces) {
        seen.count++;
        yield piece;
      }
    } finally {
      seen.ended = true;
    }
  }
  return { payload: () => ({ body: body(), size: undefined, answer: {} }), seen };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("documentOf", () => {
  it("reads text that is cut anywhere", async () => {
    const all = bytes("<Delete><Key>ä😀</Key></Delete>");
    for (const size of [1, 2, 3, all.byteLength]) {
      const pieces = Array.from({ length: Math.ceil(all.byteLength / size) }, (_, at) =>
        all.subarray(at * size, (at + 1) * size),
      );
      expect((await documentOf(sent(pieces), "Delete")).children[0]?.text).toBe("ä😀");
    }
  });

  it.each([
    ["another root", bytes("<Other/>")],
    ["nothing", bytes("")],
    ["bytes that are no text", Uint8Array.of(...bytes("<Delete><Key>"), 0xff, ...bytes("</Key></Delete>"))],
    ["text that ends within a character", Uint8Array.of(...bytes("<Delete/>"), 0xc3)],
    ["UTF-16", new Uint8Array(Uint16Array.from("<Delete/>", (c) => c.charCodeAt(0)).buffer)],
    ["a document type", bytes("<!DOCTYPE Delete><Delete/>")],
    ["levels without end", bytes("<Delete>".repeat(100_000))],
  ])("refuses %s as malformed", async (_, piece) => {
    await expect(documentOf(sent([piece]), "Delete")).rejects.toMatchObject({ s3: "MalformedXML" });
  });

  it("reads no more of a gigabyte than it takes to refuse it", async () => {
    const piece = new Uint8Array(1024 * 1024).fill(0x20);
    const { payload, seen } = sent(
      (function* () {
        for (let at = 0; at < 1024; at++) yield piece;
      })(),
    );
    await expect(documentOf({ payload }, "Delete")).rejects.toMatchObject({ s3: "MalformedXML" });
    expect(seen).toEqual({ count: 9, ended: true });
  });

  it("passes on what the body fails with", async () => {
    const failure = new Refusal("BadDigest", "other bytes");
    const { payload } = sent({
      [Symbol.iterator]: () => ({
        next() {
          throw failure;
        },
      }),
    });
    await expect(documentOf({ payload }, "Delete")).rejects.toBe(failure);
  });
});

describe("understood", () => {
  it("calls every failure malformed but a refusal", () => {
    const failing = (error: Error) => (): never => {
      throw error;
    };
    expect(understood(() => 7)).toBe(7);
    expect(() => understood(failing(new TypeError("no")))).toThrow(expect.objectContaining({ s3: "MalformedXML" }));
    expect(() => understood(failing(new Refusal("InvalidPart", "no")))).toThrow(
      expect.objectContaining({ s3: "InvalidPart" }),
    );
  });
});
