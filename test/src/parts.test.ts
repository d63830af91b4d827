import { getEventListeners } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { heeding } from "../../src/abort.ts";
import type { UploadedPart } from "../../src/backend.ts";
import { MemoryBudget } from "../../src/budget.ts";
import { cut, noise, source } from "../../src/conformance/bytes.ts";
import { nextPiece, type Pieces, piecesOf, type SendPart, sendParts, slicesOf } from "../../src/parts.ts";
import { readerOf } from "../../src/reader.ts";

const PART = 1000;
const done = async (partNumber: number): Promise<UploadedPart> => ({ partNumber, etag: `"${partNumber}"` });
const quiet = { stopSource: (): void => {} };

describe("piecesOf", () => {
  it.each([0, 1, 999, 1000, 1001, 2000, 2001])(
    "cuts %i bytes into equal parts and a rest, never an empty one",
    async (size) => {
      for (const chunk of [1, 7, 64, 5000]) {
        const budget = new MemoryBudget(10 * PART, PART, 3);
        const bytes = noise(size);
        const reader = readerOf({ stream: source(cut(bytes, [chunk])).stream });
        const found: Uint8Array[] = [];
        const first = await nextPiece(budget, reader, PART);
        for await (const piece of piecesOf(budget, reader, first, PART)) {
          found.push(piece.bytes.slice());
          piece.release(true);
        }
        expect(found.map(({ length }) => length)).toEqual(
          Array.from({ length: Math.max(1, Math.ceil(size / PART)) }, (_, n) => Math.min(PART, size - n * PART)),
        );
        expect(Buffer.compare(Buffer.concat(found), bytes)).toBe(0);
        expect(budget.used).toBe(0);
      }
    },
  );
});

describe("nextPiece", () => {
  it("is left whole while it is sent, however short it is and whoever waits, and given on when it is released", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const budget = new MemoryBudget(3 * PART, PART, 3);
    const short = await nextPiece(budget, readerOf(source([noise(10)])), PART, undefined, PART);
    const next = budget.take(PART, 0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(budget.used).toBe(PART);
    short.release(true);
    await vi.advanceTimersByTimeAsync(10);
    expect((await next).buffer.buffer).toBe(short.bytes.buffer);
  });

  it("is whole where its buffer was needed by others before its first byte came", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const budget = new MemoryBudget(3 * PART, PART, 3);
    let source!: ReadableStreamDefaultController<Uint8Array>;
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (source = controller) });
    const piece = nextPiece(budget, readerOf({ stream }), PART, undefined, PART);
    const other = budget.take(PART, 0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(budget.used).toBe(PART);
    budget.give(await other, true);
    source.enqueue(noise(10));
    source.close();
    await vi.advanceTimersByTimeAsync(10);
    expect((await piece).bytes).toEqual(noise(10));
  });

  it("is given to nobody else after it failed, and its memory is there again", async () => {
    const budget = new MemoryBudget(3 * PART, PART, 3);
    const failed = await nextPiece(budget, readerOf(source([noise(PART)])), PART, undefined, PART);
    failed.release(false);
    expect((await budget.take(PART, 0)).buffer.buffer).not.toBe(failed.bytes.buffer);
  });

  it("leaves nothing behind when its source fails", async () => {
    const budget = new MemoryBudget(3 * PART, PART, 3);
    const reader = readerOf(source([noise(10)], { fail: new Error("the source broke") }));
    await expect(nextPiece(budget, reader, PART)).rejects.toThrow("the source broke");
    expect(budget.used).toBe(0);
  });
});

