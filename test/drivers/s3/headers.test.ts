import { describe, expect, it, vi } from "vitest";
import { extraHeaders, checkStore, toEtag, toStoredInfo } from "../../../drivers/s3/headers.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";
import memory from "../../../drivers/memory.ts";
import type { RequestOptions } from "../../../src/backend.ts";
import type { Driver } from "../../../src/driver.ts";
import { toRequestHeaders } from "../../../src/s3/headers.ts";
import { stubbed } from "../../support/stubbed.ts";
import { answer, happy, wire } from "../../support/wire.ts";

function answered(headers: Readonly<Record<string, string>>): WireResponse {
  return {
    status: 200,
    header: (name) => headers[name] ?? null,
    names: () => Object.keys(headers),
    pieces: () => ({ next: async () => null, cancel: () => {} }),
    bytes: async () => new Uint8Array(),
    discard: async () => {},
    raw: true,
  };
}

const info = (headers: Readonly<Record<string, string>>): ReturnType<typeof toStoredInfo> =>
  toStoredInfo("k", answered(headers), 5);

describe("toRequestHeaders and toStoredInfo", () => {
  it.each([
    "plain",
    "naïve",
    "漢字 😀",
    "a  b",
    "=?UTF-8?B?eA==?=",
    "=?",
    "x".repeat(2000),
    "é".repeat(900),
    'a, b; c="d"',
    "",
  ])("metadata %j goes as ASCII and comes back as it was", (value) => {
    const sent = toRequestHeaders({ metadata: { note: value } });
    expect(sent["x-amz-meta-note"]).toMatch(/^[\x20-\x7e]*$/);
    expect({ ...info(sent as Record<string, string>).metadata }).toEqual({ note: value });
  });

  it("the other headers go as they are", () => {
    const given = {
      contentType: "a/b",
      contentEncoding: "gzip",
      contentLanguage: "de",
      contentDisposition: 'attachment; filename="x"',
      cacheControl: "no-store",
    };
    const sent = toRequestHeaders(given) as Record<string, string>;
    expect(sent["content-disposition"]).toBe('attachment; filename="x"');
    expect(info(sent)).toMatchObject(given);
  });
});

describe("toStoredInfo", () => {
  it("takes no header for absent that a browser hides", () => {
    const filtered = (headers: Readonly<Record<string, string>>): ReturnType<typeof toStoredInfo> =>
      toStoredInfo("k", { ...answered(headers), filtered: true }, 5);
    expect(() => filtered({})).toThrow(
      expect.objectContaining({ code: "unsupported", message: expect.stringMatching(/etag.*ExposeHeaders/) }),
    );
    expect(filtered({ etag: '"e"' })).toMatchObject({ etag: '"e"', missingMetadata: Infinity });
    expect(info({ etag: '"e"' }).missingMetadata).toBeUndefined();
  });

  it("guesses no time that the answer does not say", () => {
    const date = "Fri, 02 Jan 2026 03:04:05 GMT";
    expect(info({ "last-modified": date }).lastModified).toEqual(new Date(date));
    expect([info({}).lastModified, info({ "last-modified": "soon" }).lastModified]).toEqual([undefined, undefined]);
  });

  it.each([
    ["=?UTF-8?Q?na=C3=AFve_x?=", "naïve x"],
    ["=?utf-8?b?w6k=?= =?UTF-8?Q?b?=", "éb"],
    ["a =?UTF-8?B?w6k=?= b", "a é b"],
    ["=?UTF-8?B?***?=", "***"],
    ["=?ISO-8859-1?Q?=E9?=", "=?ISO-8859-1?Q?=E9?="],
  ])("reads what another client stored as %s", (value, expected) => {
    expect(info({ "x-amz-meta-note": value }).metadata?.["note"]).toBe(expected);
  });

  it.each([
    ["aws-chunked", undefined],
    ["aws-chunked,gzip", "gzip"],
    ["gzip, aws-chunked", "gzip"],
    ["gzip", "gzip"],
  ])("content-encoding %s is %s", (value, expected) => {
    expect(info({ "content-encoding": value }).contentEncoding).toBe(expected);
  });

  it("changes no other header", () => {
    expect(info({ "content-disposition": "attachment; filename=aws-chunked" }).contentDisposition).toContain(
      "aws-chunked",
    );
  });

  it("leaves out what is not said, and takes metadata names that objects have", () => {
    const found = info({ etag: "x", "x-amz-meta-__proto__": "p", "x-amz-meta-constructor": "c" });
    expect(found).toMatchObject({ key: "k", size: 5, etag: '"x"' });
    expect(Object.keys(found.metadata ?? {})).toEqual(["__proto__", "constructor"]);
    expect(found).not.toHaveProperty("contentType");
  });
});

it.each([
  ['"a"', '"a"'],
  ["a", '"a"'],
  ['W/"a"', '"a"'],
  ['"a-2"', '"a-2"'],
  [null, '""'],
  [undefined, '""'],
])("toEtag of %s is %s", (value, expected) => {
  expect(toEtag(value)).toBe(expected);
});

