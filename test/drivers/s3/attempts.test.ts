import { describe, expect, it, vi } from "vitest";
import { testClock } from "../../support/clock.ts";
import { answer, failure, happy, wire, xml } from "../../support/wire.ts";
import { clocked, stubbed, TRANSPORTS } from "../../support/stubbed.ts";

const lost = (code: string): Promise<never> => Promise.reject(new TypeError("fetch failed", { cause: { code } }));
const slow = failure(503, "SlowDown", "Please reduce your request rate.", { "retry-after": "1" });

describe.each(TRANSPORTS)("Attempts over %s", (name, transport) => {
  it("asks again after 503 with Retry-After twice, and then succeeds", async () => {
    const server = await wire(slow, slow, happy);
    expect(await stubbed(server, transport).exists("k")).toBe(true);
    expect(server.requests).toHaveLength(3);
  });

  it("waits as long as Retry-After says", async () => {
    const server = await wire(failure(503, "SlowDown", "", { "retry-after": "1" }), happy);
    const started = performance.now();
    await stubbed(server, { ...transport, retry: { baseDelay: 1, maxDelay: 300 } }).exists("k");
    expect(performance.now() - started).toBeGreaterThanOrEqual(295);
  });

  it.each([
    [500, "InternalError", "unavailable"],
    [502, "", "unavailable"],
    [503, "SlowDown", "unavailable"],
    [504, "", "timeout"],
    [408, "", "timeout"],
    [429, "TooManyRequests", "unavailable"],
    [400, "RequestTimeout", "timeout"],
    [409, "OperationAborted", "conflict"],
  ])("asks four times on %i %s and rejects %s", async (status, code, expected) => {
    const server = await wire(code ? failure(status, code) : answer(status));
    await expect(stubbed(server, transport).delete("k")).rejects.toMatchObject({
      code: expected,
      retryable: true,
      response: { status },
    });
    expect(server.requests).toHaveLength(4);
  });

  it.each([
    [501, "NotImplemented", "unsupported"],
    [403, "AccessDenied", "denied"],
    [403, "SignatureDoesNotMatch", "unauthenticated"],
    [400, "InvalidArgument", "unknown"],
    [404, "NoSuchBucket", "bucket-not-found"],
    [412, "PreconditionFailed", "precondition-failed"],
    [413, "EntityTooLarge", "too-large"],
    [301, "PermanentRedirect", "invalid-option"],
  ])("asks once on %i %s and rejects %s", async (status, code, expected) => {
    const server = await wire(failure(status, code));
    await expect(stubbed(server, transport).upload("k", "x")).rejects.toMatchObject({
      code: expected,
      retryable: false,
      response: { status, code },
    });
    expect(server.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });

  it.each([301, 302, 303, 307, 308])("never follows a redirect %i", async (status) => {
    const other = await wire(happy);
    const server = await wire(answer(status, { location: `${other.url}/bucket/k` }));
    for (const run of [
      () => stubbed(server, transport).download("k"),
      () => stubbed(server, transport).upload("k", "secret"),
      () => stubbed(server, transport).head("k"),
    ]) {
      await expect(run()).rejects.toMatchObject({ response: { status } });
    }
    expect(other.connections()).toBe(0);
  });

  it("retries on a connection that was closed while idle, without the caller noticing", async () => {
    const server = await wire((request) => ({ ...happy(request), then: "fin" }), happy);
    const store = stubbed(server, transport);
    await store.head("a");
    expect(await store.exists("b")).toBe(true);
    expect(server.connections()).toBe(2);
  });

  it("retries when the connection is reset instead of answered, and a POST too", async () => {
    const server = await wire(
      { bytes: "", then: "rst" },
      { bytes: "HTTP/1.1 200 OK\r\ncontent-le", then: "fin" },
      xml("DeleteResult", ""),
    );
    await stubbed(server, transport).delete(["a", "b"]);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(
      Array.from({ length: 3 }, () => server.requests[0]?.body.toString()),
    );
  });

  it("rejects unavailable when nobody listens", async () => {
    const driver = stubbed("http://127.0.0.1:9", transport);
    await expect(driver.head("k")).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });

  it("rejects timeout when no answer comes, and when a document stops", async () => {
    const silent = await wire({ bytes: "" });
    const quick = { ...transport, timeout: { headers: 60, body: 60 }, retry: { attempts: 1 } };
    await expect(stubbed(silent, quick).head("k")).rejects.toMatchObject({ code: "timeout" });
    const stalled = await wire({ bytes: "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n<ListBucketResult>" });
    await expect(stubbed(stalled, quick).list().pages().next()).rejects.toMatchObject({ code: "timeout" });
  });

  it("an abort while the answer is awaited rejects with the reason, once, and closes the connection", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const server = await wire(() => {
      control.abort(reason);
      return { bytes: "" };
    });
    await expect(stubbed(server, transport).head("k", { signal: control.signal })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(1);
  });

  it("an abort during a wait of a minute rejects with the reason without waiting for its end, and asks no more", async () => {
    const control = new AbortController();
    const reason = { code: "own" };
    let aborted = 0;
    const server = await wire((_, number) => {
      // The back-off begins when the answer has been read.
      if (number === 1) setTimeout(() => ((aborted = performance.now()), control.abort(reason)), 100);
      return failure(503, "SlowDown", "", { "retry-after": "60" });
    });
    const driver = stubbed(server, { ...transport, retry: { baseDelay: 60_000, maxDelay: 60_000 } });
    await expect(driver.head("k", { signal: control.signal })).rejects.toBe(reason);
    expect(performance.now() - aborted).toBeLessThan(20_000);
    expect(server.requests).toHaveLength(1);
  });

  it("leaves no timer behind", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const server = await wire(slow, happy);
    await stubbed(server, { ...transport, timeout: 54_321 }).head("k");
    const own = timers.mock.calls.flatMap(([, wait], index) =>
      wait === 54_321 ? [timers.mock.results[index]?.value] : [],
    );
    const gone = new Set(cleared.mock.calls.map(([timer]) => timer));
    expect(own.filter((timer) => !gone.has(timer))).toEqual([]);
    vi.restoreAllMocks();
    expect(name).not.toBe("");
  });

  it.each([
    ["an error of 1 MiB", answer(400, {}, "x".repeat(2 ** 20)), 400],
    [
      "an endless error",
      {
        bytes: "HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n",
        endless: "400\r\n" + "x".repeat(1024) + "\r\n",
      },
      403,
    ],
    ["an HTML page", answer(502, { "content-type": "text/html" }, "<html><body><br>Bad gateway</body></html>"), 502],
    ["nothing", answer(403), 403],
    ["an error that is cut", answer(403, {}, "<Error><Code>AccessDe"), 403],
  ])("takes the status where the body is %s", async (_, scripted, status) => {
    const server = await wire(scripted);
    const driver = stubbed(server, { ...transport, retry: { attempts: 1 } });
    await expect(driver.upload("k", "x")).rejects.toMatchObject({ response: { status } });
    // What the kernel and the client buffer beside the 64 KiB that are read.
    expect(server.sent()).toBeLessThan(8 * 2 ** 20);
  });

  it("sends range and accept-encoding unsigned, everything else signed", async () => {
    const server = await wire(answer(206, { etag: '"e"', "content-range": "bytes 0-0/3" }, "a"));
    await (await stubbed(server, transport).download("k", { range: { start: 0, end: 0 }, ifMatch: '"e"' })).text();
    const headers = server.requests[0]?.headers ?? {};
    expect(headers).toMatchObject({ range: "bytes=0-0", "if-match": '"e"' });
    // Node's fetch adds one of its own to a request for a range.
    expect(headers["accept-encoding"]).toMatch(/^identity(, identity)?$/);
    expect(headers["authorization"]).toContain("SignedHeaders=host;if-match;x-amz-content-sha256;x-amz-date,");
  });

  it("signs what the options' headers add, and sends the token", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, {
      ...transport,
      sessionToken: "TOKEN",
      headers: { "X-Amz-Request-Payer": "requester" },
    });
    await driver.upload("k", "x", { headers: { "X-Amz-ACL": "private" } });
    const headers = server.requests[0]?.headers ?? {};
    expect(headers).toMatchObject({
      "x-amz-request-payer": "requester",
      "x-amz-acl": "private",
      "x-amz-security-token": "TOKEN",
    });
    expect(headers["authorization"]).toMatch(
      /SignedHeaders=content-type;host;x-amz-acl;.*x-amz-request-payer;x-amz-security-token,/,
    );
  });

  it("signs the payload's hash, and the empty one where there is none", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, transport);
    await driver.upload("k", "abc");
    await driver.upload("k", "");
    await driver.head("k");
    expect(server.requests.map(({ headers }) => headers["x-amz-content-sha256"]?.slice(0, 8))).toEqual([
      "ba7816bf",
      "e3b0c442",
      "e3b0c442",
    ]);
  });

  it("keeps its connection for calls one after the other, HEAD and errors included", async () => {
    const server = await wire((request) =>
      request.path.endsWith("/no") ? failure(412, "PreconditionFailed") : happy(request),
    );
    const driver = stubbed(server, transport);
    for (let index = 0; index < 5; index++) {
      await driver.upload("k", "abc");
      await driver.upload("no", "abc").catch(() => {});
      await driver.delete("k");
      if (name === "undici") await driver.head("k");
    }
    // A second one may come when the first is not yet known to be free.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });
});

