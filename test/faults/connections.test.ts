/** Connections: slow ones that live, ones that do not take or give anything, ones that are kept, and ones that leak. */
import { describe, expect, test } from "vitest";
import type { DownloadOptions } from "../../src/interface.ts";
import { testClock } from "../support/clock.ts";
import { intake } from "../support/intake.ts";
import { listened } from "../support/listened.ts";
import { clocked, stubbed, TRANSPORTS } from "../support/stubbed.ts";
import { type Answer, answer, failure, happy, type Script, wire } from "../support/wire.ts";

const MIB = 1024 * 1024;
const ONCE = { attempts: 1 };
const OK = 'HTTP/1.1 200 OK\r\netag: "e"\r\ncontent-length: 0\r\n\r\n';
const large = new Uint8Array(8 * MIB);

describe("an upload over undici", () => {
  test("that is slow but taken is not cut off, however long it takes in all (B6)", async () => {
    // More than the system takes in advance, so that the server's pace is felt.
    const body = new Uint8Array(48 * MIB);
    const server = await intake({ every: 2, took: (socket, bytes) => void (bytes > body.length && socket.write(OK)) });
    const started = performance.now();
    await stubbed(server.url, { timeout: 150, partSize: body.length, retry: ONCE }).upload("k", body);
    // undici looks after its timers twice a second.
    expect(performance.now() - started).toBeGreaterThan(1300);
  });

  test("that is not taken rejects timeout", async () => {
    const server = await intake({ every: Infinity });
    const upload = stubbed(server.url, { timeout: 100, retry: ONCE }).upload("k", large);
    await expect(upload).rejects.toMatchObject({ code: "timeout" });
  });

  test("that is taken and never answered rejects timeout", async () => {
    const server = await intake({});
    const upload = stubbed(server.url, { timeout: 100, retry: ONCE }).upload("k", large);
    await expect(upload).rejects.toMatchObject({ code: "timeout" });
  });
});

describe.each(TRANSPORTS)("an upload over %s", (_, transport) => {
  test("that is refused early rejects with the answer (B7)", async () => {
    const refusal = failure(403, "AccessDenied").bytes;
    let answered = false;
    const server = await intake({
      took: (socket) => {
        if (!answered) socket.write(refusal);
        answered = true;
      },
    });
    const upload = stubbed(server.url, { ...transport, retry: ONCE }).upload("k", large);
    await expect(upload).rejects.toMatchObject({ code: "denied", response: { status: 403, code: "AccessDenied" } });
  });

  test("whose connection is reset in the middle is sent again whole (B7)", async () => {
    let cut = false;
    const server = await intake({
      took: (socket, bytes) => {
        if (!cut && bytes > 64 * 1024) socket.resetAndDestroy();
        cut ||= bytes > 64 * 1024;
        if (bytes > large.byteLength) socket.write(OK);
      },
    });
    await clocked(server.url, testClock(), transport).upload("k", large);
    expect(server.connections()).toBe(2);
  });

  test("leaves a plateau of connections, whatever the answers are (I2)", async () => {
    const body = "x".repeat(MIB);
    const server = await wire(((request) => {
      if (request.path.endsWith("/absent")) return failure(404, "NoSuchKey");
      if (request.path.endsWith("/busy")) return failure(503, "SlowDown");
      if (request.method === "HEAD") return happy(request);
      if (request.path.endsWith("/large")) return answer(200, { etag: '"e"' }, body);
      return happy(request);
    }) as Script);
    const driver = stubbed(server, { ...transport, retry: ONCE });
    for (let round = 0; round < 25; round++) {
      await expect(driver.download("absent")).rejects.toMatchObject({ code: "not-found" });
      await expect(driver.upload("busy", "x")).rejects.toMatchObject({ code: "unavailable" });
      await driver.head("k");
      await (await driver.download("large")).body.cancel();
    }
    expect(server.requests).toHaveLength(100);
    await expect.poll(() => server.open()).toBeLessThanOrEqual(3);
    // Each cancelled body costs its connection, nothing else does. Node's fetch gives up that of a HEAD, and more.
    if (!transport.fetch) expect(server.connections()).toBeLessThanOrEqual(30);
  });

  test("of ten at once on connections that were closed while idle succeeds without a wait (B8)", async () => {
    let old = 0;
    const server = await wire(((request) =>
      request.connection <= old ? { bytes: "", then: "rst" } : happy(request)) as Script);
    const clock = testClock();
    const driver = clocked(server, clock, transport);
    const ten = (): Promise<unknown> => Promise.all(Array.from({ length: 10 }, () => driver.upload("k", "x")));
    await ten();
    old = server.connections();
    await ten();
    expect(clock.slept).toEqual([]);
    expect(server.requests.length).toBeGreaterThan(20);
  });
});

describe.each(TRANSPORTS)("a download over %s", (_, transport) => {
  describe("lets go of the answer", () => {
    const endless = (head: string): Answer => ({ bytes: `HTTP/1.1 ${head}\r\n\r\n`, endless: "x".repeat(65_536) });
    const whole = endless('200 OK\r\netag: "e"\r\ncontent-length: 1000000000000');
    const bare = endless('200 OK\r\netag: "e"');

    test.each<[string, DownloadOptions, readonly Answer[]]>([
      ["that is all where a range was asked for", { range: { start: 2, end: 4 } }, [whole]],
      [
        "that is of less than where the range begins",
        { range: { start: 5, end: 9 } },
        [endless('206 Part\r\netag: "e"\r\ncontent-range: bytes 0-2/3')],
      ],
      ["of another version", { ifMatch: '"o"' }, [whole]],
      ["without a length, whose HEAD has none", {}, [bare, { bytes: bare.bytes, then: "fin" }]],
      ["without a length, whose HEAD is refused", {}, [bare, { bytes: "HTTP/1.1 403 No\r\n\r\n", then: "fin" }]],
    ])("%s", async (_, options, script) => {
      const server = await wire(...script);
      await expect(stubbed(server, transport).download("k", options)).rejects.toMatchObject({ driver: "s3" });
      await expect.poll(() => server.open()).toBe(0);
    });

    test("with a first part, when there can be no others", async () => {
      const first = endless("206 Part\r\ncontent-range: bytes 0-5242879/5242881\r\nx-amz-request-id: R");
      const server = await wire(first, answer(200, { "x-amz-request-id": "R" }, "all", "fin"));
      const object = await stubbed(server, { ...transport, partSize: 5_242_880 }).download("k", { parallel: 2 });
      expect(await object.text()).toBe("all");
      await expect.poll(() => server.open()).toBe(0);
    });
  });

  test("and a HEAD leave no listener on a long-lived signal, whatever they ask beside", async () => {
    const { signal, live } = listened();
    const server = await wire((request) => (request.path === "/bucket/none" ? answer(404) : happy(request)));
    const driver = stubbed(server, transport);
    expect([await driver.exists("k", { signal }), await driver.exists("none", { signal })]).toEqual([true, false]);
    const bare = await wire({ bytes: 'HTTP/1.1 200 OK\r\netag: "e"\r\n\r\nabc', then: "fin" }, happy);
    expect(await (await stubbed(bare, transport).download("k", { signal })).text()).toBe("abc");
    await expect.poll(() => live.size).toBe(0);
  });
});
