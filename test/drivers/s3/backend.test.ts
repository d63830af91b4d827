import { describe, expect, it } from "vitest";
import { testClock } from "../../support/clock.ts";
import { clocked } from "../../support/stubbed.ts";
import { answer, failure, happy, wire } from "../../support/wire.ts";

describe("s3Backend", () => {
  it("signs, presigns and waits by the clock that it is given", async () => {
    const clock = testClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
    const server = await wire(failure(503, "SlowDown", "", { "retry-after": "7" }), happy);
    const store = clocked(server, clock);
    await store.upload("k", "x");
    expect(clock.slept).toEqual([7000]);
    expect(server.requests.map(({ headers }) => headers["x-amz-date"])).toEqual([
      "20260102T030405Z",
      "20260102T030412Z",
    ]);
    const presigned = await store.presign("k", { expiresIn: 60 });
    expect(presigned?.expiresAt).toEqual(new Date("2026-01-02T03:05:12.000Z"));
  });

  it("refuses a key that the base makes longer than a store takes", async () => {
    const server = await wire(answer(500));
    const store = clocked(server, testClock(), { base: "b" });
    await expect(store.upload("k".repeat(1023), "x")).rejects.toMatchObject({ code: "invalid-key" });
    expect(server.requests).toEqual([]);
  });
});
