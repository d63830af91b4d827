import { describe, expect, it } from "vitest";
import { healing } from "../../../drivers/s3/heal.ts";
import type { Pieces } from "../../../drivers/s3/transport.ts";
import { testClock } from "../../support/clock.ts";
import { pattern, ranged, type Fault, type Held } from "../../support/ranged.ts";
import { clocked, TRANSPORTS } from "../../support/stubbed.ts";
import { wire, type Wire } from "../../support/wire.ts";

const SIZE = 200_000;
const held = (): Held => ({ bytes: pattern(SIZE), etag: '"v1"' });
const ranges = (server: Wire): (string | undefined)[] => server.requests.map(({ headers }) => headers["range"]);
const same = (read: Uint8Array, wanted: Uint8Array): void => expect(Buffer.compare(read, wanted)).toBe(0);

describe.each(TRANSPORTS)("healing over %s", (_, transport) => {
  it.each(["fin", "rst"] as const)(
    "goes on after %s three times, with the rest alone and on condition",
    async (then) => {
      const store = held();
      const cuts = [70_000, 1, 100_000];
      const server = await wire(
        ranged(store, (number) => ({ ...(cuts[number - 1] && { after: cuts[number - 1], then }) })),
      );
      const clock = testClock();
      const object = await clocked(server, clock, transport).download("k");
      same(await object.bytes(), store.bytes);
      expect(ranges(server)).toEqual([undefined, "bytes=70000-199999", "bytes=70001-199999", "bytes=170001-199999"]);
      expect(server.requests.slice(1).map(({ headers }) => headers["if-match"])).toEqual(['"v1"', '"v1"', '"v1"']);
      // Every resumption waits, and the wait begins anew after progress.
      expect(clock.slept).toEqual([50, 50, 50]);
    },
  );

  it("goes on where nothing at all came, and where all but the last byte did", async () => {
    const store = held();
    const server = await wire(ranged(store, (number) => [{ after: 0 }, { after: SIZE - 1 }][number - 1]));
    same(await (await clocked(server, testClock(), transport).download("k")).bytes(), store.bytes);
    expect(ranges(server)).toEqual([undefined, "bytes=0-199999", "bytes=199999-199999"]);
  });

  it("goes on within a range, and gives that range", async () => {
    const store = held();
    const server = await wire(ranged(store, (number) => (number <= 2 ? { after: 300 } : undefined)));
    const driver = clocked(server, testClock(), transport);
    const object = await driver.download("k", { range: { start: 1000, end: 100_999 } });
    same(await object.bytes(), store.bytes.subarray(1000, 101_000));
    expect(object.range).toEqual({ start: 1000, end: 100_999 });
    expect(ranges(server)).toEqual(["bytes=1000-100999", "bytes=1300-100999", "bytes=1600-100999"]);
    const last = await driver.download("k", { range: { suffix: 10 } });
    same(await last.bytes(), store.bytes.subarray(-10));
  });

  it("comes to the end of a small object that is cut again and again, also where it was begun in one piece", async () => {
    const store = { bytes: pattern(1000), etag: '"v1"' };
    const server = await wire(ranged(store, (number) => (number <= 9 ? { after: 100 } : undefined)));
    same(await (await clocked(server, testClock(), transport).download("k")).bytes(), store.bytes);
  });

  it("goes on when the body stalls", async () => {
    const store = held();
    const server = await wire(ranged(store, (number) => (number === 1 ? { after: 5000, then: "hang" } : undefined)));
    const driver = clocked(server, testClock(), { ...transport, timeout: { body: 50 } });
    same(await (await driver.download("k")).bytes(), store.bytes);
    // More may follow: a machine that is busy may be taken for another stall.
    expect(ranges(server).slice(0, 2)).toEqual([undefined, "bytes=5000-199999"]);
  });

  it("asks through the client's retries when the store cannot answer meanwhile", async () => {
    const store = held();
    const busy: Fault = {
      instead: () => ({ bytes: "HTTP/1.1 503 Slow\r\ncontent-length: 0\r\nretry-after: 2\r\n\r\n" }),
    };
    const server = await wire(
      ranged(store, (number) => [{ after: 10 }, busy, { after: 0, then: "rst" as const }][number - 1]),
    );
    const clock = testClock();
    same(await (await clocked(server, clock, transport).download("k")).bytes(), store.bytes);
    expect(ranges(server)).toEqual([undefined, ...Array(3).fill("bytes=10-199999")]);
    expect(clock.slept).toEqual([50, 2000, 200]);
  });

  it("gives up after as many failures in a row as a request has attempts, and says where", async () => {
    const server = await wire(ranged(held(), (number) => ({ after: number === 1 ? 10 : 0 })));
    const object = await clocked(server, testClock(), transport).download("k");
    await expect(object.bytes()).rejects.toMatchObject({
      retryable: true,
      operation: "download",
      driver: "s3",
      key: "k",
      message: expect.stringContaining('s3 download "k": '),
    });
    expect(server.requests).toHaveLength(4);
  });

  it("does not go on where retries are switched off", async () => {
    const server = await wire(ranged(held(), () => ({ after: 10 })));
    const object = await clocked(server, testClock(), { ...transport, retry: { attempts: 1 } }).download("k");
    await expect(object.bytes()).rejects.toMatchObject({ name: "StorageError" });
    expect(server.requests).toHaveLength(1);
  });

  it("goes on as often as a bad line needs it, and pays from the budget where little comes", async () => {
    const large: Held = { bytes: pattern(70_000 * 150), etag: '"v1"' };
    const good = await wire(ranged(large, () => ({ after: 70_000 })));
    same(await (await clocked(good, testClock(), transport).download("k")).bytes(), large.bytes);
    expect(good.requests).toHaveLength(150);

    // A byte per answer is progress, but no end in sight, however much came at first.
    const poor = await wire(
      ranged(held(), (number) => (number > 200 ? undefined : { after: number === 1 ? 70_000 : 1 })),
    );
    await expect((await clocked(poor, testClock(), transport).download("k")).bytes()).rejects.toMatchObject({
      retryable: true,
    });
    expect(poor.requests.length).toBeGreaterThan(100);
    expect(poor.requests.length).toBeLessThan(140);
  });

  it("asks for nothing more once it is cancelled, also while it waits for bytes", async () => {
    const server = await wire(ranged(held(), () => ({ after: 10, then: "hang" })));
    const clock = testClock();
    const { body } = await clocked(server, clock, transport).download("k");
    const reader = body.getReader();
    await reader.read();
    const pending = reader.read();
    // The stream asks its source in a turn of its own.
    await new Promise((resolve) => setImmediate(resolve));
    await reader.cancel();
    expect((await pending).done).toBe(true);
    await expect.poll(() => server.open()).toBe(0);
    // Whoever goes on waits first.
    expect([clock.slept, server.requests.length]).toEqual([[], 1]);
  });

  it("gives an empty object by one request", async () => {
    const server = await wire(ranged({ bytes: new Uint8Array(), etag: '"v1"' }));
    expect(await (await clocked(server, testClock(), transport).download("k")).bytes()).toHaveLength(0);
    expect(server.requests).toHaveLength(1);
  });

  it("reuses the connection of a body that was read to its end", async () => {
    const server = await wire(ranged(held()));
    const driver = clocked(server, testClock(), transport);
    for (let index = 0; index < 4; index++) await (await driver.download("k")).bytes();
    // A second one may come when the first is not yet known to be free.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });
});

describe("healing", () => {
  const scripted = (...steps: (Uint8Array | Error | null)[]): Pieces & { readonly cancelled: unknown[] } => {
    const cancelled: unknown[] = [];
    return {
      cancelled,
      next: async () => {
        const step = steps.shift() ?? null;
        if (step instanceof Error) throw step;
        return step;
      },
      cancel: (reason) => void cancelled.push(reason),
    };
  };
  const all = async (pieces: Pieces): Promise<number[]> => {
    const read: number[] = [];
    for (let piece = await pieces.next(); piece; piece = await pieces.next()) read.push(...piece);
    return read;
  };

  it("errors at the end of a body that is a byte short, and with more than was announced", async () => {
    const short = healing({ start: 10, end: 13 }, { pieces: scripted(new Uint8Array(3)), end: 13 }, undefined);
    const said = (message: string): object => ({
      code: "corrupt",
      retryable: true,
      message: expect.stringMatching(message),
    });
    await expect(all(short)).rejects.toMatchObject(said("announced 4 bytes and sent 3"));
    const pieces = scripted(new Uint8Array(3), new Uint8Array(2));
    const long = healing({ start: 10, end: 13 }, { pieces, end: 13 }, undefined);
    await expect(all(long)).rejects.toMatchObject(said("announced 4 bytes and sent at least 5"));
  });

  it("takes of a longer answer what is wanted, and lets go of the rest", async () => {
    for (const steps of [[Uint8Array.of(1, 2, 3)], [Uint8Array.of(1, 2), Uint8Array.of(3)]]) {
      const source = scripted(...steps);
      expect(await all(healing({ start: 5, end: 6 }, { pieces: source, end: 9 }, undefined))).toEqual([1, 2]);
      expect(source.cancelled).toHaveLength(1);
    }
  });

  it("reads an answer of the wanted bytes to its end, which a connection is kept by", async () => {
    const source = scripted(Uint8Array.of(1, 2));
    expect(await all(healing({ start: 5, end: 6 }, { pieces: source, end: 6 }, undefined))).toEqual([1, 2]);
    expect(source.cancelled).toEqual([]);
  });

  it("does not mind how a connection ends when all bytes are there", async () => {
    const source = scripted(Uint8Array.of(1, 2), new Error("reset"));
    expect(await all(healing({ start: 0, end: 1 }, { pieces: source, end: 1 }, undefined))).toEqual([1, 2]);
  });
});
