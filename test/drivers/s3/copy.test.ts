import { describe, expect, it } from "vitest";
import { crc32c } from "../../../src/checksum.ts";
import { testClock } from "../../support/clock.ts";
import { clocked, stubbed, TRANSPORTS } from "../../support/stubbed.ts";
import { answer, failure, happy, type Received, type Script, wire, xml } from "../../support/wire.ts";

const GIB = 1024 ** 3;
const ID = "x-amz-meta-unbucket-write";

/** A store whose source has these headers. */
const source =
  (headers: Record<string, string>, rest: Script = happy): Script =>
  (request, number) =>
    request.method === "HEAD"
      ? answer(200, { "content-length": "3", etag: '"e"', "content-type": "a/b", ...headers })
      : rest(request, number);

describe("copyObject", () => {
  it("looks at the source, then names it encoded and pinned to its version", async () => {
    const server = await wire(happy);
    const info = await stubbed(server, { base: "in" }).copy("a b/é+", "c", { ifMatch: '"e"' });
    expect(server.lines()).toEqual(["HEAD /bucket/in/a%20b/%C3%A9%2B", "PUT /bucket/in/c"]);
    expect(server.requests[1]?.headers).toMatchObject({
      "x-amz-copy-source": "/bucket/in/a%20b/%C3%A9%2B",
      "x-amz-copy-source-if-match": '"e"',
    });
    expect(server.requests[1]?.headers["x-amz-metadata-directive"]).toBeUndefined();
    expect(info).toMatchObject({ key: "c", size: 3, etag: '"c"' });
  });

  it("names the version of the source encoded, reads it with what is the source's, and tells of the copy alone", async () => {
    const key = "server-side-encryption-customer-key";
    const headers = { [`x-amz-copy-source-${key}`]: "b2xk", [`x-amz-${key}`]: "bmV3" };
    const old = { "x-amz-version-id": "v+/=", "last-modified": "Thu, 01 Jan 2026 00:00:00 GMT" };
    const result = "<ETag>&quot;c&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified>";
    const server = await wire(source(old, () => xml("CopyObjectResult", result)));
    const info = await stubbed(server).copy("a", "b", { versionId: "v+/=", headers });
    expect(server.requests[0]?.headers).toMatchObject({ [`x-amz-${key}`]: "b2xk" });
    expect(server.requests[1]?.headers).toMatchObject({
      ...headers,
      "x-amz-copy-source": "/bucket/a?versionId=v%2B%2F%3D",
    });
    expect(info).toMatchObject({ etag: '"c"', lastModified: new Date("2026-01-02T03:04:05Z") });
    expect(info.versionId).toBeUndefined();
  });

  it("leaves the id of the source's write behind, and nothing else", async () => {
    const server = await wire(source({ [ID]: "abc", "x-amz-meta-a": "1", "cache-control": "no-store" }));
    expect(await stubbed(server).copy("a", "b")).toMatchObject({ metadata: { a: "1" }, cacheControl: "no-store" });
    expect(server.requests[1]?.headers).toMatchObject({
      "x-amz-metadata-directive": "REPLACE",
      "content-type": "a/b",
      "cache-control": "no-store",
      "x-amz-meta-a": "1",
    });
    expect(server.requests[1]?.headers[ID]).toBeUndefined();
  });

  it("asks again when a 200 brings an error, and rejects not-found for an absent source", async () => {
    let copies = 0;
    const server = await wire(source({}, (r) => (copies++ === 0 ? failure(200, "InternalError") : happy(r))));
    await stubbed(server).copy("a", "b");
    expect(copies).toBe(2);
    const absent: Script = ({ path }) => answer(path === "/bucket/" ? 200 : 404);
    await expect(stubbed(await wire(absent)).copy("a", "b")).rejects.toMatchObject({ code: "not-found", key: "a" });
    const gone = await wire(source({}, () => failure(404, "NoSuchKey")));
    await expect(stubbed(gone).copy("a", "b")).rejects.toMatchObject({ code: "not-found", key: "a" });
  });

  it.each([
    ['"e"', "3", true],
    ['"other"', "3", false],
    ['"e"', "4", false],
  ])(
    "answered with nothing looks for an object with the source's ETag and size: %s of %s bytes",
    async (etag, size, ours) => {
      const found = { "content-length": size, etag, "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT" };
      const server = await wire(
        source({}, () => answer(200)),
        () => answer(200),
        answer(200, found),
      );
      const copy = stubbed(server).copy("a", "b");
      if (ours) expect(await copy).toMatchObject({ key: "b", etag, lastModified: new Date("2026-01-02T03:04:05Z") });
      else await expect(copy).rejects.toMatchObject({ code: "corrupt" });
      expect(server.lines()).toEqual(["HEAD /bucket/a", "PUT /bucket/b", "HEAD /bucket/b"]);
    },
  );

  it("answered with nothing looks with the key that the copy is encrypted with, and no other of its headers", async () => {
    const key = { "x-amz-server-side-encryption-customer-key": "a2V5" };
    const server = await wire(
      source({}, () => answer(200)),
      () => answer(200),
      answer(200, { "content-length": "3", etag: '"e"' }),
    );
    await stubbed(server).copy("a", "b", { headers: { ...key, "x-amz-acl": "private" } });
    expect(server.requests[2]?.headers).toMatchObject(key);
    expect(server.requests[2]?.headers).not.toHaveProperty("x-amz-acl");
  });

  it.each(TRANSPORTS)(
    "waits longer for the copy of a large object, and of a large part, over %s",
    async (_, transport) => {
      const slow: Script = async (request) => {
        if (!request.headers["x-amz-copy-source"]) return happy(request);
        await new Promise((resolve) => setTimeout(resolve, 3500));
        return request.query.has("partNumber") ? xml("CopyPartResult", "<ETag>&quot;p&quot;</ETag>") : happy(request);
      };
      const server = await wire(source({ "content-length": String(GIB) }, slow));
      const store = stubbed(server, { ...transport, timeout: 1500, retry: { attempts: 1 } });
      await Promise.all([store.copy("a", "b"), store.copy("a", "c", { ifNoneMatch: "*" })]);
      expect(server.requests.filter(({ headers }) => headers["x-amz-copy-source"])).toHaveLength(2);
    },
  );

  it("takes the id along where metadata would be lost that no header can say", async () => {
    const server = await wire(source({ [ID]: "abc", "x-amz-missing-meta": "1" }));
    expect(await stubbed(server).copy("a", "b")).toMatchObject({ missingMetadata: 1 });
    expect(server.requests[1]?.headers["x-amz-metadata-directive"]).toBeUndefined();
  });

  it("refuses another version than ifMatch without asking to copy", async () => {
    const server = await wire(happy);
    const copy = stubbed(server).copy("a", "b", { ifMatch: '"other"' });
    await expect(copy).rejects.toMatchObject({ code: "precondition-failed" });
    expect(server.requests).toHaveLength(1);
  });

  it("copies exactly 5 GiB, the most that one request may, in one", async () => {
    const server = await wire(source({ "content-length": String(5 * GIB) }));
    await stubbed(server).copy("a", "b");
    expect(server.requests.map(({ method }) => method)).toEqual(["HEAD", "PUT"]);
  });

  it("does not name the ETag of a source that has none", async () => {
    const server = await wire(source({ etag: "", "x-amz-request-id": "R" }));
    await stubbed(server).copy("a", "b");
    expect(server.requests[1]?.headers["x-amz-copy-source-if-match"]).toBeUndefined();
  });

  it("stays ambiguous when the answer to the last of its tries was lost", async () => {
    let copies = 0;
    const script: Script = () => (copies++ % 2 === 0 ? { bytes: "", then: "fin" } : failure(412, "PreconditionFailed"));
    const server = await wire(source({}, script));
    await expect(stubbed(server).copy("a", "b")).rejects.toMatchObject({ code: "ambiguous" });
    expect(copies).toBe(6);
  });

  it("begins again when the source is replaced meanwhile, and gives up after three times", async () => {
    let copies = 0;
    const refusing = (times: number): Script =>
      source({}, (request) => (copies++ < times ? failure(412, "PreconditionFailed") : happy(request)));
    await stubbed(await wire(refusing(2))).copy("a", "b");
    expect(copies).toBe(3);
    copies = 0;
    await expect(stubbed(await wire(refusing(9))).copy("a", "b")).rejects.toMatchObject({
      code: "conflict",
      retryable: true,
    });
    expect(copies).toBe(3);
  });
});

