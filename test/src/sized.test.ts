import { afterEach, describe, expect, it, vi } from "vitest";
import { sized } from "../../src/sized.ts";

const body = (): ReadableStream<Uint8Array> => new Blob(["hello"]).stream();

describe("sized", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("is the body itself where there is no FixedLengthStream", () => {
    const given = body();
    expect(sized(given, 5)).toBe(given);
  });

  it("pipes a body once, whoever asks again, and is ended by the signal", async () => {
    const lengths: number[] = [];
    const piped = class extends TransformStream<Uint8Array, Uint8Array> {
      constructor(length: number) {
        super();
        lengths.push(length);
      }
    };
    vi.stubGlobal("FixedLengthStream", piped);
    const once = sized(body(), 5);
    expect(sized(once, 5)).toBe(once);
    expect([await new Response(once).text(), lengths]).toEqual(["hello", [5]]);
    const reason = new Error("enough");
    const aborted = sized(body(), 5, AbortSignal.abort(reason));
    await expect(new Response(aborted).text()).rejects.toBe(reason);
  });
});
