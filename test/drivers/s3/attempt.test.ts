import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it, vi } from "vitest";
import { attemptEvent } from "../../../drivers/s3/attempt.ts";
import type { Operation } from "../../../drivers/s3/request.ts";
import type { AttemptEvent, StorageEvent } from "../../../src/event.ts";
import { testClock } from "../../support/clock.ts";
import { clocked, recorder, stubbed, TRANSPORTS } from "../../support/stubbed.ts";
import { type Answer, answer, failure, happy, type Script, wire } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const copied = { "x-amz-copy-source": "/b/k" };

it.each<[Operation, string]>([
  [{ method: "GET", key: "k" }, "GetObject"],
  [{ method: "HEAD", key: "k" }, "HeadObject"],
  [{ method: "HEAD" }, "HeadBucket"],
  [{ method: "PUT", key: "k" }, "PutObject"],
  [{ method: "PUT", key: "k", headers: copied }, "CopyObject"],
  [{ method: "PUT", key: "k", query: { partNumber: 1, uploadId: "u" } }, "UploadPart"],
  [{ method: "PUT", key: "k", query: { partNumber: 1, uploadId: "u" }, headers: copied }, "UploadPartCopy"],
  [{ method: "POST", key: "k", query: { uploads: "" } }, "CreateMultipartUpload"],
  [{ method: "GET", query: { uploads: "" } }, "ListMultipartUploads"],
  [{ method: "POST", key: "k", query: { uploadId: "u" } }, "CompleteMultipartUpload"],
  [{ method: "GET", key: "k", query: { uploadId: "u" } }, "ListParts"],
  [{ method: "DELETE", key: "k", query: { uploadId: "u" } }, "AbortMultipartUpload"],
  [{ method: "DELETE", key: "k" }, "DeleteObject"],
  [{ method: "POST", query: { delete: "" } }, "DeleteObjects"],
  [{ method: "GET", query: { "list-type": 2 } }, "ListObjectsV2"],
])("attemptEvent names %j %s", (operation, name) => {
  expect(attemptEvent(operation, { number: 1, started: 0 }).operation).toBe(name);
});

it("attemptEvent says which upload in parts a request was about", () => {
  const of = (query: Operation["query"]): unknown =>
    attemptEvent({ method: "DELETE", key: "k", query }, { number: 1, started: 0 }).uploadId;
  expect([of({ uploadId: "u" }), of({}), of(undefined)]).toEqual(["u", undefined, undefined]);
});

describe.each(TRANSPORTS)("attempt events over %s", (_, transport) => {
  async function record(
    script: readonly (Script | Answer)[],
    run: (driver: ReturnType<typeof clocked>) => Promise<unknown>,
  ): Promise<AttemptEvent[]> {
    const events: StorageEvent[] = [];
    const server = await wire(...script);
    const driver = clocked(server, testClock(), { ...transport, onEvent: (event) => events.push(event) });
    await run(driver).catch(() => {});
    return events.filter((event) => event.type === "attempt");
  }

  it("tell each attempt with what follows", async () => {
    const script = [failure(503, "SlowDown", "", { "retry-after": "3" }), { bytes: "", then: "fin" }, happy] as const;
    const events = await record([...script], (driver) => driver.upload("a/b", "abc"));
    const all = { type: "attempt", driver: "s3", operation: "PutObject", method: "PUT", key: "a/b", sent: 3 };
    expect(events).toEqual([
      {
        ...all,
        attempt: 1,
        status: 503,
        code: "SlowDown",
        next: "retry",
        wait: 3000,
        received: expect.any(Number),
        duration: expect.any(Number),
      },
      { ...all, attempt: 2, code: "unavailable", next: "retry", wait: 100, duration: expect.any(Number) },
      { ...all, attempt: 3, status: 200, next: "done", received: 0, duration: expect.any(Number) },
    ]);
  });

  it("tell a failure, and what is mended", async () => {
    const date = new Date(0).toUTCString();
    const skewed = failure(403, "RequestTimeTooSkewed", "", { date });
    const events = await record([skewed, failure(403, "AccessDenied")], (driver) => driver.upload("k", "x"));
    expect(events).toMatchObject([
      { attempt: 1, code: "RequestTimeTooSkewed", next: "retry", wait: 0 },
      { attempt: 2, code: "AccessDenied", next: "fail" },
    ]);
    expect(events[1]?.wait).toBeUndefined();
  });

  it("say nothing of bytes that a HEAD only announces", async () => {
    const events = await record([answer(200, { "content-length": "7", etag: '"e"' })], (driver) => driver.head("k"));
    expect(events).toMatchObject([{ operation: "HeadObject", status: 200, sent: 0, next: "done" }]);
    expect(events[0]?.received).toBeUndefined();
  });
});

it("attempt and call events cost no look at the clock where nobody observes", async () => {
  const now = vi.spyOn(performance, "now");
  // Without limits, whose own looks are not those of events.
  const options = { fetch: recorder().fetch, timeout: { headers: 0, body: 0 } };
  await clocked("http://h", testClock(), options).upload("k", "x");
  expect(now).not.toHaveBeenCalled();
  await clocked("http://h", testClock(), { ...options, onEvent: () => {} }).upload("k", "x");
  expect(now).toHaveBeenCalled();
});

it("an event is told in the context of the call that it is about, of several at a time", async () => {
  const callers = new AsyncLocalStorage<string>();
  const told: [string, string | undefined, string | undefined][] = [];
  const server = await wire(happy);
  const driver = stubbed(server, { onEvent: ({ type, key }) => told.push([type, key, callers.getStore()]) });
  const names = ["anna", "bob", "cleo"];
  await Promise.all(
    names.map((name) =>
      callers.run(name, async () => {
        await driver.upload(name, "x");
        await driver.head(name);
      }),
    ),
  );
  for (const [type, key, caller] of told) expect([type, caller]).toEqual([type, key]);
  expect(told).toHaveLength(12);
});
