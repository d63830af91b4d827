import { describe, expect, it } from "vitest";
import type { Driver } from "../../../src/driver.ts";
import { testClock } from "../../support/clock.ts";
import { clocked, TRANSPORTS } from "../../support/stubbed.ts";
import { type Answer, answer, failure, happy, type Received, type Script, wire } from "../../support/wire.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.parse("2026-03-04T05:06:07Z");
type Dated = Readonly<Record<"date", string>>;
const AHEAD: Dated = { date: new Date(NOW + HOUR).toUTCString() };

function signedAt({ headers }: Received): number {
  const stamp = headers["x-amz-date"] ?? "";
  return Date.parse(stamp.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** A store that refuses what was signed more than a quarter of an hour from its own time. */
function store(time: () => number): Script {
  return (request) => {
    if (Math.abs(signedAt(request) - time()) <= 15 * MINUTE) return happy(request);
    const headers = { date: new Date(time()).toUTCString() };
    return request.method === "HEAD" ? answer(403, headers) : failure(403, "RequestTimeTooSkewed", "", headers);
  };
}

describe.each(TRANSPORTS)("a clock that is wrong, over %s", (_, transport) => {
  it.each([HOUR, -HOUR, 40 * 365 * 24 * HOUR])(
    "by %i ms is put right by one refusal, for all later requests",
    async (off) => {
      const server = await wire(store(() => NOW + off));
      const clock = testClock(NOW);
      const driver = clocked(server, clock, { ...transport, retry: { attempts: 1 } });
      await driver.upload("k", "abc");
      await driver.upload("k", "abc");
      expect(server.requests.map(({ body }) => body.toString())).toEqual(["abc", "abc", "abc"]);
      expect(clock.slept).toEqual([]);
    },
  );

  it("is learnt from a HEAD too, whose refusal has no code", async () => {
    const server = await wire(store(() => NOW - HOUR));
    expect(await clocked(server, testClock(NOW), transport).exists("k")).toBe(true);
    expect(server.requests).toHaveLength(2);
  });

  it("costs each of ten requests at once one repetition", async () => {
    const server = await wire(store(() => NOW + HOUR));
    const driver = clocked(server, testClock(NOW), { ...transport, retry: { attempts: 1 } });
    await Promise.all(Array.from({ length: 10 }, (_item, index) => driver.upload(`k${index}`, "x")));
    expect(server.requests).toHaveLength(20);
  });

  it("is put right again when it was corrected itself", async () => {
    let off = HOUR;
    const server = await wire(store(() => NOW + off));
    const driver = clocked(server, testClock(NOW), transport);
    await driver.upload("k", "x");
    off = 0;
    await driver.upload("k", "x");
    expect(server.requests).toHaveLength(4);
  });
});

it.each([
  ["garbage", "yesterday at noon"],
  ["a number", "1772600767"],
  ["nothing", ""],
  ["an impossible date", "Wed, 99 Mar 2026 99:06:07 GMT"],
  ["the same time", new Date(NOW).toUTCString()],
  ["a year for which nothing can be signed", "Fri, 01 Jan 2100 00:00:00 GMT"],
])("a refusal for the time whose Date is %s is passed on at once", async (_, date) => {
  const server = await wire(failure(403, "RequestTimeTooSkewed", "", { date }));
  await expect(clocked(server, testClock(NOW)).upload("k", "x")).rejects.toMatchObject({
    code: "unauthenticated",
    response: { code: "RequestTimeTooSkewed" },
  });
  expect(server.requests).toHaveLength(1);
});

it("a store that refuses every time is asked twice, however its Date wanders", async () => {
  let date = NOW;
  const server = await wire(() => {
    date += HOUR;
    return failure(403, "RequestTimeTooSkewed", "", { date: new Date(date).toUTCString() });
  });
  await expect(clocked(server, testClock(NOW)).upload("k", "x")).rejects.toMatchObject({ code: "unauthenticated" });
  expect(server.requests).toHaveLength(2);
});

it("a HEAD that is denied by a store whose time differs by less than five minutes is denied", async () => {
  const server = await wire(answer(403, { date: new Date(NOW + 4 * MINUTE).toUTCString() }));
  await expect(clocked(server, testClock(NOW)).exists("k")).rejects.toMatchObject({ code: "denied" });
  expect(server.requests).toHaveLength(1);
});

it.each<[string, number, (date: Dated) => Answer, (driver: Driver) => Promise<unknown>]>([
  ["six minutes by a refused HEAD", 6, (date) => answer(403, date), (driver) => driver.head("k")],
  [
    "two minutes by a strict store",
    2,
    (date) => failure(403, "RequestTimeTooSkewed", "", date),
    (driver) => driver.upload("k", "x"),
  ],
])("a clock that is wrong by %s is put right", async (_, minutes, refusal, run) => {
  const there = NOW + minutes * MINUTE;
  const server = await wire(refusal({ date: new Date(there).toUTCString() }), happy);
  await run(clocked(server, testClock(NOW)));
  expect(server.requests.map(signedAt)).toEqual([NOW, there]);
});

it.each([answer(503, AHEAD), failure(404, "NoSuchBucket", "", AHEAD)])(
  "a refusal for another reason teaches no time, whatever its Date",
  async (refusal) => {
    const server = await wire(refusal);
    const driver = clocked(server, testClock(NOW), { retry: { attempts: 1 } });
    await expect(driver.upload("k", "x")).rejects.toMatchObject({ driver: "s3" });
    expect(server.requests).toHaveLength(1);
  },
);

it.each([
  ["a HEAD", answer(403, { date: new Date(NOW - HOUR).toUTCString() })],
  [
    "a time that is refused again",
    failure(403, "RequestTimeTooSkewed", "", { date: new Date(NOW - HOUR).toUTCString() }),
  ],
])("a wrong Date is not kept that %s was told", async (_, refusal) => {
  const server = await wire(refusal);
  const driver = clocked(server, testClock(NOW));
  await expect(driver.exists("k")).rejects.toThrow();
  expect(server.requests.map(signedAt)).toEqual([NOW, NOW - HOUR]);
  const { url = "" } = (await driver.presign("k")) ?? {};
  expect(new URL(url).searchParams.get("X-Amz-Date")).toBe("20260304T050607Z");
});

it("a Date is kept with which the store went on to another refusal", async () => {
  const date = { date: new Date(NOW - HOUR).toUTCString() };
  const denied = failure(403, "AccessDenied", "", date);
  const server = await wire(failure(403, "RequestTimeTooSkewed", "", date), denied);
  const driver = clocked(server, testClock(NOW));
  await expect(driver.download("k")).rejects.toMatchObject({ code: "denied" });
  await expect(driver.download("k")).rejects.toMatchObject({ code: "denied" });
  expect(server.requests.map(signedAt)).toEqual([NOW, NOW - HOUR, NOW - HOUR]);
});

it("a retry is signed for the time at which it is sent", async () => {
  const server = await wire(failure(503, "SlowDown", "", { "retry-after": "20" }), happy);
  await clocked(server, testClock(NOW)).upload("k", "x");
  expect(server.requests.map(signedAt)).toEqual([NOW, NOW + 20_000]);
});

it("a presigned URL is signed for the store's time", async () => {
  const server = await wire(store(() => NOW + HOUR));
  const driver = clocked(server, testClock(NOW));
  await driver.exists("k");
  const { url = "", expiresAt } = (await driver.presign("k", { expiresIn: 60 })) ?? {};
  expect(new URL(url).searchParams.get("X-Amz-Date")).toBe("20260304T060607Z");
  expect(expiresAt?.getTime()).toBe(NOW + HOUR + MINUTE);
});

it("a clock that is put right in the middle of a write does not make a newer object look older than the write", async () => {
  const there = NOW - HOUR;
  const date = { date: new Date(there).toUTCString() };
  const server = await wire(
    failure(403, "RequestTimeTooSkewed", "", date),
    { bytes: "", then: "rst" },
    failure(412, "PreconditionFailed", "", date),
    answer(200, { ...date, "content-length": "3", etag: '"other"', "last-modified": date.date }),
  );
  const upload = clocked(server, testClock(NOW)).upload("k", "x", { ifNoneMatch: "*" });
  await expect(upload).rejects.toMatchObject({ code: "ambiguous" });
});
