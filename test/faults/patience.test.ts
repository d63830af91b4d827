/** B1, B15: how long is waited, by a clock that a test turns. */
import { describe, expect, test } from "vitest";
import { testClock } from "../support/clock.ts";
import { clocked, TRANSPORTS } from "../support/stubbed.ts";
import { answer, wire, type Wire } from "../support/wire.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");
const MOST = 60_000;

/** A server that refuses twice with this header, then answers. */
const busy = (headers: Readonly<Record<string, string>>): Promise<Wire> =>
  wire(answer(503, headers), answer(429, headers), answer(200, { etag: '"e"' }));

describe.each(TRANSPORTS)("B1: what a busy store asks for, over %s", (_, transport) => {
  test.each([
    ["seconds", "3", 3000],
    ["a date", "Fri, 02 Jan 2026 03:04:10 GMT", 4900],
    ["a day", "86400", 1],
    ["a date next year", "Sat, 02 Jan 2027 03:04:10 GMT", 1],
  ])("Retry-After as %s is waited for, and never for more than a minute", async (_, value, least) => {
    const clock = testClock(NOW);
    const server = await busy({ "retry-after": value });
    await clocked(server, clock, transport).upload("k", "x");
    expect(clock.slept).toHaveLength(2);
    expect(clock.slept[0]).toBeGreaterThanOrEqual(least);
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(MOST);
  });

  test.each(["", "soon", "-5", "1e9", "0x10", "Fri, 02 Jan 2015 03:04:10 GMT"])(
    "Retry-After: %s, which says nothing, leaves the wait as it is",
    async (value) => {
      const clock = testClock(NOW);
      const server = await busy({ "retry-after": value });
      await clocked(server, clock, transport).upload("k", "x");
      expect(clock.slept).toHaveLength(2);
      expect(Math.max(...clock.slept)).toBeLessThanOrEqual(1000);
    },
  );

  test("waits are a share of a bound that doubles, by chance", async () => {
    const waits = async (chance: number): Promise<readonly number[]> => {
      const clock = testClock(NOW, chance);
      const server = await wire(answer(503));
      await expect(clocked(server, clock, transport).exists("k")).rejects.toMatchObject({ code: "unavailable" });
      return clock.slept;
    };
    const [none, half, all] = [await waits(0), await waits(0.5), await waits(1)];
    expect(none.every((wait) => wait === 0)).toBe(true);
    expect(half).toEqual(all.map((wait) => wait / 2));
    expect(all.slice(1)).toEqual(all.slice(0, -1).map((wait) => wait * 2));
  });
});

describe.each(TRANSPORTS)("B15: an abort over %s", (_, transport) => {
  test("in a wait between two attempts is heard at once, with the signal's own reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const clock = testClock(NOW);
    const waiting = {
      ...clock,
      sleep: (milliseconds: number, signal?: AbortSignal) => {
        controller.abort(reason);
        return clock.sleep(milliseconds, signal);
      },
    };
    const server = await wire(answer(503));
    const store = clocked(server, waiting, transport);
    await expect(store.head("k", { signal: controller.signal })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  test("before the first attempt sends nothing", async () => {
    const server = await wire(answer(200));
    const signal = AbortSignal.abort("enough");
    await expect(clocked(server, testClock(), transport).head("k", { signal })).rejects.toBe("enough");
    expect(server.requests).toEqual([]);
  });
});
