import { describe, expect, it } from "vitest";
import { collect, cut, noise, source } from "../../src/conformance/bytes.ts";
import { StorageError } from "../../src/error.ts";
import { BYOB_BYTES, type ByteReader, readerOf } from "../../src/reader.ts";
import { listened } from "../support/listened.ts";

const KINDS = [undefined, "bytes"] as const;
const data = noise(700_001);

async function drain(reader: ByteReader): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let piece = await reader.next(); piece; piece = await reader.next()) pieces.push(piece.slice());
  return collect(new Blob(pieces).stream());
}

/** A stream that gives nothing until it is cancelled. */
function silent(type?: "bytes"): { stream: ReadableStream<Uint8Array>; cancelled: Promise<unknown> } {
  let settle!: (reason: unknown) => void;
  const cancelled = new Promise((resolve) => (settle = resolve));
  const events = { pull: () => new Promise<void>(() => {}), cancel: (reason: unknown) => settle(reason) };
  const stream = type ? new ReadableStream({ type, ...events }) : new ReadableStream<Uint8Array>(events);
  return { stream, cancelled };
}

/** A stream that fails at once. */
function failing(reason: unknown): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(reason) });
}

describe.each(KINDS)("readerOf a stream of type %s", (type) => {
  it.each([[[1]], [[700_001]], [[65_536]], [[3, 100_000, 1]]])("fill gives all bytes cut in %j", async (sizes) => {
    const bytes = data.subarray(0, sizes[0] === 1 ? 3000 : data.length);
    const reader = readerOf({ stream: source(cut(bytes, sizes), "end", type).stream });
    const out = new Uint8Array(bytes.length + 10);
    let end = 0;
    while (!(await reader.ended()))
      end = await reader.fill({ buffer: out.subarray(0, Math.min(out.length, end + 999)), end });
    expect(end).toBe(bytes.length);
    expect(Buffer.compare(out.subarray(0, end), bytes)).toBe(0);
    expect(await reader.fill({ buffer: out, end: 5 })).toBe(5);
    expect(await reader.next()).toBeNull();
  });

  it("next gives all bytes, and what a fill has left of a piece", async () => {
    const reader = readerOf({ stream: source(cut(data, [65_536]), "end", type).stream });
    const head = new Uint8Array(10);
    await reader.fill({ buffer: head, end: 0 });
    const rest = await drain(reader);
    expect(Buffer.compare(Buffer.concat([head, rest]), data)).toBe(0);
  });

  it("fill never asks for more than it was given room for", async () => {
    const made = source(cut(data, [1000]), { hang: () => {} }, type);
    const buffer = new Uint8Array(1000);
    expect(await readerOf({ stream: made.stream }).fill({ buffer, end: 0 })).toBe(1000);
  });

  it("ends at once when there is nothing", async () => {
    const reader = readerOf({ stream: source([], "end", type).stream, size: 0 });
    expect(await reader.ended()).toBe(true);
    expect(await reader.fill({ buffer: new Uint8Array(4), end: 0 })).toBe(0);
  });

  it.each([-1, 1])("rejects invalid-option when size is off by %i", async (delta) => {
    const reader = readerOf({ stream: source(cut(data, [65_536]), "end", type).stream, size: data.length + delta });
    await expect(drain(reader)).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("rejects as soon as there are more bytes than size says", async () => {
    const reader = readerOf({ stream: source([noise(10)], { hang: () => {} }, type).stream, size: 9 });
    await expect(reader.next()).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("rejects interrupted with the stream's own error, whatever it is, and with a StorageError as it is", async () => {
    const reason = new Error("the source broke");
    const reader = readerOf({ stream: source(cut(data, [65_536]), { fail: reason }, type).stream });
    await expect(drain(reader)).rejects.toMatchObject({
      code: "interrupted",
      retryable: false,
      cause: reason,
      message: "the body broke off: the source broke",
    });
    for (const odd of [undefined, "text", null])
      await expect(drain(readerOf({ stream: failing(odd) }))).rejects.toMatchObject({
        code: "interrupted",
        cause: odd,
      });
    const own = new StorageError("too-large", "more than is taken");
    await expect(drain(readerOf({ stream: failing(own) }))).rejects.toBe(own);
  });

  it("cancel passes its reason on and settles a pending read", async () => {
    const { stream, cancelled } = silent(type);
    const reader = readerOf({ stream });
    const pending = reader.ended();
    const reason = new Error("enough");
    const told = reader.cancel(reason);
    expect(await cancelled).toBe(reason);
    await pending;
    await told;
    expect(stream.locked).toBe(false);
  });

  it("an abort while a read is pending rejects with the reason and cancels the source with it", async () => {
    const { stream, cancelled } = silent(type);
    const control = new AbortController();
    const pending = readerOf({ stream }, control.signal).next();
    const reason = new Error("left");
    control.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(await cancelled).toBe(reason);
  });

  it("a signal that is aborted before reads nothing and cancels the source", async () => {
    const { stream, cancelled } = silent(type);
    const reason = new Error("before");
    await expect(
      readerOf({ stream }, AbortSignal.abort(reason)).fill({ buffer: new Uint8Array(1), end: 0 }),
    ).rejects.toBe(reason);
    expect(await cancelled).toBe(reason);
  });
});

describe("readerOf", () => {
  it("takes text in a stream as UTF-8, skips empty pieces and counts bytes", async () => {
    const stream = new ReadableStream<unknown>({
      start(controller) {
        for (const chunk of ["é", "", new Uint8Array(0), new Uint8Array([33])]) controller.enqueue(chunk);
        controller.close();
      },
    }) as ReadableStream<unknown> as ReadableStream<Uint8Array>;
    expect([...(await drain(readerOf({ stream, size: 3 })))]).toEqual([0xc3, 0xa9, 33]);
  });

  it("has ended where only empty pieces follow", async () => {
    const reader = readerOf({ stream: source([noise(4), new Uint8Array(0)]).stream });
    await reader.fill({ buffer: new Uint8Array(4), end: 0 });
    expect(await reader.ended()).toBe(true);
  });

  it("gives a stream of bytes large memory to fill", async () => {
    const views: unknown[] = [];
    const stream = new ReadableStream({
      type: "bytes",
      pull(controller) {
        views.push(controller.byobRequest?.view?.byteLength);
        controller.close();
        controller.byobRequest?.respond(0);
      },
    });
    await readerOf({ stream }).ended();
    expect(views).toEqual([BYOB_BYTES]);
  });

  it("refuses a stream that gives something else", async () => {
    const stream = new ReadableStream<unknown>({
      start: (controller) => controller.enqueue({}),
    }) as ReadableStream<unknown> as ReadableStream<Uint8Array>;
    await expect(readerOf({ stream }).next()).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("does not wait for a source whose cancel never settles, nor fail when it rejects", async () => {
    const deaf = new ReadableStream<Uint8Array>({ cancel: () => new Promise(() => {}) });
    const reader = readerOf({ stream: deaf });
    await reader.cancel("x");
    expect(await reader.next()).toBe(null);
    const angry = new ReadableStream<Uint8Array>({ cancel: () => Promise.reject(new Error("no")) });
    await readerOf({ stream: angry }).cancel("x");
    // A rejection that nobody handles would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it("leaves no listener on a long-lived signal once the source has ended", async () => {
    const { signal, live } = listened();
    await drain(readerOf({ stream: source(cut(data, [65_536])).stream }, signal));
    readerOf({ stream: silent().stream }, signal).cancel();
    expect(live.size).toBe(0);
  });
});
