import { describe, expect, it } from "vitest";
import { restOf, spanOf, versionOf } from "../../../drivers/s3/rest.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";
import type { Clock } from "../../../src/clock.ts";
import { testClock } from "../../support/clock.ts";
import { listened } from "../../support/listened.ts";
import { pattern, ranged, type Fault, type Held } from "../../support/ranged.ts";
import { clocked, stubClient, TRANSPORTS } from "../../support/stubbed.ts";
import { answer, failure, wire } from "../../support/wire.ts";

const SIZE = 100_000;
const CUT = 40_000;
const held = (): Held => ({ bytes: pattern(SIZE), etag: '"v1"' });
/** The first answer is cut, the others are what a test makes of them. */
const thenAlways =
  (fault: Fault) =>
  (number: number): Fault =>
    number === 1 ? { after: CUT } : fault;

describe.each(TRANSPORTS)("Rest over %s", (_, transport) => {
  async function download(
    store: Held,
    fault: Parameters<typeof ranged>[1],
  ): Promise<[Promise<Uint8Array>, () => number]> {
    const server = await wire(ranged(store, fault));
    const object = await clocked(server, testClock(), transport).download("k");
    return [object.bytes(), () => server.requests.length];
  }

  it("rejects conflict, at once, when the object was replaced", async () => {
    const store = held();
    const [read, requests] = await download(store, (number) => {
      if (number > 1) store.etag = '"v2"';
      return number === 1 ? { after: CUT } : undefined;
    });
    await expect(read).rejects.toMatchObject({
      code: "conflict",
      retryable: true,
      operation: "download",
      message: expect.stringContaining("the object was replaced while it was read"),
    });
    expect(requests()).toBe(2);
  });

  const part = (headers: Record<string, string>, from: number, to = SIZE): Fault["instead"] => {
    return () => answer(206, { etag: '"v1"', ...headers }, pattern(SIZE).subarray(from, to));
  };
  const whole = (headers: Record<string, string>): Fault["instead"] => {
    return () => answer(200, headers, pattern(SIZE));
  };
  const range = `bytes ${CUT}-99999/100000`;
  /** By which an answer without ETag is a store's. */
  const SIGN = { "x-amz-request-id": "1" };
  it.each<[string, string, Fault["instead"]]>([
    ["conflict", "another ETag", part({ etag: '"v2"', "content-range": range }, CUT)],
    ["conflict", "another total", part({ "content-range": `bytes ${CUT}-99999/100001` }, CUT)],
    ["conflict", "200 with another ETag", whole({ etag: '"v2"' })],
    ["conflict", "200 with another length", () => answer(200, { etag: '"v1"' }, pattern(SIZE + 1))],
    ["conflict", "a range that is not there any more", () => failure(416, "InvalidRange")],
    ["not-found", "that it is gone", () => failure(404, "NoSuchKey")],
    ["corrupt", "a range that begins later", part({ "content-range": `bytes ${CUT + 1}-99999/100000` }, CUT + 1)],
    ["corrupt", "a range that ended before", part({ "content-range": `bytes 0-${CUT - 1}/100000` }, 0, CUT)],
    ["corrupt", "no Content-Range", part({}, CUT)],
    ["corrupt", "no total", part({ "content-range": `bytes ${CUT}-99999/*` }, CUT)],
    ["corrupt", "no ETag", () => answer(206, { ...SIGN, "content-range": range }, pattern(SIZE).subarray(CUT))],
    ["corrupt", "200 without ETag", whole(SIGN)],
    ["corrupt", "an encoding that was not there", part({ "content-range": range, "content-encoding": "gzip" }, CUT)],
  ])("rejects %s, at once, when the store answers %s", async (code, _what, instead) => {
    const [read, requests] = await download(held(), thenAlways({ instead }));
    await expect(read).rejects.toMatchObject({ code, operation: "download", driver: "s3", key: "k" });
    expect(requests()).toBe(2);
  });

  it("asks again when what answers is no store, as the login page of a network", async () => {
    const [read, requests] = await download(held(), thenAlways({ instead: whole({}) }));
    await expect(read).rejects.toMatchObject({ code: "corrupt", retryable: true });
    expect(requests()).toBe(4);
  });

  it("skips to where it was in a whole answer of the same version, and in a range that begins earlier", async () => {
    const [read] = await download(held(), thenAlways({ instead: whole({ etag: '"v1"' }) }));
    expect(Buffer.compare(await read, pattern(SIZE))).toBe(0);
    const earlier = part({ "content-range": "bytes 10-99999/100000" }, 10);
    const [other] = await download(held(), thenAlways({ instead: earlier }));
    expect(Buffer.compare(await other, pattern(SIZE))).toBe(0);
    // Over more than one piece.
    const large = pattern(2_000_000);
    const [late] = await download({ bytes: large, etag: '"v1"' }, (number) =>
      number === 1 ? { after: 1_900_000 } : { instead: () => answer(200, { etag: '"v1"' }, large) },
    );
    expect(Buffer.compare(await late, large)).toBe(0);
  });

  it("does not count what is skipped as progress", async () => {
    const cutWhole: Fault["instead"] = () => {
      const { bytes } = answer(200, { etag: '"v1"' }, pattern(SIZE));
      return { bytes: bytes.slice(0, 30_000), then: "fin" };
    };
    const [read, requests] = await download(held(), thenAlways({ instead: cutWhole }));
    await expect(read).rejects.toMatchObject({ retryable: true });
    expect(requests()).toBe(4);
  });

  it("takes a range that ends early, and asks for what is missing", async () => {
    const short = answer(
      206,
      { etag: '"v1"', "content-range": `bytes ${CUT}-49999/100000` },
      pattern(SIZE).subarray(CUT, 50_000),
    );
    const [read, requests] = await download(held(), (number) =>
      number === 1 ? { after: CUT } : number === 2 ? { instead: () => short } : undefined,
    );
    expect(Buffer.compare(await read, pattern(SIZE))).toBe(0);
    expect(requests()).toBe(3);
  });

  it.each([null, 'W/"v1"'])("does not go on with ETag %s", async (etag) => {
    const [read, requests] = await download({ ...held(), etag }, () => ({ after: CUT }));
    await expect(read).rejects.toMatchObject({ name: "StorageError", operation: "download" });
    expect(requests()).toBe(1);
  });

  it("goes on with what is stored compressed only where it is not decoded", async () => {
    const compressed: Fault["instead"] = (_request, regular) => {
      const text = Buffer.from(regular.bytes as Uint8Array).toString("latin1");
      return { bytes: Buffer.from(text.replace("etag:", "content-encoding: gzip\r\netag:"), "latin1") };
    };
    const server = await wire(
      ranged(held(), (number) => ({
        instead: (request, regular) => {
          const { bytes } = compressed(request, regular);
          return number === 1 ? { bytes: bytes.slice(0, 50_000), then: "fin" } : { bytes };
        },
      })),
    );
    const object = await clocked(server, testClock(), transport).download("k");
    if (transport.fetch) await expect(object.bytes()).rejects.toMatchObject({ name: "StorageError" });
    else expect(Buffer.compare(await object.bytes(), pattern(SIZE))).toBe(0);
    expect(server.requests).toHaveLength(transport.fetch ? 1 : 2);
  });

  it("asks for a first version by ifNoneMatch, and for the rest without it", async () => {
    const server = await wire(ranged(held(), (number) => (number === 1 ? { after: CUT } : undefined)));
    const object = await clocked(server, testClock(), transport).download("k", {
      ifNoneMatch: '"v0"',
      ifMatch: '"v1"',
    });
    await object.bytes();
    expect(server.requests.map(({ headers }) => [headers["if-match"], headers["if-none-match"]])).toEqual([
      ['"v1"', '"v0"'],
      ['"v1"', undefined],
    ]);
  });

  /** A clock whose waits last until they are ended. */
  const waiting = (): Clock & { readonly begun: Promise<void>; ended: number } => {
    let begin = (): void => {};
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const clock = {
      ...testClock(),
      begun,
      ended: 0,
      sleep: (_: number, signal?: AbortSignal) =>
        new Promise<void>((_resolve, reject) => {
          signal?.addEventListener("abort", () => (clock.ended++, reject(signal.reason)), { once: true });
          begin();
        }),
    };
    return clock;
  };

  it("hears an abort while it waits to go on, with the signal's own reason", async () => {
    const clock = waiting();
    const server = await wire(ranged(held(), () => ({ after: CUT })));
    const control = new AbortController();
    const object = await clocked(server, clock, transport).download("k", { signal: control.signal });
    const read = object.bytes();
    await clock.begun;
    const reason = new Error("left");
    control.abort(reason);
    await expect(read).rejects.toBe(reason);
    expect([clock.ended, server.requests.length]).toEqual([1, 1]);
  });

  it("ends its wait when the body is cancelled", async () => {
    const clock = waiting();
    const server = await wire(ranged(held(), () => ({ after: CUT })));
    const { body } = await clocked(server, clock, transport).download("k");
    const reader = body.getReader();
    const read = (async () => {
      while (!(await reader.read()).done);
    })();
    await clock.begun;
    await reader.cancel("enough");
    await read;
    expect([clock.ended, server.requests.length]).toEqual([1, 1]);
    await expect.poll(() => server.open()).toBe(0);
  });

  it("hears an abort while it asks, and while it reads the rest", async () => {
    for (const bytes of [
      "",
      `HTTP/1.1 206 Part\r\netag: "v1"\r\ncontent-range: ${range}\r\ncontent-length: 60000\r\n\r\nx`,
    ]) {
      let asked = (): void => {};
      const second = new Promise<void>((resolve) => (asked = resolve));
      const server = await wire(
        ranged(held(), (number) => (number === 1 ? { after: CUT } : (asked(), { instead: () => ({ bytes }) }))),
      );
      const control = new AbortController();
      const object = await clocked(server, testClock(), transport).download("k", { signal: control.signal });
      const read = object.bytes();
      await second;
      const reason = new Error("left");
      control.abort(reason);
      await expect(read).rejects.toBe(reason);
      await expect.poll(() => server.open()).toBe(0);
    }
  });

  it("leaves no listener on a long-lived signal", async () => {
    const { signal, live } = listened();
    const server = await wire(ranged(held(), (number) => (number % 2 ? { after: CUT } : undefined)));
    const driver = clocked(server, testClock(), transport);
    await (await driver.download("k", { signal })).bytes();
    const reader = (await driver.download("k", { signal })).body.getReader();
    for (let read = 0; read <= CUT;) read += (await reader.read()).value?.byteLength ?? 0;
    await reader.cancel();
    await expect.poll(() => live.size).toBe(0);
  });
});

