import { describe, expect, it } from "vitest";
import type { Driver } from "../../../src/driver.ts";
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

  describe("on a store that passes over conditions of writes", () => {
    const only = { ifNoneMatch: "*" } as const;
    const same = { ifMatch: '"e"' };
    const long = new Uint8Array(5 * 1024 ** 2 + 1);
    const head = answer(200, { etag: '"e"', "content-length": "1" });

    it.each<[string, (store: Driver) => Promise<unknown>]>([
      ["upload that only creates", (store) => store.upload("k", "x", only)],
      ["upload that replaces one version", (store) => store.upload("k", "x", same)],
      ["upload of several parts", (store) => store.upload("k", long, only)],
      ["update", (store) => store.update("k", () => "x")],
      ["setItemRaw", async (store) => store.setItemRaw?.("k", "x", only)],
      ["createMultipartUpload", (store) => store.createMultipartUpload("k", same)],
      ["copy that only creates", (store) => store.copy("k", "l", only)],
      ["presign", (store) => store.presign("k", { method: "PUT", ...only })],
    ])("refuses %s, and writes nothing", async (_, run) => {
      const server = await wire((request) =>
        ["HEAD", "GET"].includes(request.method) ? failure(404, "NoSuchKey") : happy(request),
      );
      const store = clocked(server, testClock(), { conditionalWrites: false, partSize: 5 * 1024 ** 2 });
      await expect(run(store)).rejects.toMatchObject({ code: "unsupported" });
      expect(server.requests.filter(({ method }) => ["PUT", "POST", "DELETE"].includes(method))).toEqual([]);
    });

    it("writes, copies one version and deletes one that it has looked at", async () => {
      const server = await wire((request) => (request.method === "HEAD" ? head : happy(request)));
      const store = clocked(server, testClock(), { conditionalWrites: false });
      await store.upload("k", "x");
      await store.copy("k", "l", same);
      await store.delete("k", same);
      expect(server.requests.filter(({ method }) => method !== "HEAD")).toHaveLength(3);
    });
  });
});