/** A store that holds the condition of a copy's source against another text than the ETag that it gives, as Swift does. */
describe("copyObject of a source whose ETag the store does not know again", () => {
  const CONDITION = "x-amz-copy-source-if-match";
  /** What a HEAD of the source says of it, one after the other; the last again and again. */
  const mistaken = (...etags: readonly string[]): Script => packedAs("gzip", ...etags);
  const packedAs = (encoding: string, ...etags: readonly string[]): Script => {
    let heads = 0;
    return (request) => {
      const { method, path, query, headers } = request;
      if (method === "HEAD" && path === "/bucket/a") {
        const etag = etags[Math.min(heads++, etags.length - 1)] ?? "";
        if (etag === "") return failure(404, "NoSuchKey");
        return answer(200, { etag, "content-length": "3", "content-encoding": encoding });
      }
      if (headers[CONDITION] !== undefined) return failure(412, "PreconditionFailed");
      return query.has("partNumber") ? xml("CopyPartResult", "<ETag>&quot;p&quot;</ETag>") : happy(request);
    };
  };
  const copies = ({ method, headers }: Received): boolean => method === "PUT" && "x-amz-copy-source" in headers;

  it.each([
    ["without a condition", {}, "gzip"],
    ["as plain as what would be read on a condition", {}, "identity"],
    ["of one version", { ifMatch: '"e-2"' }, "gzip"],
    ["by parts", { ifNoneMatch: "*" }, "gzip"],
  ] as const)("copies it between two looks: %s", async (_, options, encoding) => {
    const server = await wire(packedAs(encoding, '"e-2"'));
    expect(await stubbed(server).copy("a", "b", options)).toMatchObject({ key: "b", size: 3 });
    expect(server.requests.filter(copies).map(({ headers }) => headers[CONDITION])).toEqual(['"e-2"', undefined]);
    expect(server.lines().filter((line) => line === "HEAD /bucket/a")).toHaveLength(3);
  });

  it("asks for the one version as long as it changes", async () => {
    const server = await wire(mistaken('"e-2"', '"f-2"', '"g-2"'));
    await expect(stubbed(server).copy("a", "b")).rejects.toMatchObject({ code: "conflict", retryable: true });
    expect(server.requests.filter(copies).map(({ headers }) => headers[CONDITION])).toEqual([
      '"e-2"',
      '"f-2"',
      '"g-2"',
    ]);
  });

  it.each([
    ["replaced", '"f-2"'],
    ["deleted", ""],
  ])("tells that the target may be of either version where the source was %s between the looks", async (_, last) => {
    for (const options of [{}, { ifMatch: '"e-2"' }]) {
      const server = await wire(mistaken('"e-2"', '"e-2"', last));
      const copy = stubbed(server).copy("a", "b", options);
      await expect(copy).rejects.toMatchObject({ code: "conflict", key: "b", retryable: true });
      expect(server.requests.filter(copies)).toHaveLength(2);
    }
  });

  it("completes no parts of what was replaced between the looks", async () => {
    const server = await wire(mistaken('"e-2"', '"e-2"', '"f-2"'));
    await expect(stubbed(server).copy("a", "b", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "conflict" });
    expect(server.requests.some(({ method, query }) => method === "POST" && query.has("uploadId"))).toBe(false);
  });

  it("never asks for any version of what was stored at once: an old answer to a HEAD looks so too", async () => {
    for (const [options, code] of [
      [{}, "conflict"],
      [{ ifMatch: '"e"' }, "precondition-failed"],
    ] as const) {
      const server = await wire(mistaken('"e"'));
      await expect(stubbed(server).copy("a", "b", options)).rejects.toMatchObject({ code, key: "a" });
      expect(server.requests.filter(copies).every(({ headers }) => headers[CONDITION] === '"e"')).toBe(true);
    }
  });

  it("looks afterwards where the store passes over conditions", async () => {
    const etags = ['"e"', '"f"'];
    const server = await wire((request) =>
      request.method === "HEAD" ? answer(200, { etag: etags.shift() ?? '"f"', "content-length": "3" }) : happy(request),
    );
    const copy = stubbed(server, { conditionalWrites: false }).copy("a", "b", { ifMatch: '"e"' });
    await expect(copy).rejects.toMatchObject({ code: "conflict", key: "b" });
  });
});

