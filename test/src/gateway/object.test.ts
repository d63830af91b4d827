import { describe, expect, it } from "vitest";
import { StorageError } from "../../../src/error.ts";
import { quoted, unconditional, writeConditions } from "../../../src/gateway/object.ts";
import { asking, refusalOf } from "./asked.ts";

const PAST = "Mon, 01 Jan 2001 00:00:00 GMT";
const FUTURE = "Tue, 01 Jan 2999 00:00:00 GMT";

describe("readObject", () => {
  it("gives an object with all that is stored with it", async () => {
    const { store, ask } = asking();
    const options = { contentType: "text/css", cacheControl: "no-store", contentLanguage: "de", metadata: { a: "ä" } };
    const { etag } = await store.upload("a b/ü", "abc", options);
    for (const method of ["GET", "HEAD"]) {
      const response = await ask(method, "bucket/a%20b/%C3%BC");
      expect([response.status, await response.text()]).toEqual([200, method === "GET" ? "abc" : ""]);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        etag,
        "accept-ranges": "bytes",
        "cache-control": "no-store",
        "content-language": "de",
        "content-length": "3",
        "content-type": "text/css",
        "x-amz-meta-a": "=?UTF-8?B?w6Q=?=",
      });
      expect(Date.parse(response.headers.get("last-modified") ?? "")).toBeGreaterThan(0);
    }
  });

  it("says of a key that is not there what S3 says, and of a HEAD no more than the status", async () => {
    const { ask } = asking();
    expect(await refusalOf(await ask("GET", "bucket/none"))).toBe("404 NoSuchKey");
    const head = await ask("HEAD", "bucket/none");
    expect([head.status, await head.text()]).toEqual([404, ""]);
  });

  it("gives a range, and says how long an object is that has none such", async () => {
    const { store, ask } = asking();
    await store.upload("key", "0123456789");
    const part = await ask("GET", "bucket/key", { headers: { range: "bytes=2-4" } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([206, "234", "bytes 2-4/10"]);
    const none = await ask("GET", "bucket/key", { headers: { range: "bytes=10-" } });
    expect([none.headers.get("content-range"), await none.clone().text()]).toEqual([
      "bytes */10",
      expect.stringContaining("<RangeRequested>bytes=10-</RangeRequested><ActualObjectSize>10</ActualObjectSize>"),
    ]);
    expect(await refusalOf(none)).toBe("416 InvalidRange");
  });

  it.each<[Record<string, string>, number]>([
    [{ "if-match": "ETAG" }, 200],
    [{ "if-match": "BARE" }, 200],
    [{ "if-match": "*" }, 200],
    [{ "if-match": '"other"' }, 412],
    [{ "if-match": "other" }, 412],
    [{ "if-none-match": "ETAG" }, 304],
    [{ "if-none-match": "BARE" }, 304],
    [{ "if-none-match": "*" }, 304],
    [{ "if-none-match": '"other"' }, 200],
    [{ "if-modified-since": FUTURE }, 304],
    [{ "if-modified-since": PAST }, 200],
    [{ "if-unmodified-since": PAST }, 412],
    [{ "if-unmodified-since": FUTURE }, 200],
    [{ "if-match": "ETAG", "if-unmodified-since": PAST }, 200],
    [{ "if-none-match": "ETAG", "if-modified-since": PAST }, 304],
    [{ "if-none-match": '"other"', "if-modified-since": FUTURE }, 200],
    [{ "if-match": '"other"', "if-none-match": "ETAG" }, 412],
  ])("holds conditions: %j", async (conditions, status) => {
    const { store, ask } = asking();
    const { etag } = await store.upload("key", "abc");
    const headers = Object.fromEntries(
      Object.entries(conditions).map(([name, value]) => [
        name,
        value.replace("ETAG", etag).replace("BARE", etag.slice(1, -1)),
      ]),
    );
    for (const method of ["GET", "HEAD"]) {
      const response = await ask(method, "bucket/key", { headers });
      const body = await response.text();
      expect(response.status).toBe(status);
      if (status === 412 && method === "GET") expect(body).toContain("<Code>PreconditionFailed</Code>");
      else expect(body).toBe(status === 200 && method === "GET" ? "abc" : "");
    }
  });

  it("shows other headers than are stored to who has signed for them", async () => {
    const { store, ask } = asking();
    await store.upload("key", "abc", { contentType: "text/css", cacheControl: "no-store" });
    const query = new URLSearchParams({
      "response-content-type": "text/plain",
      "response-content-disposition": 'attachment; filename="a"',
      "response-content-language": "de",
      "response-content-encoding": "identity",
      "response-cache-control": "max-age=1",
    });
    const { headers } = await ask("GET", `bucket/key?${query}`);
    for (const [name, value] of query) expect(headers.get(name.slice("response-".length))).toBe(value);
  });

  it.each([
    ["response-content-type=text%2Fhtml%0D%0Ax%3A%20y", "400 InvalidArgument"],
    ["response-content-disposition=%C3%BC", "400 InvalidArgument"],
    ["response-expires=x", "501 NotImplemented"],
    ["versionId=7", "501 NotImplemented"],
  ])("refuses what it cannot show: %s", async (query, refusal) => {
    const { store, ask } = asking();
    await store.upload("key", "abc");
    expect(await refusalOf(await ask("GET", `bucket/key?${query}`))).toBe(refusal);
  });

  it("shows nothing but what is stored to anybody", async () => {
    const { store, send } = asking({ publicPrefixes: ["public/"] });
    await store.upload("public/key", "abc", { contentType: "text/plain" });
    const asked = (query: string): Promise<Response> => send(new Request(`http://gateway/bucket/public/key${query}`));
    expect((await asked("")).status).toBe(200);
    expect(await refusalOf(await asked("?response-content-type=text%2Fhtml"))).toBe("400 InvalidRequest");
  });
});