it("Attempts take no redirect for success that a browser keeps to itself", async () => {
  const fetch = async (): Promise<Response> => Response.error();
  await expect(stubbed("http://h", { fetch }).delete("k")).rejects.toMatchObject({ response: { status: 0 } });
});

it("Attempts ask for a connection of its own for what is repeated, and for nothing else", async () => {
  const kept: (boolean | undefined)[] = [];
  const fetch = async (_: string, { keepalive }: RequestInit): Promise<Response> => {
    kept.push(keepalive);
    return new Response("", kept.length === 1 ? { status: 503 } : { headers: { etag: '"e"' } });
  };
  await stubbed("http://h", { fetch }).upload("k", "x");
  expect(kept).toEqual([undefined, false]);
});

it.each<[string, () => Promise<Response>, readonly number[]]>([
  ["at once after a connection that broke, as kept ones do", () => lost("ECONNRESET"), []],
  ["after a wait where no connection stood", () => lost("ECONNREFUSED"), [50]],
  ["after a wait where no answer came in time", () => new Promise(() => {}), [50]],
])("Attempts are repeated %s", async (_, first, waits) => {
  let asked = 0;
  const clock = testClock();
  const fetch = async (): Promise<Response> => (asked++ ? new Response("", { headers: { etag: '"e"' } }) : first());
  await clocked("http://h", clock, { fetch, timeout: { headers: 60 } }).upload("k", "x");
  expect([asked, clock.slept]).toEqual([2, waits]);
});

describe("Attempts at a conditional write", () => {
  const refused = failure(412, "PreconditionFailed");

  it.each([
    ["the connection broke", { bytes: "", then: "fin" }],
    ["its answer was cut", { bytes: "HTTP/1.1 200 OK\r\n", then: "rst" }],
    ["its answer had no ETag", answer(200)],
    ["the store answered 500", failure(500, "InternalError")],
    ["a proxy answered 502", answer(502)],
    ["a proxy answered 504", answer(504)],
  ] as const)("rejects ambiguous when %s and the next attempt is refused", async (_, first) => {
    const server = await wire(first, refused, answer(403));
    await expect(stubbed(server).upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({
      code: "ambiguous",
      retryable: false,
      response: { status: 412 },
    });
    expect(server.requests.map(({ method }) => method)).toEqual(["PUT", "PUT", "HEAD"]);
  });

  it.each([
    ["the first attempt is", [refused]],
    ["the attempt after a 503 is", [failure(503, "SlowDown"), refused]],
  ] as const)("rejects precondition-failed when %s refused", async (_, script) => {
    const server = await wire(...script);
    await expect(stubbed(server).upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({
      code: "precondition-failed",
    });
  });
});
