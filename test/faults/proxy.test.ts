/** Every fault of the proxy, as a client without any library sees it. */
import { connect } from "node:net";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Fault } from "./proxy/fault.ts";
import { faultOf } from "./proxy/deliver.ts";
import { scripted } from "./proxy/rules.ts";
import { type Logged, startProxy } from "./proxy.ts";
import { startStub } from "./stub.ts";

const BODY = "no such bucket";
const REPLY: Fault = { do: "reply", status: 200, body: BODY };

/**
 * Sends requests over one connection, one after another, and gives all that came back, and how it ended. Each but the last is waited
 * for until something has come; the last until `whole` has, and then for what must not come behind it.
 */
async function raw(
  faults: readonly Fault[],
  whole: (text: Buffer) => boolean = () => true,
  count = 1,
): Promise<{ text: Buffer; reset: boolean; log: Logged[] }> {
  const stub = await startStub({ accessKeyId: "a", secretAccessKey: "s" });
  const log: Logged[] = [];
  const { faultsFor } = scripted([{ faults }]);
  const proxy = await startProxy({ upstream: stub, faultsFor, log: (entry) => void log.push(entry) });
  onTestFinished(async () => {
    await proxy.close();
    await stub.close();
  });
  const socket = connect(proxy.port, "127.0.0.1");
  const chunks: Buffer[] = [];
  let reset = false;
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => (reset = true));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const came = (): boolean => whole(Buffer.concat(chunks));
  for (let sent = 1; sent <= count; sent++) {
    socket.write("PUT /b/k HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n");
    await expect.poll(() => log.length === sent && (sent < count ? chunks.length > 0 : came())).toBe(true);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  // What is endless is not heard to its end.
  if (faultOf(faults, "endless") ?? faultOf(faults, "flood")) socket.destroy();
  socket.end();
  await closed;
  return { text: Buffer.concat(chunks), reset, log };
}

const bodyOf = (text: Buffer): string => text.subarray(text.indexOf("\r\n\r\n") + 4).toString();