describe("putObject", () => {
  it("stores bytes and what the headers say of them", async () => {
    const { store, ask } = asking();
    const headers = { "content-type": "text/css", "content-disposition": "attachment", "x-amz-meta-a": "b" };
    const response = await ask("PUT", "bucket/key", { body: "abc", headers });
    expect([response.status, await response.text()]).toEqual([200, ""]);
    const object = await store.download("key");
    expect([await object.text(), object.etag]).toEqual(["abc", response.headers.get("etag")]);
    expect(object).toMatchObject({ contentType: "text/css", contentDisposition: "attachment", metadata: { a: "b" } });
  });

  it("says the checksum that it computed", async () => {
    const headers = { "x-amz-checksum-crc32": "NSRBwg==" };
    const response = await asking().ask("PUT", "bucket/key", { body: "abc", headers });
    expect([response.status, response.headers.get("x-amz-checksum-crc32")]).toEqual([200, "NSRBwg=="]);
  });

  it("takes what comes without a type for bytes, as S3 does", async () => {
    const { store, ask } = asking();
    await ask("PUT", "bucket/key.html", { body: new Uint8Array(3) });
    expect((await store.head("key.html"))?.contentType).toBe("binary/octet-stream");
  });

  it.each<[Record<string, string>, string]>([
    [{ "if-none-match": "*" }, "412 PreconditionFailed"],
    [{ "if-match": '"other"' }, "412 PreconditionFailed"],
    [{ "if-match": "other" }, "412 PreconditionFailed"],
    [{ "if-none-match": '"other"' }, "501 NotImplemented"],
    [{ "if-unmodified-since": FUTURE }, "501 NotImplemented"],
    [{ "x-amz-tagging": "a=b" }, "501 NotImplemented"],
    [{ expires: FUTURE }, "501 NotImplemented"],
    [{ "x-amz-meta-a": "b".repeat(2048) }, "400 MetadataTooLarge"],
    [{ "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" }, "400 BadDigest"],
  ])("refuses %j, and leaves what is there", async (headers, refusal) => {
    const { store, ask } = asking();
    const { etag } = await store.upload("key", "before");
    expect(await refusalOf(await ask("PUT", "bucket/key", { body: "abc", headers }))).toBe(refusal);
    expect((await store.head("key"))?.etag).toBe(etag);
  });

  it("replaces the version that is named, with quotes or without", async () => {
    const { store, ask } = asking();
    for (const write of [(etag: string) => etag, (etag: string) => etag.slice(1, -1), () => "*"]) {
      const { etag } = await store.upload("key", "before");
      const response = await ask("PUT", "bucket/key", { body: "abc", headers: { "if-match": write(etag) } });
      expect(response.status).toBe(200);
    }
    expect((await ask("PUT", "bucket/new", { body: "", headers: { "if-none-match": "*" } })).status).toBe(200);
    expect(await refusalOf(await ask("PUT", "bucket/absent", { body: "", headers: { "if-match": "*" } }))).toBe(
      "412 PreconditionFailed",
    );
  });

  it.each([
    ["a%2F..%2Fb", "400 InvalidURI"],
    ["k".repeat(1025), "400 KeyTooLongError"],
  ])("refuses a key that is none: %s", async (key, refusal) => {
    expect(await refusalOf(await asking().ask("PUT", `bucket/${key}`, { body: "" }))).toBe(refusal);
  });
});