describe("Rest", () => {
  it("stop ends what is asked for", async () => {
    const server = await wire({ bytes: "" });
    const rest = restOf(stubClient(server), { method: "GET", key: "k" }, { etag: '"e"', size: 3, encoding: null });
    const opened = rest.open({ start: 0, end: 2 });
    await expect.poll(() => server.requests.length).toBe(1);
    rest.stop("enough");
    await expect(opened).rejects.toBe("enough");
  });
});

describe("versionOf", () => {
  const of = (etag: string | null): unknown =>
    versionOf({ header: (name: string) => (name === "etag" ? etag : null) } as WireResponse, 3);
  it("takes a strong ETag, quoted or not, and no other", () => {
    expect([of('"e"'), of("e")]).toEqual(Array(2).fill({ etag: '"e"', size: 3, encoding: null }));
    expect([of(null), of(""), of('""'), of('W/"e"')]).toEqual([null, null, null, null]);
  });
});

describe("spanOf", () => {
  const of = (headers: Readonly<Record<string, string>>): unknown =>
    spanOf({ header: (name: string) => headers[name] ?? null } as WireResponse);
  const range = { "content-range": "bytes 10-19/100" };
  const span = { start: 10, end: 19, size: 100 };

  it("gives what the answer says it holds", () => {
    expect([of({ ...range, "content-length": "10" }), of(range)]).toEqual([span, span]);
    // Stored so: then its length is that of the range.
    expect(of({ ...range, "content-length": "10", "content-encoding": "gzip" })).toEqual(span);
  });

  it("gives nothing of an answer that is of another length, or encoded without one", () => {
    expect([of({}), of({ "content-length": "10" }), of({ ...range, "content-length": "9" })]).toEqual([
      null,
      null,
      null,
    ]);
    expect(of({ ...range, "content-encoding": "gzip" })).toBeNull();
  });
});