describe("a fault of the proxy does what its name says:", () => {
  test.each<[string, readonly Fault[], RegExp]>([
    ["reply", [REPLY], /^HTTP\/1\.1 200 [^]*content-length: 14\r\n[^]*\r\n\r\nno such bucket$/],
    ["forwarding", [], /^HTTP\/1\.1 404 [^]*NoSuchBucket[^]*<\/Error>$/],
    ["drop", [{ do: "drop", by: "rst" }], /^$/],
    ["lose", [{ do: "lose", by: "rst" }], /^$/],
    ["status", [{ do: "status", status: 503 }], /^HTTP\/1\.1 503 [^]*NoSuchBucket/],
    ["headers", [REPLY, { do: "headers", set: { "x-a": "1", date: null } }], /^(?![^]*\ndate:)[^]*\nx-a: 1\r\n/],
    ["body", [{ do: "body", body: "other" }], /content-length: 5\r\n[^]*\r\n\r\nother$/],
    ["date", [REPLY, { do: "date", milliseconds: 0 }], /\ndate: \w{3}, /],
    ["corrupt", [REPLY, { do: "corrupt", at: 0 }], /\r\n\r\noo such bucket$/],
    ["overlong", [REPLY, { do: "overlong", bytes: 3 }], /content-length: 14\r\n[^]*\r\n\r\nno such bucket!!!$/],
    ["interim", [REPLY, { do: "interim", status: 103 }], /^HTTP\/1\.1 103 Interim\r\n\r\nHTTP\/1\.1 200 /],
    ["http-1.0", [REPLY, { do: "http-1.0" }], /^HTTP\/1\.0 200 /],
    ["close-delimited", [REPLY, { do: "close-delimited" }], /^(?![^]*content-length)[^]*\r\n\r\nno such bucket$/],
    ["truncate", [REPLY, { do: "truncate", at: 5, by: "fin" }], /content-length: 14\r\n[^]*\r\n\r\nno su$/],
    ["stall", [REPLY, { do: "stall", at: 2 }], /\r\n\r\nno$/],
    ["drip", [REPLY, { do: "drip", size: 5, milliseconds: 1 }], /\r\n\r\nno such bucket$/],
    [
      "whitespace",
      [REPLY, { do: "whitespace", count: 2, milliseconds: 1 }],
      /\r\n\r\n1\r\n \r\n1\r\n \r\ne\r\nno such bucket\r\n0\r\n\r\n$/,
    ],
    ["delay", [{ do: "delay", milliseconds: 5 }], /NoSuchBucket/],
    ["early reply", [{ do: "reply", status: 403, early: true }], /^HTTP\/1\.1 403 /],
  ])("%s", async (_, faults, wanted) => {
    const { text, log } = await raw(faults, (came) => wanted.test(came.toString("latin1")));
    expect(text.toString("latin1")).toMatch(wanted);
    expect(log.map(({ operation, key, faults: names }) => [operation, key, names])).toEqual([
      ["PutObject", "k", faults.map((fault) => fault.do)],
    ]);
  });

  test("gzip packs, and says so", async () => {
    const { text } = await raw([REPLY, { do: "gzip" }], (came) => {
      const length = /content-length: (\d+)/.exec(came.toString("latin1"))?.[1];
      return length !== undefined && came.length === came.indexOf("\r\n\r\n") + 4 + Number(length);
    });
    expect(text.toString("latin1")).toContain("content-encoding: gzip");
    expect(gunzipSync(text.subarray(text.indexOf("\r\n\r\n") + 4)).toString()).toBe(BODY);
  });

  test("a reset and an end are told apart", async () => {
    const cut = (text: Buffer): boolean => bodyOf(text) === BODY.slice(0, 5);
    expect((await raw([REPLY, { do: "truncate", at: 5, by: "rst" }], cut)).reset).toBe(true);
    expect((await raw([REPLY, { do: "truncate", at: 5, by: "fin" }], cut)).reset).toBe(false);
    const early = await raw([{ do: "reply", status: 403, early: "reset" }]);
    expect([early.text.toString().slice(0, 12), early.reset]).toEqual(["HTTP/1.1 403", true]);
  });

  test("idle-close answers the first request on a connection, and ends at the second", async () => {
    const { text, log } = await raw([REPLY, { do: "idle-close" }], undefined, 2);
    expect([bodyOf(text), log.length]).toEqual([BODY, 2]);
  });

  test("endless does not end by itself", async () => {
    const { text } = await raw([REPLY, { do: "endless" }], ({ length }) => length > 1024 * 1024);
    expect(text.length).toBeGreaterThan(1024 * 1024);
  });

  test("flood sends its piece for ever, and tells when nobody takes it any more", async () => {
    const flood = { do: "flood", begin: "HTTP/1.1 200 OK\r\n", piece: "a: b\r\n", every: 1 } as const;
    const { text, log } = await raw([flood], ({ length }) => length > 30);
    expect(text.toString()).toMatch(/^HTTP\/1.1 200 OK\r\n(a: b\r\n){3,}$/);
    await expect.poll(() => log[0]?.flood?.open).toBe(false);
  });

  test("idle-close by silence answers the first request on a connection, and none after it", async () => {
    const { text, log } = await raw([REPLY, { do: "idle-close", by: "silence" }], undefined, 2);
    expect([bodyOf(text), log.length]).toEqual([BODY, 2]);
  });

  test("lose lets the server do what it was asked, drop does not", async () => {
    const { log } = await raw([{ do: "lose", by: "fin" }]);
    await expect.poll(() => log[0]?.status).toBe(404);
    expect((await raw([{ do: "drop", by: "fin" }])).log[0]?.status).toBeUndefined();
  });
});

test("rules count the requests that match them, by operation, key and part", () => {
  const first: Fault = { do: "drop", by: "fin" };
  const every: Fault = { do: "delay", milliseconds: 1 };
  const script = scripted([
    { operation: "UploadPart", part: 2, nth: 2, faults: [first] },
    { operation: ["PutObject", "UploadPart"], to: 3, faults: [every] },
  ]);
  const part = (number: number) => ({
    operation: "UploadPart",
    bucket: "b",
    key: "k",
    query: new Map([["partNumber", `${number}`]]),
  });
  expect([1, 2, 2, 2].map((number) => script.faultsFor(part(number)))).toEqual([[every], [every], [first, every], []]);
});
