import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { answer, failure, happy, wire, type Answer, type Received, type Script } from "../../support/wire.ts";
import { collectGarbage } from "../../support/garbage.ts";
import { recorder, stubbed, TRANSPORTS } from "../../support/stubbed.ts";

const head = (length: number, extra = ""): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\netag: "e"\r\nlast-modified: Fri, 02 Jan 2026 03:04:05 GMT\r\n${extra}\r\n`;
const part = (range: string, body: string): Answer => answer(206, { etag: '"e"', "content-range": range }, body);

describe.each(TRANSPORTS)("getObject over %s", (_, transport) => {
  it("gives what the answer says of the object, and its bytes", async () => {
    const server = await wire(
      answer(
        200,
        {
          etag: '"e"',
          "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
          "content-type": "text/plain",
          "x-amz-meta-a": "1",
          "x-amz-meta-note": "=?UTF-8?B?w6k=?=",
        },
        "hello",
      ),
    );
    const object = await stubbed(server, transport).download("k");
    expect(object).toMatchObject({
      key: "k",
      size: 5,
      etag: '"e"',
      contentType: "text/plain",
      lastModified: new Date("2026-01-02T03:04:05Z"),
      metadata: { a: "1", note: "é" },
    });
    expect(await object.text()).toBe("hello");
  });

  it("is written back by update as what it is read as: packed with its encoding, or unpacked without", async () => {
    const packed = gzipSync("hello ".repeat(100));
    const headers = { etag: '"e"', "content-encoding": "gzip", "content-length": `${packed.byteLength}` };
    const server = await wire(answer(200, headers, packed), happy);
    await stubbed(server, transport).update("k", (current) => current?.body, { metadata: { a: "1" } });
    const { headers: sent, body } = server.requests.find(({ method }) => method === "PUT") as Received;
    const plain = sent["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    expect(plain.toString()).toBe("hello ".repeat(100));
  });

  it.each(["fin", "rst"] as const)("errors when the body ends early with %s", async (then) => {
    const server = await wire({ bytes: `${head(10)}hello`, then });
    const object = await stubbed(server, transport).download("k");
    await expect(object.bytes()).rejects.toMatchObject({ name: "StorageError", retryable: true });
  });

  it("lets go of the connections of bodies that are forgotten, though their signal lives on", async () => {
    const server = await wire({ bytes: `${head(1_000_000)}hello` });
    const { signal } = new AbortController();
    for (const options of [transport, { ...transport, onEvent: () => {} }]) {
      const store = stubbed(server, options);
      for (let count = 0; count < 5; count++) await (await store.download("k", { signal })).body.getReader().read();
    }
    expect(server.connections()).toBe(10);
    await expect.poll(() => collectGarbage().then(() => server.open())).toBe(0);
    signal.throwIfAborted();
  });

  it("keeps the connection of a body that is held, while others are forgotten", async () => {
    const server = await wire({ bytes: `${head(1_000_000)}hello` });
    const store = stubbed(server, transport);
    const begin = async (): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
      const reader = (await store.download("k")).body.getReader();
      await reader.read();
      return reader;
    };
    const held = await begin();
    for (let count = 0; count < 4; count++) await begin();
    await expect.poll(() => collectGarbage().then(() => server.open())).toBe(1);
    await held.cancel();
    await expect.poll(() => server.open()).toBe(0);
  });

  it("rejects timeout when the body stops", async () => {
    const server = await wire({ bytes: `${head(10)}hello` });
    const object = await stubbed(server, { ...transport, timeout: { body: 60 }, retry: { attempts: 1 } }).download("k");
    await expect(object.bytes()).rejects.toMatchObject({ code: "timeout" });
  });

  it("rejects with the signal's reason when it is aborted while the body is read", async () => {
    const server = await wire({ bytes: `${head(10)}hello` });
    const control = new AbortController();
    const object = await stubbed(server, transport).download("k", { signal: control.signal });
    const reader = object.body.getReader();
    await reader.read();
    const pending = reader.read();
    const reason = new Error("left");
    control.abort(reason);
    await expect(pending).rejects.toBe(reason);
  });

  it("lets go of the connection when the body is cancelled", async () => {
    const server = await wire({ bytes: head(2 ** 40), endless: "x".repeat(65_536) });
    const object = await stubbed(server, transport).download("k");
    const reader = object.body.getReader();
    await reader.read();
    await reader.cancel("enough");
    await expect.poll(() => server.open()).toBe(0);
  });

  it("reads a range, and rejects corrupt when the answer is for other bytes", async () => {
    const range = { start: 2, end: 4 };
    const server = await wire(part("bytes 2-4/10", "cde"));
    const object = await stubbed(server, transport).download("k", { range });
    expect(object).toMatchObject({ size: 10, contentLength: 3, range });
    expect(await object.text()).toBe("cde");
    for (const wrong of [
      part("bytes 0-2/10", "abc"),
      part("bytes 2-3/10", "cd"),
      part("bytes 1-4/10", "bcde"),
      part("bytes 2-9/10", "cdefghij"),
      part("bytes 0-0/1", "a"),
      part("bytes */10", "cde"),
      part("", "cde"),
      answer(200, { etag: '"e"' }, "abcdefghij"),
    ]) {
      const other = await wire(wrong);
      await expect(stubbed(other, transport).download("k", { range })).rejects.toMatchObject({ code: "corrupt" });
    }
  });

  it("rejects corrupt when a part answers that nobody asked for, whether or not it names its bytes", async () => {
    for (const wrong of [part("bytes 0-2/10", "abc"), part("bytes 0-2/*", "abc"), part("", "abc")]) {
      const server = await wire(wrong);
      await expect(stubbed(server, transport).download("k")).rejects.toMatchObject({ code: "corrupt" });
    }
  });

  it("reads what there is of a range that goes beyond the end, and of a suffix", async () => {
    const server = await wire(part("bytes 8-9/10", "ij"));
    const driver = stubbed(server, transport);
    expect((await driver.download("k", { range: { start: 8, end: 99 } })).range).toEqual({ start: 8, end: 9 });
    expect((await driver.download("k", { range: { suffix: 2 } })).range).toEqual({ start: 8, end: 9 });
  });

  it("rejects invalid-range for a suffix of an empty object, as MinIO answers", async () => {
    const server = await wire(answer(206, { etag: '"e"' }));
    const suffix = stubbed(server, transport).download("k", { range: { suffix: 2 } });
    await expect(suffix).rejects.toMatchObject({ code: "invalid-range" });
  });

  it("rejects corrupt when no store answers", async () => {
    const driver = stubbed(await wire(answer(200, { "content-type": "text/html" }, "<html>")), transport);
    const refused = { code: "corrupt", message: expect.stringContaining("no S3 store") };
    await expect(driver.download("k")).rejects.toMatchObject(refused);
    await expect(driver.download("k", { parallel: 2 })).rejects.toMatchObject(refused);
  });

  it("rejects corrupt when a whole request is answered with a part", async () => {
    const server = await wire(part("bytes 0-2/10", "abc"));
    await expect(stubbed(server, transport).download("k")).rejects.toMatchObject({ code: "corrupt" });
  });

  describe("without a length, as some proxies leave it", () => {
    const bare = (bytes: string): Answer => ({ bytes: `HTTP/1.1 200 OK\r\netag: "e"\r\n\r\n${bytes}`, then: "fin" });

    it("asks a HEAD for it, and goes on where less came", async () => {
      const server = await wire(bare("abc"), { bytes: head(6), then: "fin" }, part("bytes 3-5/6", "def"));
      const object = await stubbed(server, transport).download("k", { ifNoneMatch: '"old"' });
      expect([object.size, await object.text()]).toEqual([6, "abcdef"]);
      expect(server.lines()).toEqual(["GET /bucket/k", "HEAD /bucket/k", "GET /bucket/k"]);
      expect(server.requests[1]?.headers["if-none-match"]).toBeUndefined();
    });

    it("asks for the first byte where the HEAD has none either, as behind Next.js", async () => {
      const without: Answer = { bytes: 'HTTP/1.1 200 OK\r\netag: "e"\r\n\r\n', then: "fin" };
      const server = await wire(bare("abc"), without, part("bytes 0-0/6", "a"), part("bytes 3-5/6", "def"));
      const object = await stubbed(server, transport).download("k", { ifNoneMatch: '"old"' });
      expect([object.size, await object.text()]).toEqual([6, "abcdef"]);
      expect(server.requests[2]?.headers).toMatchObject({ range: "bytes=0-0", "if-match": '"e"' });
      expect(server.requests[2]?.headers["if-none-match"]).toBeUndefined();
    });

    it.each([
      ["of another version", { bytes: head(3).replace('"e"', '"other"') }],
      ["of other bytes", { bytes: head(3, "content-encoding: gzip\r\n") }],
      ["that finds nothing", answer(404)],
      ["without a length too", { bytes: 'HTTP/1.1 200 OK\r\netag: "e"\r\n\r\n', then: "fin" as const }],
      ["that is refused", failure(403, "AccessDenied")],
    ])("rejects when there is a HEAD %s", async (_, second) => {
      const server = await wire(({ method }) => (method === "GET" ? bare("abc") : second));
      const [, status] = String(second.bytes).split(" ");
      const code = { 403: "denied", 404: "unknown" }[`${status}`] ?? "corrupt";
      await expect(stubbed(server, transport).download("k")).rejects.toMatchObject({ code });
    });
  });

  it("hears an abort while the bucket is asked for", async () => {
    const control = new AbortController();
    const server = await wire(answer(404), () => (control.abort("left"), { bytes: "" }));
    await expect(stubbed(server, transport).exists("k", { signal: control.signal })).rejects.toBe("left");
  });

  it("does not decode what is stored compressed", async () => {
    const server = await wire(answer(200, { etag: '"e"', "content-encoding": "gzip", "content-length": "3" }, "abc"));
    const object = await stubbed(server, transport).download("k");
    expect(object.contentEncoding).toBe("gzip");
    // Node's fetch decodes, whatever it is told, and fails on what is not gzip; undici leaves the bytes alone.
    if (!transport.fetch) expect(await object.text()).toBe("abc");
  });

  it.each([
    [304, "", "not-modified"],
    [412, "PreconditionFailed", "precondition-failed"],
    [416, "InvalidRange", "invalid-range"],
  ])("rejects on %i as %s %s", async (status, code, expected) => {
    const server = await wire(
      status === 304 ? { bytes: 'HTTP/1.1 304 Not Modified\r\netag: "e"\r\n\r\n' } : failure(status, code),
    );
    await expect(stubbed(server, transport).download("k", { ifNoneMatch: '"e"' })).rejects.toMatchObject({
      code: expected,
      retryable: false,
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe.each(TRANSPORTS)("a HEAD without a length over %s, as Apache has it of an empty object", (_, transport) => {
  const bare: Answer = { bytes: 'HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-type: text/x-own\r\n\r\n', then: "fin" };

  it.each([
    ["a part", part("bytes 0-0/6", "a"), 6],
    ["a refusal, since there is no byte", answer(416, { "content-range": "bytes */0" }), 0],
    ["a refusal that does not say of what", answer(416), 0],
    ["the whole, by a store without ranges", answer(200, { etag: '"e"', "content-length": "3" }, "abc"), 3],
  ])("asks for the first byte, and learns it from %s", async (_, second, size) => {
    const server = await wire(bare, second);
    // Without which the store refuses to read.
    const headers = { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
    expect(await stubbed(server, transport).head("k", { headers })).toMatchObject({ size, contentType: "text/x-own" });
    expect(server.lines()).toEqual(["HEAD /bucket/k", "GET /bucket/k"]);
    expect(server.requests[1]?.headers).toMatchObject({ ...headers, range: "bytes=0-0", "if-match": '"e"' });
  });

  it("begins anew where the object was replaced or deleted meanwhile", async () => {
    const replaced = await wire(bare, failure(412, "PreconditionFailed"), { bytes: head(4), then: "fin" });
    expect(await stubbed(replaced, transport).head("k")).toMatchObject({ size: 4 });
    const gone = { bytes: "HTTP/1.1 404 N\r\nx-amz-request-id: R\r\n\r\n", then: "fin" as const };
    const deleted = await wire(bare, failure(404, "NoSuchKey"), gone, answer(200));
    expect(await stubbed(deleted, transport).head("k")).toBeNull();
  });

  it.each([
    ["a part of what it does not say", answer(206, { etag: '"e"' }, "a")],
    ["another part", part("bytes 5-5/9", "a")],
    ["a refusal of what has bytes", answer(416, { "content-range": "bytes */5" })],
    ["a part of another version each time", answer(206, { etag: '"other"', "content-range": "bytes 0-0/9" }, "a")],
    ["a page of somebody else", { bytes: "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>", then: "fin" as const }],
    ["the whole without a length too", { bytes: 'HTTP/1.1 200 OK\r\netag: "e"\r\n\r\nabc', then: "fin" as const }],
  ])("rejects corrupt where the answer is %s", async (_, second) => {
    const server = await wire(({ method }) => (method === "HEAD" ? bare : second));
    await expect(stubbed(server, transport).head("k")).rejects.toMatchObject({ code: "corrupt" });
  });
});

describe("what is not read of an answer", () => {
  type Sent = readonly [status: number, headers: Readonly<Record<string, string>>];
  const etag = { etag: '"e"' };
  const [none, first]: readonly Sent[] = [
    [200, etag],
    [206, { ...etag, "content-range": "bytes 0-0/6" }],
  ] as const;
  const absent: Sent = [404, { "x-amz-request-id": "R" }];

  it.each<[string, readonly Sent[], string, object]>([
    ["a HEAD, and the first byte", [none, first], "head", {}],
    ["an absent object and its bucket", [absent, none], "head", {}],
    ["another version", [[200, { ...etag, "x-amz-version-id": "b" }]], "download", { versionId: "a" }],
    ["other bytes", [[206, { ...etag, "content-range": "bytes 3-4/6" }]], "download", { range: { start: 0, end: 1 } }],
    ["no length, in no answer", [none, none, [416, { "content-range": "bytes */5" }]], "download", {}],
    ["no length, and no HEAD", [none, [200, { etag: '"other"' }]], "download", {}],
    [
      "an empty object, of which parts were asked for",
      [
        [416, {}],
        [416, {}],
      ],
      "download",
      { parallel: 2 },
    ],
  ])("is let go: %s", async (_, answers, verb, options) => {
    const [open, left] = [new Set<number>(), [...answers]];
    const { fetch } = recorder(() => {
      const [status, headers] = left.shift() ?? [400, {}];
      const at = left.length;
      open.add(at);
      const end = (): void => void open.delete(at);
      const pull = (control: ReadableStreamDefaultController): void => (end(), control.close());
      return new Response(new ReadableStream({ pull, cancel: end }, { highWaterMark: 0 }), { status, headers });
    });
    const driver = stubbed("http://h", { fetch, retry: { attempts: 1 } });
    await (verb === "head" ? driver.head("k", options) : driver.download("k", options)).catch(() => {});
    expect(left).toEqual([]);
    await expect.poll(() => [...open]).toEqual([]);
  });
});

describe("an answer of another version", () => {
  const other = answer(200, { etag: '"e"', "x-amz-version-id": "newest", "content-length": "1" }, "x");

  it("than versionId names is corrupt", async () => {
    const driver = stubbed(await wire(other));
    await expect(driver.download("k", { versionId: "older" })).rejects.toMatchObject({ code: "corrupt" });
    await expect(driver.head("k", { versionId: "older" })).rejects.toMatchObject({ code: "corrupt" });
    expect((await driver.head("k", { versionId: "newest" }))?.size).toBe(1);
  });

  it("than ifMatch names is precondition-failed", async () => {
    const driver = stubbed(await wire(other));
    await expect(driver.download("k", { ifMatch: '"o"' })).rejects.toMatchObject({ code: "precondition-failed" });
    expect((await driver.download("k", { ifMatch: '"e"' })).size).toBe(1);
  });

  it.each(['W/"e"', "e", null])("is none that has ETag %s, whatever ifMatch and versionId say", async (etag) => {
    const same = answer(200, { "x-amz-request-id": "R", ...(etag && { etag }) }, "x");
    const driver = stubbed(await wire(same));
    expect((await driver.download("k", { ifMatch: '"e"', versionId: "v" })).size).toBe(1);
  });
});

describe("headObject and the question for the bucket", () => {
  const missing = (bucket: number) => (request: { path: string }) =>
    request.path === "/bucket/" ? { ...answer(bucket) } : answer(404, { "x-amz-request-id": "R" });

  it("asks once per client whether the bucket is there", async () => {
    const server = await wire(missing(200));
    const driver = stubbed(server);
    expect(await driver.exists("a")).toBe(false);
    expect(await driver.exists("b")).toBe(false);
    expect(await driver.head("c")).toBeNull();
    expect(server.lines()).toEqual(["HEAD /bucket/a", "HEAD /bucket/", "HEAD /bucket/b", "HEAD /bucket/c"]);
  });

  it("asks anew for each 404 that no store has signed", async () => {
    let bucket = 200;
    const server = await wire(((request) => answer(request.path === "/bucket/" ? bucket : 404)) as Script);
    const driver = stubbed(server);
    expect(await driver.exists("a")).toBe(false);
    expect(await driver.exists("b")).toBe(false);
    expect(server.lines()).toEqual(["HEAD /bucket/a", "HEAD /bucket/", "HEAD /bucket/b", "HEAD /bucket/"]);
    bucket = 404;
    await expect(driver.exists("a")).rejects.toMatchObject({ code: "bucket-not-found" });
  });

  it("asks anew when a 404 announces a document of another length, which may say that the keys are unknown", async () => {
    let [length, bucket] = ["272", 200];
    const signed = (): Record<string, string> => ({ "x-amz-request-id": "R", "content-length": length });
    const server = await wire(((request) =>
      request.path === "/bucket/" ? answer(bucket) : answer(404, signed())) as Script);
    const driver = stubbed(server);
    expect([await driver.exists("a"), await driver.exists("b")]).toEqual([false, false]);
    expect(server.lines()).toEqual(["HEAD /bucket/a", "HEAD /bucket/", "HEAD /bucket/b"]);
    [length, bucket] = ["295", 404];
    await expect(driver.exists("a")).rejects.toMatchObject({ code: "bucket-not-found" });
    length = "272";
    expect(await driver.exists("a")).toBe(false);
  });

  it("asks anew when MinIO's header says that something else than the object is absent", async () => {
    let [code, bucket] = ["NoSuchKey", 200];
    const signed = (): Record<string, string> => ({ "x-amz-request-id": "R", "x-minio-error-code": code });
    const server = await wire(((request) =>
      request.path === "/bucket/" ? answer(bucket) : answer(404, signed())) as Script);
    const driver = stubbed(server);
    expect([await driver.exists("a"), await driver.exists("b")]).toEqual([false, false]);
    expect(server.lines()).toEqual(["HEAD /bucket/a", "HEAD /bucket/", "HEAD /bucket/b"]);
    [code, bucket] = ["NoSuchBucket", 404];
    await expect(driver.exists("a")).rejects.toMatchObject({ code: "bucket-not-found" });
  });

  it("does not ask while objects are found", async () => {
    const server = await wire(happy);
    expect(await stubbed(server).exists("a")).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it("takes a refusal to say as yes, and a failure as a failure", async () => {
    expect(await stubbed(await wire(missing(403))).exists("a")).toBe(false);
    await expect(stubbed(await wire(missing(500))).exists("a")).rejects.toMatchObject({ code: "unavailable" });
    await expect(stubbed(await wire(missing(301))).exists("a")).rejects.toMatchObject({ code: "invalid-option" });
  });

  it("rejects bucket-not-found, again and again", async () => {
    const driver = stubbed(await wire(missing(404)));
    for (let index = 0; index < 2; index++)
      await expect(driver.exists("a")).rejects.toMatchObject({ code: "bucket-not-found" });
    await expect(driver.download("a")).rejects.toMatchObject({ code: "unknown", retryable: false });
  });

  it("rejects not-found where the answer names the key, without a further question", async () => {
    const server = await wire(failure(404, "NoSuchKey"));
    await expect(stubbed(server).download("a")).rejects.toMatchObject({
      code: "not-found",
      key: "a",
      operation: "download",
    });
    expect(server.requests).toHaveLength(1);
    await expect(stubbed(await wire(failure(404, "NoSuchBucket"))).download("a")).rejects.toMatchObject({
      code: "bucket-not-found",
    });
  });

  it("does not take a 403 for an absent key", async () => {
    await expect(stubbed(await wire(answer(403))).exists("a")).rejects.toMatchObject({ code: "denied" });
  });
});