describe("headers and versionId of one call", () => {
  const headers = { "X-Amz-Request-Payer": "requester", "x-amz-server-side-encryption-customer-key": "a2V5" };
  const calls: readonly (readonly [string, (driver: Driver, options: RequestOptions) => Promise<unknown>])[] = [
    ["head", (driver, options) => driver.head("k", options)],
    ["exists", (driver, options) => driver.exists("k", options)],
    ["download", (driver, options) => driver.download("k", options)],
    ["delete", (driver, options) => driver.delete("k", options)],
  ];

  it.each(calls)("of %s are sent and signed", async (_, run) => {
    const server = await wire(happy);
    await run(stubbed(server), { headers, versionId: "v/1+" });
    const [request] = server.requests;
    expect(request?.query.get("versionId")).toBe("v/1+");
    expect(request?.headers).toMatchObject({
      "x-amz-request-payer": "requester",
      "x-amz-server-side-encryption-customer-key": "a2V5",
      authorization: expect.stringMatching(/;x-amz-request-payer;x-amz-server-side-encryption-customer-key/),
    });
  });

  it("of copy name the source's version, and go to the look at the source as far as it needs them", async () => {
    const server = await wire(happy);
    const source = { "x-amz-copy-source-server-side-encryption-customer-key": "b2xk" };
    const all = { ...headers, ...source, "x-amz-acl": "private" };
    await stubbed(server).copy("a", "b", { headers: all, versionId: "v 1" });
    const [head, put] = server.requests;
    expect(head?.query.get("versionId")).toBe("v 1");
    expect(head?.headers).toMatchObject({
      "x-amz-server-side-encryption-customer-key": "b2xk",
      "x-amz-request-payer": "requester",
    });
    expect(head?.headers).not.toHaveProperty("x-amz-acl");
    expect(put?.headers).toMatchObject({
      "x-amz-copy-source": "/bucket/a?versionId=v%201",
      "x-amz-acl": "private",
      "x-amz-server-side-encryption-customer-key": "a2V5",
      ...source,
    });
  });

  it("of move go to each of its requests as far as it needs them", async () => {
    let copied = false;
    const server = await wire((request) => {
      if (request.method === "PUT") copied = true;
      if (request.method !== "HEAD") return happy(request);
      const etag = request.path.endsWith("/a") ? '"e"' : copied ? '"c"' : '"old"';
      return answer(200, { "content-length": "3", etag });
    });
    const key = "server-side-encryption-customer-key";
    const all = { ...headers, [`x-amz-copy-source-${key}`]: "b2xk", "x-amz-acl": "private" };
    await stubbed(server).move("a", "b", { headers: all });
    const sent = server.requests.map((request) => [
      `${request.method} ${request.path}`,
      request.headers["x-amz-request-payer"],
      request.headers[`x-amz-${key}`],
      request.headers["x-amz-acl"],
    ]);
    const source = ["HEAD /bucket/a", "requester", "b2xk", undefined];
    const target = ["HEAD /bucket/b", "requester", "a2V5", undefined];
    expect(sent).toEqual([
      source,
      target,
      source,
      ["PUT /bucket/b", "requester", "a2V5", "private"],
      target,
      source,
      ["DELETE /bucket/a", "requester", undefined, undefined],
    ]);
  });

  it.each(["range", "If-Match", "authorization", "x-amz-copy-source", "x-amz-date"])("may not be %s", async (name) => {
    const server = await wire(happy);
    for (const [, run] of calls) {
      await expect(run(stubbed(server), { headers: { [name]: "x" } })).rejects.toMatchObject({
        code: "invalid-option",
      });
    }
    expect(server.requests).toEqual([]);
  });

  it("are for one key: delete of several and move refuse them", async () => {
    const driver = stubbed("http://127.0.0.1:9");
    const refused = { code: "invalid-option" };
    await expect(driver.delete(["a", "b"], { versionId: "v" } as object)).rejects.toMatchObject(refused);
    await expect(driver.delete(["a", "b"], { headers } as object)).rejects.toMatchObject(refused);
    await expect(driver.move("a", "b", { versionId: "v" } as object)).rejects.toMatchObject(refused);
  });

  it("versionId is unsupported where no versions are kept", async () => {
    for (const [, run] of calls) {
      await expect(run(memory(), { versionId: "v" })).rejects.toMatchObject({ code: "unsupported" });
    }
    await expect(memory().copy("a", "b", { versionId: "v" })).rejects.toMatchObject({ code: "unsupported" });
  });

  it("the version comes with what is read", async () => {
    const server = await wire(answer(200, { "content-length": "3", etag: '"e"', "x-amz-version-id": "v1" }, "abc"));
    expect(await (await stubbed(server).download("k")).versionId).toBe("v1");
  });
});

describe("checkStore", () => {
  const page = { "content-type": "text/html", "content-length": "5", date: "Fri, 02 Jan 2026 03:04:05 GMT" };

  it("rejects corrupt, which may pass, and lets go of the body where nothing in the head is S3's", () => {
    const discard = vi.fn(async () => {});
    expect(() => checkStore({ ...answered({ ...page, "x-amzn-trace-id": "t" }), discard })).toThrow(
      expect.objectContaining({ code: "corrupt", retryable: true, message: expect.stringContaining("no S3 store") }),
    );
    expect(discard).toHaveBeenCalledOnce();
  });

  it("takes a weak ETag for a web server's, unless an x-amz- header is beside it", () => {
    const weak = { ...page, etag: 'W/"5-e"' };
    expect(() => checkStore(answered(weak))).toThrow("no S3 store");
    expect(() => checkStore(answered({ ...weak, "x-amz-request-id": "r" }))).not.toThrow();
  });

  it.each(["etag", "x-amz-request-id", "x-amz-meta-a"])("takes an answer with %s alone", (name) => {
    expect(() => checkStore(answered({ ...page, [name]: "e" }))).not.toThrow();
  });

  it("takes what a browser shows no headers of", () => {
    expect(() => checkStore({ ...answered(page), filtered: true })).not.toThrow();
  });
});

describe("extraHeaders", () => {
  it("lower-cases names and trims values", () => {
    expect(extraHeaders({ "X-A": " b ", c: "" })).toEqual({ "x-a": "b", c: "" });
  });

  it("never repeats a value that it refuses", () => {
    expect(() => extraHeaders({ "x-key": "CANARY\n" })).toThrow(/^(?!.*CANARY)headers x-key/);
  });
});