describe("deleteObject", () => {
  it("deletes, and says the same of a key that is not there", async () => {
    const { store, ask } = asking();
    await store.upload("key", "abc");
    for (const _ of [1, 2]) {
      const response = await ask("DELETE", "bucket/key");
      expect([response.status, await response.text()]).toEqual([204, ""]);
    }
    expect(await store.exists("key")).toBe(false);
  });

  it("says so where the store has not deleted", async () => {
    const { store, ask } = asking();
    store.delete = () => Promise.reject(new StorageError("unavailable", "not now"));
    expect(await refusalOf(await ask("DELETE", "bucket/key"))).toBe("503 ServiceUnavailable");
  });

  it("deletes one version alone, and on a condition nothing that is not there", async () => {
    const { store, ask } = asking();
    const { etag } = await store.upload("key", "abc");
    const deleted = async (match: string): Promise<string> => {
      const response = await ask("DELETE", "bucket/key", { headers: { "if-match": match } });
      return response.ok ? "gone" : refusalOf(response);
    };
    expect(await deleted('"other"')).toBe("412 PreconditionFailed");
    expect(await store.exists("key")).toBe(true);
    expect(await deleted(etag.replaceAll('"', ""))).toBe("gone");
    expect(await store.exists("key")).toBe(false);
    for (const match of [etag, "*"]) expect(await deleted(match)).toBe("404 NoSuchKey");
    await store.upload("key", "abc");
    expect(await deleted("*")).toBe("gone");
    expect(await store.exists("key")).toBe(false);
  });

  it.each(["if-none-match", "if-modified-since", "if-unmodified-since", "x-amz-if-match-size"])(
    "refuses a condition that it has not, and deletes nothing: %s",
    async (name) => {
      const { store, ask } = asking();
      await store.upload("key", "abc");
      expect(await refusalOf(await ask("DELETE", "bucket/key", { headers: { [name]: "*" } }))).toBe(
        "501 NotImplemented",
      );
      expect(await store.exists("key")).toBe(true);
    },
  );
});

describe("putObject", () => {
  it.each([
    [0, true],
    [1, true],
    [65_536, true],
    [65_537, false],
  ])("stores %i bytes that come in pieces, held whole where they are few: %s", async (size, held) => {
    const { store, ask } = asking();
    const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
    let at = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at < size) controller.enqueue(bytes.slice(at, (at += 1000)));
        else controller.close();
      },
    });
    const headers = { "content-length": String(size), "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const init: RequestInit & { duplex: "half" } = { body, headers, duplex: "half" };
    const { upload } = store;
    store.upload = (key, source, options) => {
      expect([options?.size, source instanceof Uint8Array]).toEqual([size, held]);
      return upload(key, source, options);
    };
    expect((await ask("PUT", "bucket/key", init)).status).toBe(200);
    expect(Buffer.from(bytes).equals(await (await store.download("key")).bytes())).toBe(true);
  });
});

describe("writeConditions", () => {
  it("are those of ETags", () => {
    expect(writeConditions(new Headers())).toEqual({});
    expect(writeConditions(new Headers({ "if-match": "a" }))).toEqual({ ifMatch: '"a"' });
    expect(writeConditions(new Headers({ "if-match": "" }))).toEqual({ ifMatch: '""' });
    expect(writeConditions(new Headers({ "if-none-match": "*" }))).toEqual({ ifNoneMatch: "*" });
  });
});

describe("unconditional", () => {
  it.each(["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"])(
    "names %s, which it refuses",
    (name) => {
      expect(() => unconditional(new Headers({ [name]: "*" }))).toThrow(name);
      expect(() => unconditional(new Headers({ "x-amz-date": "x" }))).not.toThrow();
    },
  );
});

describe("quoted", () => {
  it.each([
    ["a", '"a"'],
    ['"a"', '"a"'],
    ['W/"a"', 'W/"a"'],
    ['"a", "b"', '"a", "b"'],
    ["*", "*"],
  ])("writes %s as %s", (etag, written) => {
    expect(quoted(etag)).toBe(written);
  });
});
