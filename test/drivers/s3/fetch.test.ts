import { describe, expect, it, onTestFinished, vi } from "vitest";
import { fromFetch } from "../../../drivers/s3/fetch.ts";
import type { Timeouts } from "../../../drivers/s3/transport.ts";
import { listened } from "../../support/listened.ts";

const timeouts: Timeouts = { connect: 0, headers: 0, body: 0 };
const request = { method: "GET", url: "http://h/k", headers: { a: "b" } };
const never = <T>(): Promise<T> => new Promise(() => {});

describe("fromFetch", () => {
  it.each([
    ["past every cache", Request, ["no-store", "no-store", undefined, undefined]],
    ["as it can where fetch refuses to hear of caches", function () {}, [undefined, undefined, undefined, undefined]],
  ])("reads %s, and writes without the header by which a browser would say so", async (_, Request, caches) => {
    onTestFinished(() => (vi.unstubAllGlobals(), vi.resetModules(), undefined));
    vi.stubGlobal("Request", Request);
    vi.resetModules();
    const fresh: { fromFetch: typeof fromFetch } = await import("../../../drivers/s3/fetch.ts");
    const asked: RequestInit[] = [];
    const transport = fresh.fromFetch(async (_, init) => (asked.push(init), new Response()), timeouts);
    for (const method of ["GET", "HEAD", "PUT", "POST"]) await transport.send({ ...request, method });
    expect(asked.map(({ cache }) => cache)).toEqual(caches);
  });

  it("passes on method, headers and bytes, and follows no redirect", async () => {
    let seen: RequestInit = {};
    const transport = fromFetch(async (_, init) => ((seen = init), new Response("x")), timeouts);
    const body = new Uint8Array([1]);
    const response = await transport.send({ ...request, method: "PUT", body });
    expect(seen).toMatchObject({ method: "PUT", headers: { a: "b" }, redirect: "manual", body });
    expect(response.status).toBe(200);
    expect(response.header("absent")).toBeNull();
    expect([...response.names()]).toContain("content-type");
  });

  it("rejects timeout and aborts the request when no answer comes, even from a fetch that ignores its signal", async () => {
    let signal: AbortSignal | null | undefined;
    const transport = fromFetch((_, init) => ((signal = init.signal), never()), { ...timeouts, headers: 20 });
    await expect(transport.send(request)).rejects.toMatchObject({ code: "timeout" });
    expect(signal?.aborted).toBe(true);
  });

  it("takes an answer and a body that came while the process was stopped, for which timers do not wait", async () => {
    // What the system has for a process comes after its timers are looked at.
    const come = <T>(value: () => T): Promise<T> => new Promise((resolve) => setImmediate(() => resolve(value())));
    const stop = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200);
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => come(() => (controller.enqueue(new Uint8Array(3)), controller.close())),
    });
    const transport = fromFetch(() => come(() => new Response(body)), { ...timeouts, headers: 50, body: 50 });
    const sent = transport.send(request);
    stop();
    const bytes = (await sent).bytes(10);
    stop();
    expect(await bytes).toHaveLength(3);
    const none = fromFetch(() => never(), { ...timeouts, headers: 50 }).send(request);
    stop();
    await expect(none).rejects.toMatchObject({ code: "timeout" });
  });

  it("lets go of an answer that a fetch which ignores its signal gives too late", async () => {
    const control = new AbortController();
    const cancel = vi.fn();
    let give!: (answer: Response) => void;
    const transport = fromFetch(() => new Promise((resolve) => (give = resolve)), timeouts);
    const sent = transport.send({ ...request, signal: control.signal });
    control.abort(new Error("left"));
    await expect(sent).rejects.toThrow("left");
    give(new Response(new ReadableStream({ cancel }, { highWaterMark: 0 })));
    await expect.poll(() => cancel).toHaveBeenCalledOnce();
  });

  it("gives a body a second for every 100 kB before it calls the answer late", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let settled: unknown;
    const transport = fromFetch(() => never(), { ...timeouts, headers: 1000 });
    transport.send({ ...request, method: "PUT", body: new Uint8Array(500_000) }).catch((error) => (settled = error));
    await vi.advanceTimersByTimeAsync(5999);
    expect(settled).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2);
    expect(settled).toMatchObject({ code: "timeout" });
  });

  it("waits for no longer than a timer can, which would else fire each millisecond", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => timers.mockRestore());
    const longest = 2 ** 31 - 1;
    const transport = fromFetch(async () => new Response("x"), { ...timeouts, headers: longest });
    await (await transport.send({ ...request, method: "PUT", body: new Uint8Array(100) })).discard();
    expect(timers.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual([longest]);
  });

  it("rejects an interim answer, and sends nothing for ten seconds, in which another might get the answer to it", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let sent = 0;
    const interim = { status: 103, headers: new Headers(), body: null } as unknown as Response;
    const transport = fromFetch(async () => (sent++ === 0 ? interim : new Response("x")), timeouts);
    const refused = { code: "unavailable", retryable: true };
    await expect(transport.send(request)).rejects.toMatchObject(refused);
    vi.advanceTimersByTime(9_999);
    await expect(transport.send(request)).rejects.toMatchObject(refused);
    expect(sent).toBe(1);
    vi.advanceTimersByTime(1);
    expect((await transport.send(request)).status).toBe(200);
  });

  it("ends a body that stopped in time, though the clock is set back", async () => {
    const body = new ReadableStream({ pull: () => never() });
    const { pieces } = await fromFetch(async () => new Response(body), { ...timeouts, body: 50 }).send(request);
    const next = pieces().next();
    const now = Date.now();
    vi.spyOn(Date, "now").mockReturnValue(now - 3_600_000);
    onTestFinished(() => void vi.restoreAllMocks());
    await expect(next).rejects.toMatchObject({ code: "timeout" });
  });

  it.each([
    [
      "on Workers in larger pieces, up to 1 MiB, until it comes slowly",
      "Cloudflare-Workers",
      [256, 1024, 1024, 1024, 256, 256],
    ],
    ["elsewhere in equal ones", "Deno/2", [256, 256, 256, 256, 256, 256]],
  ])("reads a body that comes fast %s", async (_, userAgent, expected) => {
    onTestFinished(() => (vi.unstubAllGlobals(), vi.resetModules(), undefined));
    vi.stubGlobal("navigator", { userAgent });
    vi.resetModules();
    const fresh: { fromFetch: typeof fromFetch } = await import("../../../drivers/s3/fetch.ts");
    const sizes: number[] = [];
    const given = [Infinity, Infinity, Infinity, 10, 10];
    const body = new ReadableStream({
      type: "bytes",
      pull(controller) {
        const { byobRequest } = controller;
        const room = byobRequest?.view?.byteLength ?? 0;
        sizes.push(room / 1024);
        const bytes = given.shift();
        if (bytes === undefined) controller.close();
        byobRequest?.respond(Math.min(bytes ?? 0, room));
      },
    });
    const { pieces } = await fresh.fromFetch(async () => new Response(body), timeouts).send(request);
    const { next } = pieces();
    while (await next()) if (sizes.length > 6) throw new Error("the body has no end");
    expect(sizes).toEqual(expected);
  });

  it("rejects timeout and cancels the body when it stops, even where the signal does not reach it", async () => {
    let cancelled: unknown;
    const body = new ReadableStream({ pull: () => never(), cancel: (reason) => void (cancelled = reason) });
    const transport = fromFetch(async () => new Response(body), { ...timeouts, body: 20 });
    const response = await transport.send(request);
    await expect(response.bytes(10)).rejects.toMatchObject({ code: "timeout" });
    expect(cancelled).toMatchObject({ code: "timeout" });
  });

  it("has a process wait for what is asked for, not for a body that nobody reads", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => timers.mockRestore());
    const waits = (): boolean => timers.mock.results[0]?.value.hasRef();
    let answer!: (response: Response) => void;
    const fetch = (): Promise<Response> => new Promise((resolve) => (answer = resolve));
    const sent = fromFetch(fetch, { ...timeouts, headers: 60_000, body: 60_000 }).send(request);
    expect(waits()).toBe(true);
    answer(new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(9)) })));
    const pieces = (await sent).pieces();
    expect(waits()).toBe(false);
    const read = pieces.next();
    expect(waits()).toBe(true);
    await read;
    expect(waits()).toBe(false);
    pieces.cancel(undefined);
  });

  it("does not take a slow reader for a stall", async () => {
    vi.useFakeTimers();
    try {
      let sent = 0;
      const body = new ReadableStream({
        pull: (sink) => (++sent > 3 ? sink.close() : sink.enqueue(new Uint8Array(1))),
      });
      const transport = fromFetch(async () => new Response(body), { ...timeouts, body: 20 });
      const pieces = (await transport.send(request)).pieces();
      for (let at = 0; at < 3; at++) {
        expect(await pieces.next()).toHaveLength(1);
        vi.advanceTimersByTime(3_600_000);
      }
      expect(await pieces.next()).toBeNull();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("rejects with the signal's reason before the answer, and while the body is read", async () => {
    const reason = new Error("left");
    const deaf = fromFetch(() => never(), timeouts);
    const control = new AbortController();
    const pending = deaf.send({ ...request, signal: control.signal });
    control.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await expect(deaf.send({ ...request, signal: control.signal })).rejects.toBe(reason);

    const later = new AbortController();
    const body = new ReadableStream({ pull: () => never() });
    const response = await fromFetch(async () => new Response(body), timeouts).send({
      ...request,
      signal: later.signal,
    });
    const read = response.pieces().next();
    later.abort(reason);
    await expect(read).rejects.toBe(reason);
  });

  it.each([
    ["Bun's own", Object.assign(new TypeError("x"), { code: "ENOTFOUND" }), "failed (ENOTFOUND)"],
    ["Node's behind fetch", new TypeError("x", { cause: { code: "CERT_HAS_EXPIRED" } }), "failed (CERT_HAS_EXPIRED)"],
    ["no code", new TypeError("x"), "failed"],
    ["the number of a DOMException", new DOMException("x", "NetworkError"), "failed"],
    ["nothing", undefined, "failed"],
  ])("names a failed connection by its code: %s", async (_, thrown, end) => {
    const sent = fromFetch(async () => Promise.reject(thrown), timeouts).send(request);
    await expect(sent).rejects.toMatchObject({ message: `the connection to the store ${end}` });
  });

  it("calls a failure unavailable, with its cause", async () => {
    const cause = new TypeError("fetch failed");
    await expect(fromFetch(() => Promise.reject(cause), timeouts).send(request)).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      cause,
    });
  });

  it("gives bytes up to a limit, and rejects corrupt beyond it", async () => {
    const transport = fromFetch(async () => new Response("hello"), timeouts);
    expect(new TextDecoder().decode(await (await transport.send(request)).bytes(5))).toBe("hello");
    await expect((await transport.send(request)).bytes(4)).rejects.toMatchObject({ code: "corrupt" });
  });

  it("discards a small body by reading it, a large one by cancelling, and an empty one by nothing", async () => {
    const seen: string[] = [];
    const answering = (length: string) => async (): Promise<Response> => {
      let sent = false;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent) return (seen.push("read"), controller.close());
          sent = true;
          controller.enqueue(new Uint8Array(10));
        },
        cancel: () => void seen.push("cancelled"),
      });
      return new Response(body, { headers: { "content-length": length } });
    };
    await (await fromFetch(answering("10"), timeouts).send(request)).discard();
    await (await fromFetch(answering("1000000"), timeouts).send(request)).discard();
    await (await fromFetch(answering("0"), timeouts).send(request)).discard();
    expect(seen).toEqual(["read", "cancelled"]);
  });

  it("discards twice as once: a second look at a large answer would end the process", async () => {
    const cancelled: unknown[] = [];
    const body = new ReadableStream({ cancel: (reason) => void cancelled.push(reason) }, { highWaterMark: 0 });
    const headers = { "content-length": "70000" };
    const response = await fromFetch(async () => new Response(body, { headers }), timeouts).send(request);
    await response.discard();
    await response.discard();
    expect(cancelled).toEqual([undefined]);
  });

  it("takes a fetch that throws for a connection that failed, and leaves no timer", async () => {
    vi.useFakeTimers();
    const thrown = (): never => {
      throw new TypeError("offline");
    };
    await expect(fromFetch(thrown, { ...timeouts, headers: 1000 }).send(request)).rejects.toMatchObject({
      code: "unavailable",
    });
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("leaves no listener on a long-lived signal", async () => {
    const { signal, live } = listened();
    const transport = fromFetch(async () => new Response("hello"), timeouts);
    await (await transport.send({ ...request, signal })).bytes(10);
    await (await transport.send({ ...request, signal })).discard();
    await (await transport.send({ ...request, signal })).pieces().cancel(undefined);
    const empty = fromFetch(async () => new Response(null, { headers: { "content-length": "0" } }), timeouts);
    await (await empty.send({ ...request, signal })).discard();
    await fromFetch(async () => Promise.reject(new Error("x")), timeouts)
      .send({ ...request, signal })
      .catch(() => {});
    expect(live.size).toBe(0);
  });
});