/** What of the source each part is of, in order. */
const ranges = (requests: readonly Received[]): (string | undefined)[] =>
  requests
    .filter(({ query }) => query.has("partNumber"))
    .sort((a, b) => Number(a.query.get("partNumber")) - Number(b.query.get("partNumber")))
    .map(({ headers }) => headers["x-amz-copy-source-range"]);

describe("copyObject above 5 GiB", () => {
  const size = 12 * GIB + 5;
  const parts: Script = (request) =>
    request.query.has("partNumber") ? xml("CopyPartResult", "<ETag>&quot;p&quot;</ETag>") : happy(request);

  it("copies by parts of 1 GiB, each pinned to the version, and takes headers and metadata along", async () => {
    const head = { "content-length": String(size), "x-amz-meta-a": "1", [ID]: "old" };
    const server = await wire(source(head, parts));
    const info = await clocked(server, testClock()).copy("a", "b");
    expect(info).toMatchObject({ key: "b", size, etag: '"all-2"', metadata: { a: "1" }, contentType: "a/b" });
    const found = ranges(server.requests);
    expect(found).toHaveLength(13);
    expect([found[0], found[12]]).toEqual([`bytes=0-${GIB - 1}`, `bytes=${12 * GIB}-${12 * GIB + 4}`]);
    const create = server.requests.find(({ query }) => query.has("uploads"));
    expect(create?.headers).toMatchObject({ "content-type": "a/b", "x-amz-meta-a": "1" });
    expect(create?.headers[ID]).toMatch(/^[0-9a-f]{32}$/);
    for (const { query, headers } of server.requests) {
      if (query.has("partNumber")) expect(headers["x-amz-copy-source-if-match"]).toBe('"e"');
    }
  });

  it("has larger parts where a gibibyte each would be more than 10000", async () => {
    const head = { "content-length": String(12_000 * GIB) };
    const failing: Script = (request, number) =>
      request.query.has("partNumber") ? failure(403, "AccessDenied") : parts(request, number);
    const server = await wire(source(head, failing));
    await expect(stubbed(server).copy("a", "b")).rejects.toMatchObject({ code: "denied" });
    expect(ranges(server.requests)[0]).toBe(`bytes=0-${Math.ceil((1.2 * GIB) / 1024 ** 2) * 1024 ** 2 - 1}`);
  });

  it("asks for no checksum, which no completion could name of parts that it has not read", async () => {
    const server = await wire(source({ "content-length": String(size) }, parts));
    await stubbed(server, { checksum: crc32c }).copy("a", "b");
    const asked = server.requests.flatMap(({ headers }) => Object.keys(headers));
    expect(asked.filter((name) => name.includes("checksum"))).toEqual([]);
  });

  it("names the parts in order, in whatever order they were copied", async () => {
    let rest: (() => void) | undefined;
    const others = new Promise<void>((resolve) => (rest = resolve));
    const script: Script = async (request, number) => {
      const part = request.query.get("partNumber");
      if (part === "1") await others;
      if (part === "13") rest?.();
      return parts(request, number);
    };
    const server = await wire(source({ "content-length": String(size) }, script));
    await clocked(server, testClock()).copy("a", "b");
    const document = server.requests.at(-1)?.body.toString() ?? "";
    const named = [...document.matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => Number(number));
    expect(named).toEqual(Array.from({ length: 13 }, (_, index) => index + 1));
  });

  it("refuses a source with metadata that no header can say, and begins nothing", async () => {
    const server = await wire(source({ "content-length": String(size), "x-amz-missing-meta": "1" }, parts));
    await expect(clocked(server, testClock()).copy("a", "b")).rejects.toMatchObject({ code: "unsupported" });
    expect(server.requests.map(({ method }) => method)).toEqual(["HEAD"]);
  });

  it("begins again when its upload is swept meanwhile, which says nothing of the source", async () => {
    let swept = 0;
    const script: Script = (request, number) =>
      request.query.has("partNumber") && swept++ === 0 ? failure(404, "NoSuchUpload") : parts(request, number);
    const server = await wire(source({ "content-length": String(size) }, script));
    expect(await clocked(server, testClock()).copy("a", "b")).toMatchObject({ key: "b", size });
  });

  it("leaves no upload behind when a part fails", async () => {
    const failing: Script = (request) =>
      request.query.get("partNumber") === "3" ? failure(403, "AccessDenied") : parts(request, 0);
    const server = await wire(source({ "content-length": String(size) }, failing));
    await expect(clocked(server, testClock()).copy("a", "b")).rejects.toMatchObject({ code: "denied" });
    expect(server.requests.at(-1)).toMatchObject({ method: "DELETE" });
    expect(server.requests.filter(({ query }) => query.has("partNumber")).length).toBeLessThan(9);
  });
});

