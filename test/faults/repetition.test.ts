/** When a request is repeated, after which wait, and when no more: rows B1, B4, B14 to B16. */
import { describe, expect, test, vi } from "vitest";
import { testClock } from "../support/clock.ts";
import { clocked, stubbed, TRANSPORTS } from "../support/stubbed.ts";
import { answer, failure, happy, type Script, wire } from "../support/wire.ts";

const NOW = Date.parse("2026-03-04T05:06:07Z");

describe.each(TRANSPORTS)("over %s", (_, transport) => {
  test.each([
    ["nothing", {}, 50],
    ["seconds", { "retry-after": "7" }, 7000],
    [
      "a date, by the store's own clock",
      { "retry-after": "Wed, 04 Mar 2026 09:00:03 GMT", date: "Wed, 04 Mar 2026 09:00:00 GMT" },
      3000,
    ],
    ["a date, without a Date", { "retry-after": "Wed, 04 Mar 2026 05:06:12 GMT" }, 5000],
    ["a day", { "retry-after": "86400" }, 20_000],
    ["an age", { "retry-after": "9".repeat(40) }, 20_000],
    ["the past", { "retry-after": "Wed, 04 Mar 2020 05:06:12 GMT" }, 50],
    ["less than the back-off", { "retry-after": "0" }, 50],
    ["nonsense", { "retry-after": "-1" }, 50],
    ["milliseconds of AWS", { "x-amz-retry-after": "1250" }, 1250],
    ["a day in milliseconds", { "x-amz-retry-after": "86400000" }, 20_000],
  ])("a 503 that asks for %s is waited for accordingly, a HEAD's too (B1)", async (_name, headers, wait) => {
    for (const method of ["HEAD", "PUT"]) {
      const clock = testClock(NOW);
      const busy = answer(503, headers as Record<string, string>);
      const server = await wire(busy, happy);
      const driver = clocked(server, clock, transport);
      await (method === "HEAD" ? driver.head("k") : driver.upload("k", "x"));
      expect(clock.slept).toEqual([wait]);
    }
  });

  test("a date without a Date is held against the time that the store taught (B1)", async () => {
    const HOUR = 3_600_000;
    const at = (seconds: number): string => new Date(NOW + HOUR + seconds * 1000).toUTCString();
    const skewed = failure(403, "RequestTimeTooSkewed", "", { date: at(0) });
    const server = await wire(skewed, answer(503, { "retry-after": at(5) }), happy);
    const clock = testClock(NOW);
    await clocked(server, clock, transport).upload("k", "x");
    expect(clock.slept).toEqual([5000]);
  });

  test("a DELETE whose answer was lost is success, whatever the repetition is answered (B4)", async () => {
    for (const second of [answer(204), failure(404, "NoSuchKey")]) {
      const server = await wire({ bytes: "", then: "rst" }, second);
      await clocked(server, testClock(), transport).delete("k");
      expect(server.requests).toHaveLength(2);
    }
  });

  test("an outage costs a hundred calls at most a hundred repetitions in all (B16)", async () => {
    const server = await wire(failure(503, "SlowDown"));
    const driver = clocked(server, testClock(), transport);
    const calls = await Promise.allSettled(
      Array.from({ length: 100 }, (_item, index) => driver.upload(`k${index}`, "x")),
    );
    expect(calls.filter(({ status }) => status === "rejected")).toHaveLength(100);
    expect(server.requests.length).toBeLessThanOrEqual(200);
    // What comes after it fails at once, too, until something succeeds.
    const before = server.requests.length;
    await driver.upload("k", "x").catch(() => {});
    expect(server.requests.length).toBe(before + 1);
  });

  test("an outage that closes connections is met with fewer still (B16)", async () => {
    const server = await wire({ bytes: "", then: "rst" });
    const driver = clocked(server, testClock(), transport);
    await Promise.allSettled(Array.from({ length: 100 }, (_item, index) => driver.upload(`k${index}`, "x")));
    expect(server.requests.length).toBeLessThanOrEqual(100 + 100 + 35);
  });

  test("an abort in a back-off rejects in the same tick, and leaves no timer and no listener (B15)", async () => {
    const control = new AbortController();
    const reason = { left: true };
    const set = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const server = await wire(failure(503, "SlowDown", "", { "retry-after": "600" }));
    const outcome = stubbed(server, { ...transport, retry: { baseDelay: 60_000, maxDelay: 600_000 } })
      .head("k", { signal: control.signal })
      .catch((error: unknown) => error);
    const timer = await vi.waitUntil(() => {
      const at = set.mock.calls.findIndex(([, wait]) => wait === 600_000);
      return at >= 0 && set.mock.results[at]?.value;
    }, 20_000);
    let settled: unknown;
    void outcome.then((error) => (settled = error));
    control.abort(reason);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(reason);
    expect(cleared.mock.calls.map(([given]) => given)).toContain(timer);
    expect(server.requests).toHaveLength(1);
    vi.restoreAllMocks();
  });

  test("an abort between the parts of an upload is heard at once, and the upload is given up (B15)", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const server = await wire(((request) => {
      if (request.query.get("partNumber") !== "2") return happy(request);
      control.abort(reason);
      return { bytes: "" };
    }) as Script);
    const driver = clocked(server, testClock(), { ...transport, partSize: 5 * 2 ** 20, concurrency: 1 });
    const upload = driver.upload("k", new Uint8Array(11 * 2 ** 20), { signal: control.signal });
    await expect(upload).rejects.toBe(reason);
    await expect.poll(() => server.lines().at(-1)).toBe("DELETE /bucket/k?uploadId=u%2F1%2Bx");
  });
});