describe("sendParts", () => {
  it("numbers parts from the first on, and gives them in order with their size", async () => {
    const waits = [5, 1, 3];
    const send: SendPart = async (partNumber) => {
      await new Promise((resolve) => setTimeout(resolve, waits[partNumber - 4]));
      return done(partNumber);
    };
    const sent = await sendParts({ concurrency: 3 }, 4, () => slicesOf(noise(2500), PART), send, quiet);
    expect(sent.parts.map(({ partNumber }) => partNumber)).toEqual([4, 5, 6]);
    expect(sent.size).toBe(2500);
  });

  it.each([
    ["alone", undefined],
    ["beside a caller who may abort", new AbortController().signal],
  ])("%s stops the others and the source at the first failure, and waits for those under way", async (_, signal) => {
    const reason = new Error("refused");
    const stopped: unknown[] = [];
    const asked: number[] = [];
    let ended = 0;
    const send: SendPart = (partNumber, _bytes, stop) => {
      asked.push(partNumber);
      if (partNumber === 2) return Promise.reject(reason);
      return new Promise((_resolve, reject) => {
        stop.addEventListener("abort", () => setTimeout(() => (ended++, reject(new Error("stopped"))), 5));
      });
    };
    const stopSource = (error: unknown): void => void stopped.push(error);
    const sending = sendParts({ concurrency: 2 }, 1, () => slicesOf(noise(5000), PART), send, { stopSource, signal });
    await expect(sending).rejects.toBe(reason);
    expect([stopped, asked, ended]).toEqual([[reason], [1, 2], 1]);
  });

  it("gives a buffer out again once its part is stored, and none that a failed request may still read", async () => {
    const released: boolean[] = [];
    const pieces: Pieces = async function* () {
      for (let left = 2; left > 0; left--) {
        yield { bytes: noise(1), release: (reusable) => void released.push(reusable) };
      }
    };
    const send: SendPart = (partNumber) =>
      partNumber === 1 ? done(partNumber) : Promise.reject(new Error("the line broke"));
    await expect(sendParts({ concurrency: 1 }, 1, pieces, send, quiet)).rejects.toThrow("the line broke");
    expect(released).toEqual([true, false]);
  });

  it("tells a failure although the source waits for memory that others hold", async () => {
    const budget = new MemoryBudget(3 * PART, PART, 3);
    const reader = readerOf({ stream: source(cut(noise(3 * PART), [100])).stream });
    const first = await nextPiece(budget, reader, PART);
    const reason = new Error("refused");
    const send: SendPart = () => new Promise((_resolve, reject) => setImmediate(() => reject(reason)));
    const pieces: Pieces = (stop) => piecesOf(budget, reader, first, PART, stop);
    const sending = expect(sendParts({ concurrency: 2 }, 1, pieces, send, quiet)).rejects.toBe(reason);
    const others = await budget.take(PART, 0);
    await sending;
    budget.give(others, true);
    expect(budget.used).toBe(0);
  });

  it("leaves no listener on its caller's signal, and needs no AbortSignal.any, which older edge runtimes lack", async () => {
    const any = vi.spyOn(AbortSignal, "any").mockImplementation(() => {
      throw new TypeError("AbortSignal.any is not a function");
    });
    onTestFinished(() => any.mockRestore());
    const control = new AbortController();
    const options = { ...quiet, signal: control.signal };
    await sendParts({ concurrency: 2 }, 1, () => slicesOf(noise(2500), PART), done, options);
    expect(getEventListeners(control.signal, "abort")).toEqual([]);
    const hanging: SendPart = (_number, _bytes, signal) => heeding(new Promise<never>(() => {}), signal);
    const sending = sendParts({ concurrency: 2 }, 1, () => slicesOf(noise(2500), PART), hanging, options);
    control.abort(new Error("stopped"));
    await expect(sending).rejects.toThrow("stopped");
  });

  it("rejects too-large for part 10001, and with the reason of an abort", async () => {
    const tiny = sendParts({ concurrency: 2 }, 10_000, () => slicesOf(noise(2), 1), done, quiet);
    await expect(tiny).rejects.toMatchObject({ code: "too-large" });
    const late = AbortSignal.abort("left");
    await expect(
      sendParts({ concurrency: 2 }, 1, () => slicesOf(noise(2), 1), done, { ...quiet, signal: late }),
    ).rejects.toBe("left");
  });
});