describe("copyObject that only creates its target", () => {
  const only = { ifNoneMatch: "*" } as const;
  const MIB = 1024 ** 2;
  const gzip = { "content-encoding": "gzip" };
  const refused = failure(412, "PreconditionFailed");
  const parts: Script = (request) =>
    request.query.has("partNumber") ? xml("CopyPartResult", "<ETag>&quot;p&quot;</ETag>") : happy(request);
  /** Answers what the source is asked for, the GET of it among that, and the first request to the target that `is` names, otherwise. */
  const but =
    (is: (request: Received) => boolean, otherwise: Script, rest: Script = happy): Script =>
    (request, number) =>
      is(request) ? otherwise(request, number) : rest(request, number);
  const isPut = ({ method, query }: Received): boolean => method === "PUT" && !query.has("partNumber");

  it("reads the one version and writes it on a condition, with its headers and an id of its own", async () => {
    const stored = { [ID]: "old", "x-amz-meta-a": "1", "cache-control": "no-store" };
    const got = answer(200, { ...stored, etag: '"e"', "content-type": "a/b" }, "abc");
    const server = await wire(source(stored, (request) => (request.method === "GET" ? got : happy(request))));
    const info = await stubbed(server, { base: "in" }).copy("a", "b", only);
    expect(info).toMatchObject({ key: "b", size: 3, etag: '"e"', metadata: { a: "1" }, contentType: "a/b" });
    expect(server.lines()).toEqual(["HEAD /bucket/in/a", "GET /bucket/in/a", "PUT /bucket/in/b"]);
    expect(server.requests[1]?.headers).toMatchObject({ "if-match": '"e"' });
    expect(server.requests[1]?.headers["if-none-match"]).toBeUndefined();
    const put = server.requests[2];
    expect(put?.headers).toMatchObject({ "if-none-match": "*", "cache-control": "no-store", "x-amz-meta-a": "1" });
    expect(put?.headers["x-amz-copy-source"]).toBeUndefined();
    expect(put?.headers[ID]).toMatch(/^[0-9a-f]{32}$/);
    expect(put?.body.toString()).toBe("abc");
  });

  it("gives what is the source's to what reads, and what is the target's to what writes", async () => {
    const key = "server-side-encryption-customer-key";
    const headers = {
      [`x-amz-copy-source-${key}`]: "b2xk",
      "x-amz-acl": "private",
      "x-amz-request-payer": "requester",
    };
    const server = await wire(happy);
    await stubbed(server).copy("a", "b", { ...only, headers, versionId: "v" });
    const sent = (name: string) => server.requests.map((request) => request.headers[name]);
    expect(sent(`x-amz-${key}`)).toEqual(["b2xk", "b2xk", undefined]);
    expect(sent("x-amz-acl")).toEqual([undefined, undefined, "private"]);
    expect(sent("x-amz-request-payer")).toEqual(["requester", "requester", "requester"]);
    expect(server.requests.map((request) => request.query.get("versionId"))).toEqual(["v", "v", null]);
  });

  it.each([
    ["that some runtimes unpack", { "content-length": "3", ...gzip }, 1],
    ["of a part and a byte", { "content-length": String(5 * MIB + 1) }, 1],
    ["above the size of a part that is copied", { "content-length": String(GIB + 1) }, 2],
  ])("has the store copy what it does not read: an object %s", async (_, headers, count) => {
    const server = await wire(source(headers, parts));
    const copied = await stubbed(server, { partSize: 5 * MIB }).copy("a", "b", only);
    expect(copied).toMatchObject({ key: "b", etag: '"all-2"' });
    expect(server.requests.filter(({ method }) => method === "GET")).toEqual([]);
    expect(ranges(server.requests)).toEqual(count === 1 ? [undefined] : [`bytes=0-${GIB - 1}`, `bytes=${GIB}-${GIB}`]);
    expect(server.requests.at(-1)?.headers).toMatchObject({ "if-none-match": "*" });
  });

  it.each([
    ["of an exact part", { "content-length": String(5 * MIB) }, "x".repeat(5 * MIB)],
    ["with an encoding that is none", { "content-length": "3", "content-encoding": "identity" }, "abc"],
    ["that is empty, whatever its encoding", { "content-length": "0", ...gzip }, ""],
  ])("reads an object %s", async (_, headers, body) => {
    const got = answer(200, { etag: '"e"' }, body);
    const server = await wire(source(headers, (r) => (r.method === "GET" ? got : happy(r))));
    await stubbed(server, { partSize: 5 * MIB }).copy("a", "b", only);
    expect(server.requests.map(({ method }) => method)).toEqual(["HEAD", "GET", "PUT"]);
    expect(server.requests[2]?.body.toString()).toBe(body);
  });

  it("names the target that is there, in one go, also when that is known at the end", async () => {
    for (const [headers, last] of [
      [{}, "PUT"],
      [gzip, "DELETE"],
    ] as const) {
      const is = ({ method, query }: Received): boolean =>
        method === "PUT" ? !query.has("partNumber") : query.has("uploadId") && method === "POST";
      const server = await wire(
        source(
          headers,
          but(is, () => refused, parts),
        ),
      );
      const copy = stubbed(server, { writeId: false }).copy("a", "b", only);
      await expect(copy).rejects.toMatchObject({ code: "precondition-failed", key: "b", operation: "copy" });
      expect(server.requests.filter(is)).toHaveLength(1);
      expect(server.requests.at(-1)?.method).toBe(last);
    }
  });

  it.each([
    ["read", {}, ({ method }: Received) => method === "GET"],
    ["copied", gzip, ({ query }: Received) => query.has("partNumber")],
  ])("begins again when the source is replaced before it is %s, and names no target for it", async (_, headers, is) => {
    let times = 2;
    const server = await wire(
      source(
        headers,
        but(is, (request, number) => (times-- > 0 ? refused : parts(request, number)), parts),
      ),
    );
    // A GET of the source is answered by the same script.
    expect(await stubbed(server).copy("a", "b", only)).toMatchObject({ key: "b" });
    expect(server.requests.filter(is)).toHaveLength(3);
    times = 9;
    await expect(stubbed(server).copy("a", "b", only)).rejects.toMatchObject({ code: "conflict", key: "a" });
    expect(times).toBe(6);
    times = 9;
    const pinned = stubbed(server).copy("a", "b", { ...only, ifMatch: '"e"' });
    await expect(pinned).rejects.toMatchObject({ code: "precondition-failed", key: "a" });
    expect(times).toBe(8);
  });

  it("begins again when the source is replaced while it is read", async () => {
    let gets = 0;
    const cut = { bytes: 'HTTP/1.1 200 OK\r\nETag: "e"\r\nContent-Length: 3\r\n\r\na', then: "fin" } as const;
    const script: Script = (request) => {
      if (request.method !== "GET") return happy(request);
      gets++;
      return gets === 1 ? cut : gets === 2 ? refused : answer(200, { etag: '"e"' }, "abc");
    };
    const server = await wire(source({}, script));
    expect(await stubbed(server).copy("a", "b", only)).toMatchObject({ key: "b", size: 3 });
    expect(gets).toBe(3);
    gets = 0;
    const pinned = stubbed(await wire(source({}, script))).copy("a", "b", { ...only, ifMatch: '"e"' });
    await expect(pinned).rejects.toMatchObject({ code: "precondition-failed", key: "a" });
  });

  it("is not-found where the source is gone before it is read", async () => {
    const is = ({ method }: Received): boolean => method === "GET";
    const server = await wire(
      source(
        {},
        but(is, () => failure(404, "NoSuchKey")),
      ),
    );
    await expect(stubbed(server).copy("a", "b", only)).rejects.toMatchObject({ code: "not-found", key: "a" });
    expect(server.requests.some(isPut)).toBe(false);
  });

  it("is not begun again in doubt, where it would be refused for what it has made", async () => {
    let puts = 0;
    const lost: Script = () => (puts++ === 0 ? { bytes: "", then: "fin" } : refused);
    const server = await wire(source({}, but(isPut, lost)));
    const copy = stubbed(server, { writeId: false }).copy("a", "b", only);
    await expect(copy).rejects.toMatchObject({ code: "ambiguous" });
    expect(puts).toBe(2);
  });

  it("refuses to lose metadata that no header can say, before it reads", async () => {
    const server = await wire(source({ "x-amz-missing-meta": "1" }));
    await expect(stubbed(server).copy("a", "b", only)).rejects.toMatchObject({ code: "unsupported" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("an abort of a copy that", () => {
  const only = { ifNoneMatch: "*" } as const;

  it.each<[string, number, Record<string, string>, object, Script]>([
    ["looks at its source", 1, {}, {}, happy],
    ["has the store copy", 2, {}, {}, happy],
    ["looks for what a store with nothing to say has made", 3, {}, {}, () => answer(200)],
    ["opens its source", 2, {}, only, happy],
    ["writes what it has read", 3, {}, only, happy],
    ["has the store copy a part", 3, { "content-encoding": "gzip" }, only, happy],
    ["completes its parts", 4, { "content-encoding": "gzip" }, only, happy],
  ])("%s is heard at once", async (_, at, headers, options, rest) => {
    const control = new AbortController();
    const reason = new Error("left");
    const scripted = source(headers, (request) =>
      request.query.has("partNumber") ? xml("CopyPartResult", "<ETag>&quot;p&quot;</ETag>") : rest(request, 0),
    );
    const server = await wire((request, number) => {
      if (number !== at) return scripted(request, number);
      setTimeout(() => control.abort(reason), 10);
      return { bytes: "", then: "hang" };
    });
    const copy = stubbed(server).copy("a", "b", { ...options, signal: control.signal });
    await expect(copy).rejects.toBe(reason);
  });
});

it("a copy whose answer was lost, and which is denied then, is denied, since that is no echo of its success", async () => {
  let sent = 0;
  const server = await wire(((request) => {
    if (request.method !== "PUT") return happy(request);
    return sent++ === 0 ? { bytes: "", then: "rst" } : failure(403, "AccessDenied");
  }) as Script);
  await expect(clocked(server, testClock()).copy("a", "b")).rejects.toMatchObject({ code: "denied" });
  expect(sent).toBe(2);
});
