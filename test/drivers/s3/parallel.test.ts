import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { inParallel } from "../../../drivers/s3/parallel.ts";
import type { Pieces } from "../../../drivers/s3/transport.ts";
import type { Span } from "../../../src/range.ts";
import { testClock } from "../../support/clock.ts";
import { pattern, ranged, type Held } from "../../support/ranged.ts";
import { collectGarbage } from "../../support/garbage.ts";
import { clocked, TRANSPORTS } from "../../support/stubbed.ts";
import { answer, wire, type Wire } from "../../support/wire.ts";

const PART = 5 * 1024 * 1024;
const SIZE = 3 * PART + 10;
const held: Held = { bytes: pattern(SIZE), etag: '"v1"' };
const ranges = (server: Wire): (string | undefined)[] =>
  server.requests.map(({ headers }) => headers["range"]).toSorted();
const same = (read: Uint8Array, wanted: Uint8Array): void => expect(Buffer.compare(read, wanted)).toBe(0);
const span = (start: number, end: number): string => `bytes=${start}-${end}`;

describe.each(TRANSPORTS)("download in parallel over %s", (_, transport) => {
  const options = { ...transport, partSize: PART };

  it("reads a large object by parts of one version, in order", async () => {
    const server = await wire(ranged(held));
    const object = await clocked(server, testClock(), options).download("k", { parallel: 3 });
    expect(object).toMatchObject({ size: SIZE, contentLength: SIZE });
    expect(object.range).toBeUndefined();
    // Nothing is fetched ahead for who only looks.
    expect(server.requests).toHaveLength(1);
    same(await object.bytes(), held.bytes);
    const parts = [span(0, PART - 1), span(PART, 2 * PART - 1), span(2 * PART, 3 * PART - 1), span(3 * PART, SIZE - 1)];
    expect(ranges(server)).toEqual(parts.toSorted());
    expect(server.requests.slice(1).every(({ headers }) => headers["if-match"] === '"v1"')).toBe(true);
    expect(server.connections()).toBeLessThanOrEqual(4);
  });

  it.each([
    ["from the middle", { start: 100, end: 2 * PART }, { start: 100, end: 2 * PART }, 2],
    ["to the end", { start: PART }, { start: PART, end: SIZE - 1 }, 3],
    ["within one part", { start: 7, end: 9 }, { start: 7, end: 9 }, 1],
    ["beyond the end", { start: SIZE - 3, end: SIZE + 3 }, { start: SIZE - 3, end: SIZE - 1 }, 1],
    ["suffix", { suffix: PART + 5 }, { start: SIZE - PART - 5, end: SIZE - 1 }, 2],
    ["short suffix", { suffix: 5 }, { start: SIZE - 5, end: SIZE - 1 }, 1],
  ])("stays within a range: %s", async (_name, range, wanted, requests) => {
    const server = await wire(ranged(held));
    const object = await clocked(server, testClock(), options).download("k", { parallel: 4, range });
    expect(object).toMatchObject({ size: SIZE, range: wanted, contentLength: wanted.end - wanted.start + 1 });
    same(await object.bytes(), held.bytes.subarray(wanted.start, wanted.end + 1));
    expect(server.requests).toHaveLength(requests);
  });

  it("leaves the signal of a body that is forgotten alone", async () => {
    const server = await wire(ranged(held));
    const { signal } = new AbortController();
    const store = clocked(server, testClock(), options);
    const forget = async (): Promise<void> => {
      await (await store.download("k", { parallel: 2, signal })).body.getReader().read();
    };
    await forget();
    expect(getEventListeners(signal, "abort")).not.toEqual([]);
    await expect.poll(() => collectGarbage().then(() => getEventListeners(signal, "abort"))).toEqual([]);
  });

  it("heals every part", async () => {
    const cut = new Set<string | undefined>();
    const server = await wire(
      ranged(held, (_number, { headers: { range } }) => {
        const first = !cut.has(range) && /0-|[27]-/.test(range ?? "");
        cut.add(range);
        return first ? { after: 1_000_003 } : undefined;
      }),
    );
    same(await (await clocked(server, testClock(), options).download("k", { parallel: 4 })).bytes(), held.bytes);
    expect(server.requests.length).toBeGreaterThan(4);
  });

  it("gives the bytes before a part that fails, then its error, and ends the others", async () => {
    const store = { ...held };
    const server = await wire(
      ranged(store, (number) => {
        if (number > 1) store.etag = '"v2"';
        return undefined;
      }),
    );
    const reader = (await clocked(server, testClock(), options).download("k", { parallel: 2 })).body.getReader();
    let length = 0;
    const read = (async () => {
      for (let step = await reader.read(); !step.done; step = await reader.read()) length += step.value.byteLength;
    })();
    await expect(read).rejects.toMatchObject({ code: "conflict", operation: "download", key: "k" });
    expect(length).toBe(PART);
    expect(server.requests).toHaveLength(2);
  });

  it("holds no more than so many parts for a reader who waits", async () => {
    const server = await wire(ranged({ bytes: pattern(8 * PART), etag: '"v1"' }));
    const reader = (await clocked(server, testClock(), options).download("k", { parallel: 3 })).body.getReader();
    await reader.read();
    await expect.poll(() => server.requests.length).toBe(3);
    await expect.poll(() => server.sent()).toBeGreaterThan(3 * PART);
    expect(server.requests).toHaveLength(3);
    await reader.cancel();
  });

  it("lets go of all connections on cancel and on abort", async () => {
    for (const aborted of [false, true]) {
      const endless = { bytes: pattern(4 * PART), etag: '"v1"' };
      const server = await wire(ranged(endless, () => ({ after: 1000, then: "hang" })));
      const control = new AbortController();
      const given = { parallel: 4, signal: control.signal };
      const { body } = await clocked(server, testClock(), options).download("k", given);
      const reader = body.getReader();
      await reader.read();
      await expect.poll(() => server.requests.length).toBe(4);
      const pending = reader.read();
      const reason = new Error("left");
      if (aborted) {
        control.abort(reason);
        await expect(pending).rejects.toBe(reason);
      } else {
        await reader.cancel();
        expect((await pending).done).toBe(true);
      }
      await expect.poll(() => server.open()).toBe(0);
    }
  });

  it("lets go of the answer that is there when it is cancelled before the first step", async () => {
    const server = await wire(
      ranged({ bytes: pattern(4 * PART), etag: '"v1"' }, () => ({ after: 1000, then: "hang" })),
    );
    const { body } = await clocked(server, testClock(), options).download("k", { parallel: 4 });
    await body.cancel();
    await expect.poll(() => server.open()).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  it("asks again in one where there can be no parts: empty, without ETag", async () => {
    const empty = await wire(ranged({ bytes: new Uint8Array(), etag: '"v1"' }));
    const none = await clocked(empty, testClock(), options).download("k", { parallel: 2 });
    expect([none.size, (await none.bytes()).length]).toEqual([0, 0]);
    expect(ranges(empty).toSorted()).toEqual([span(0, PART - 1), undefined]);

    const nameless = await wire(ranged({ ...held, etag: null }));
    same(await (await clocked(nameless, testClock(), options).download("k", { parallel: 2 })).bytes(), held.bytes);
    expect(ranges(nameless)).toEqual([span(0, PART - 1), undefined]);
  });

  it.each([
    ["no ETag", null],
    ["a weak one", 'W/"v1"'],
  ])("takes a range of several parts from the one answer that has it, with %s", async (_name, etag) => {
    const server = await wire(ranged({ ...held, etag }));
    const range = { suffix: PART + 5 };
    const object = await clocked(server, testClock(), options).download("k", { parallel: 2, range });
    same(await object.bytes(), held.bytes.subarray(-range.suffix));
    expect(server.requests).toHaveLength(1);
  });

  it("takes the whole answer of a store that has no ranges", async () => {
    const server = await wire(answer(200, { etag: '"v1"' }, held.bytes));
    const object = await clocked(server, testClock(), options).download("k", { parallel: 4 });
    same(await object.bytes(), held.bytes);
    expect([server.requests.length, object.range]).toEqual([1, undefined]);
  });

  it("rejects corrupt when the first part is not what was asked for", async () => {
    const server = await wire(answer(206, { etag: '"v1"', "content-range": "bytes 1-2/9" }, "bc"));
    const refused = clocked(server, testClock(), options).download("k", { parallel: 2 });
    await expect(refused).rejects.toMatchObject({ code: "corrupt" });
  });

  it("rejects corrupt when the first part does not say which it is, instead of taking it for the whole", async () => {
    const server = await wire(answer(206, { etag: '"v1"' }, "bc"));
    const refused = clocked(server, testClock(), options).download("k", { parallel: 2 });
    await expect(refused).rejects.toMatchObject({ code: "corrupt" });
  });
});

describe("inParallel", () => {
  const parts =
    (asked: Span[], pieces: (span: Span) => Uint8Array[]) =>
    (span: Span): Pieces => {
      asked.push(span);
      const all = pieces(span);
      return { next: async () => all.shift() ?? null, cancel: () => {} };
    };

  it("asks for nothing before the first step, and for no more than its bound at a time", async () => {
    const asked: Span[] = [];
    const reader = inParallel(
      { start: 5, end: 25 },
      5,
      2,
      parts(asked, ({ start }) => [Uint8Array.of(start)]),
    );
    expect(asked).toEqual([]);
    expect(await reader.next()).toEqual(Uint8Array.of(5));
    expect(asked).toEqual([
      { start: 5, end: 9 },
      { start: 10, end: 14 },
    ]);
    for (const start of [10, 15, 20, 25]) expect(await reader.next()).toEqual(Uint8Array.of(start));
    expect(await reader.next()).toBeNull();
    expect(asked).toHaveLength(5);
    expect(asked.at(-1)).toEqual({ start: 25, end: 25 });
  });

  it("asks for no further part once one has failed, and gives what came before it", async () => {
    const asked: number[] = [];
    const reader = inParallel({ start: 0, end: 9 }, 1, 3, ({ start }) => {
      asked.push(start);
      let given = false;
      const next = async (): Promise<Uint8Array | null> => {
        if (start === 2) throw new Error("part 2");
        if (given) return null;
        given = true;
        return Uint8Array.of(start);
      };
      return { next, cancel: () => {} };
    });
    expect([...((await reader.next()) ?? [])]).toEqual([0]);
    expect([...((await reader.next()) ?? [])]).toEqual([1]);
    await expect(reader.next()).rejects.toThrow("part 2");
    expect(asked).toEqual([0, 1, 2]);
  });

  it("gives what came of a part before it failed", async () => {
    const reader = inParallel({ start: 0, end: 9 }, 5, 2, ({ start }) => {
      let given = false;
      const next = async (): Promise<Uint8Array | null> => {
        if (given && start === 5) throw new Error("cut");
        if (given) return null;
        given = true;
        return Uint8Array.of(start);
      };
      return { next, cancel: () => {} };
    });
    expect([...((await reader.next()) ?? [])]).toEqual([0]);
    // Both are there before they are asked for.
    await new Promise((resolve) => setImmediate(resolve));
    expect([...((await reader.next()) ?? [])]).toEqual([5]);
    await expect(reader.next()).rejects.toThrow("cut");
  });

  it("cancels every part that is under way, with the reason", async () => {
    const cancelled: unknown[] = [];
    const reader = inParallel({ start: 0, end: 9 }, 1, 3, ({ start }) => {
      const first = [Uint8Array.of(start)];
      const next = async (): Promise<Uint8Array> => first.pop() ?? new Promise<never>(() => {});
      return { next, cancel: (reason) => void cancelled.push([start, reason]) };
    });
    await reader.next();
    reader.cancel("left");
    expect(cancelled).toEqual([0, 1, 2].map((start) => [start, "left"]));
  });

  it("does not hold a large buffer for a short piece", async () => {
    const large = new Uint8Array(1000).subarray(10, 20);
    const reader = inParallel(
      { start: 0, end: 9 },
      10,
      1,
      parts([], () => [large]),
    );
    expect((await reader.next())?.buffer.byteLength).toBe(10);
  });
});
