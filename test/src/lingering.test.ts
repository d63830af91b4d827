import { describe, expect, it, onTestFinished, vi } from "vitest";
import { endsWithAnswer, lingering, readOn, refusing, restOf } from "../../src/lingering.ts";
import { asking, refusalOf } from "./gateway/asked.ts";

const MIB = 1024 * 1024;

describe("lingering", () => {
  it("reads a refused body to its end, so that its sender sees why, for which nobody waits", async () => {
    let [ended, cancelled, sends] = [false, false, (): void => {}];
    const sent = new Promise<void>((resolve) => (sends = resolve));
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(MIB));
        await sent;
        controller.close();
        ended = true;
      },
      cancel: () => void (cancelled = true),
    });
    await lingering(body)?.getReader().cancel();
    expect(ended).toBe(false);
    sends();
    await expect.poll(() => ended).toBe(true);
    expect(cancelled).toBe(false);
  });

  it("cancels a body that does not end", async () => {
    let [pieces, reason] = [0, ""];
    const piece = new Uint8Array(MIB);
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pieces++;
        controller.enqueue(piece);
      },
      cancel: (why) => void (reason = String(why)),
    });
    await lingering(endless)?.getReader().cancel("enough");
    await expect.poll(() => reason).toBe("enough");
    expect(pieces).toBeLessThan(70);
  });

  it("lets Deno read on, which else cuts the connection, but for one that ends with the answer", async () => {
    vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const seen: string[] = [];
    for (const connection of ["", "close"]) {
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            seen.push("read");
            controller.close();
          },
          cancel: () => void seen.push("cancelled"),
        },
        { highWaterMark: 0 },
      );
      await lingering(body, undefined, true, restOf(connection))?.getReader().cancel();
    }
    expect(seen).toEqual(["cancelled", "read"]);
  });

  it("has nothing to read where there is no body", () => {
    expect(lingering(null)).toBe(null);
  });
});

it("endsWithAnswer: where the client asks for it, and on workerd", () => {
  expect(["", "keep-alive", "close", "TE, Close", "closed"].map(endsWithAnswer)).toEqual([
    false,
    false,
    true,
    true,
    false,
  ]);
  vi.stubGlobal("FixedLengthStream", TransformStream);
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(endsWithAnswer("keep-alive")).toBe(true);
});

it("refusing: on Deno a body that nobody has looked at is cancelled, elsewhere it is left alone", async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const seen: string[] = [];
  const body = (name: string): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({ cancel: () => void seen.push(name) }, { highWaterMark: 0 });
  const headers = new Headers();
  await refusing({ headers, body: body("elsewhere") });
  vi.stubGlobal("Deno", {});
  const read = body("read");
  read.getReader();
  for (const one of [body("new"), read, null]) await refusing({ headers, body: one });
  expect(seen).toEqual(["new"]);
});

it("a client that sends no more is let go after half a minute", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const ended: unknown[] = [];
  const stalled = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ pull: () => new Promise(() => {}), cancel: (reason) => void ended.push(reason) });
  const [one, two, three] = [stalled(), stalled(), stalled()];
  const held = three.getReader();
  const all = Promise.all([lingering(one, undefined, true)?.getReader().cancel("refused"), readOn(two)]);
  await vi.advanceTimersByTimeAsync(29_000);
  expect(ended).toEqual([]);
  await vi.advanceTimersByTimeAsync(2000);
  await all;
  expect(ended).toEqual(["refused", undefined]);
  const waited = readOn(three);
  await vi.advanceTimersByTimeAsync(31_000);
  await waited;
  held.releaseLock();
});

describe("readOn", () => {
  it.each([false, true])("reads all of a refused body, begun or not: %s", async (begun) => {
    let left = 10;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(1024)) : controller.close()),
    });
    const reader = begun ? lingering(body)?.getReader() : undefined;
    await reader?.read();
    await reader?.cancel();
    await readOn(body);
    expect(left).toBe(-1);
  });

  it("waits for a reader that cancels later", async () => {
    let left = 10;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => (left-- > 0 ? controller.enqueue(new Uint8Array(1024)) : controller.close()),
    });
    const reader = lingering(body)?.getReader();
    const waited = readOn(body).then(() => left);
    await reader?.read();
    await reader?.cancel();
    expect(await waited).toBe(-1);
  });

  it("waits for no body, and for none that is read to its end", async () => {
    await readOn(null);
    const body = new Blob(["a"]).stream();
    const reader = lingering(body)?.getReader();
    while (!(await reader?.read())?.done);
    await readOn(body);
  });
});

describe("gateway", () => {
  it("answers what closes its connection when the refused body has been read", async () => {
    const { sign, send } = asking();
    let read = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => (read++ < 10 ? controller.enqueue(new Uint8Array(1024)) : controller.close()),
    });
    const headers = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-tagging": "a=b" };
    const { url, headers: signed } = await sign("PUT", "bucket/key", { headers });
    const sent = new Headers({ ...Object.fromEntries(signed), connection: "close" });
    const init: RequestInit & { duplex: "half" } = { method: "PUT", headers: sent, body, duplex: "half" };
    expect(await refusalOf(await send(new Request(url, init)))).toBe("501 NotImplemented");
    expect(read).toBe(11);
  });
});
