import { describe, expect, it, vi } from "vitest";
import type { Answer } from "../../../drivers/s3/complaint.ts";
import { menderOf, type Send } from "../../../drivers/s3/mend.ts";
import type { Credentials } from "../../../drivers/s3/options.ts";
import type { Signed } from "../../../drivers/s3/request.ts";
import { type Settings, toSettings } from "../../../drivers/s3/settings.ts";
import type { WireResponse } from "../../../drivers/s3/transport.ts";
import { heeding } from "../../../src/abort.ts";
import { testClock } from "../../support/clock.ts";
import { accepting, keys, ownKeys, provider } from "../../support/keys.ts";
import { clocked, stubbed, stubOptions, TRANSPORTS } from "../../support/stubbed.ts";
import { answer, failure, happy, type Script, wire, xml } from "../../support/wire.ts";

const MIB = 1024 * 1024;
it.each<[string, (version: number) => Credentials]>([
  ["id", (version) => ({ ...keys(1), accessKeyId: `AKID${version}` })],
  ["session token", (version) => ({ ...keys(version), accessKeyId: "AKID" })],
])("keys that have expired are replaced by others of which the %s alone is new", async (_, give) => {
  const server = await wire(failure(400, "ExpiredToken"), happy);
  const driver = stubbed(server, { ...ownKeys, credentials: provider(give), retry: { attempts: 1 } });
  await driver.upload("k", "abc");
  expect(server.requests).toHaveLength(2);
});

describe.each(TRANSPORTS)("keys that have expired, over %s", (_, transport) => {
  it.each([
    ["ExpiredToken", 400],
    ["ExpiredToken", 403],
    ["InvalidToken", 400],
    ["TokenRefreshRequired", 400],
  ])("as %s %i are asked for once, and the attempt is repeated", async (code, status) => {
    const credentials = provider();
    const server = await wire(accepting(2, failure(status, code)));
    const driver = stubbed(server, { ...transport, ...ownKeys, credentials, retry: { attempts: 1 } });
    await driver.upload("k", "abc");
    expect(credentials).toHaveBeenCalledTimes(2);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(["abc", "abc"]);
  });

  it("in the middle of an upload are replaced once for all parts, each of which is sent again", async () => {
    const credentials = provider();
    let first = 1;
    const server = await wire((request, number) => {
      if (request.query.get("partNumber") === "2") first = 2;
      return accepting(first)(request, number);
    });
    const driver = stubbed(server, { ...transport, ...ownKeys, credentials, partSize: 5 * MIB });
    await driver.upload("k", new Uint8Array(16 * MIB));
    expect(credentials).toHaveBeenCalledTimes(2);
    expect(server.requests.at(-1)).toMatchObject({ method: "POST" });
  });

  it("and are given again are refused after one repetition at most, call after call", async () => {
    const same = keys(1, new Date(0));
    const credentials = provider(() => ({ ...same }));
    const server = await wire(accepting(2));
    const driver = stubbed(server, { ...transport, ...ownKeys, credentials });
    for (let call = 1; call <= 2; call++) {
      await expect(driver.upload("k", "x")).rejects.toMatchObject({ code: "unauthenticated", retryable: false });
      expect(server.requests).toHaveLength(call);
    }
    const renewed = provider();
    const never = await wire(accepting(100));
    await expect(
      stubbed(never, { ...transport, ...ownKeys, credentials: renewed }).upload("k", "x"),
    ).rejects.toMatchObject({
      code: "unauthenticated",
    });
    expect(never.requests).toHaveLength(2);
  });

  it("and are fixed reject unauthenticated", async () => {
    const server = await wire(accepting(2));
    const driver = stubbed(server, { ...transport, sessionToken: "token-1" });
    await expect(driver.upload("k", "x")).rejects.toMatchObject({
      code: "unauthenticated",
      response: { code: "ExpiredToken" },
    });
    expect(server.requests).toHaveLength(1);
  });

  it("within a 200 are replaced as well", async () => {
    const credentials = provider();
    const server = await wire(failure(200, "ExpiredToken"), xml("DeleteResult", ""));
    await stubbed(server, { ...transport, ...ownKeys, credentials }).delete(["a", "b"]);
    expect(credentials).toHaveBeenCalledTimes(2);
  });
});

it("keys are asked for once where the store says AccessDenied", async () => {
  const credentials = provider();
  const server = await wire(failure(403, "AccessDenied"));
  await expect(stubbed(server, { ...ownKeys, credentials }).upload("k", "x")).rejects.toMatchObject({
    response: { code: "AccessDenied" },
  });
  expect([credentials.mock.calls.length, server.requests.length]).toEqual([1, 1]);
});

it("ten calls at once whose keys have expired ask for new ones once", async () => {
  const credentials = provider();
  const server = await wire(accepting(2));
  const driver = stubbed(server, { ...ownKeys, credentials });
  await Promise.all(Array.from({ length: 10 }, (_, index) => driver.upload(`k${index}`, "x")));
  expect(credentials).toHaveBeenCalledTimes(2);
  expect(server.requests).toHaveLength(20);
});

it("an abort is heard while the credentials function is waited for, at first and after a refusal", async () => {
  const reason = { left: true };
  for (const served of [0, 1]) {
    const control = new AbortController();
    let asked = 0;
    const credentials = async (): Promise<Credentials> => {
      if (asked++ < served) return keys(1);
      setImmediate(() => control.abort(reason));
      return new Promise<never>(() => {});
    };
    const server = await wire(accepting(2));
    const driver = stubbed(server, { ...ownKeys, credentials });
    await expect(driver.upload("k", "x", { signal: control.signal })).rejects.toBe(reason);
    expect(server.requests).toHaveLength(served);
  }
});

it("a failing credentials function after a refusal leaves nothing in doubt", async () => {
  const credentials = vi
    .fn(async () => keys(1))
    .mockResolvedValueOnce(keys(1))
    .mockRejectedValueOnce(new Error("down"));
  const server = await wire(accepting(2));
  const driver = clocked(server, testClock(), { ...ownKeys, credentials });
  await expect(driver.upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "unauthenticated" });
});

it("a failing credentials function after a connection that never stood leaves nothing in doubt either", async () => {
  const clock = testClock();
  const credentials = vi
    .fn<() => Promise<Credentials>>()
    .mockResolvedValueOnce(keys(1, new Date(clock.now() + 10)))
    .mockRejectedValue(new Error("down"));
  const fetch = vi.fn().mockRejectedValue(new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } }));
  const driver = clocked("http://h", clock, { ...ownKeys, credentials, fetch });
  await expect(driver.upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "unauthenticated" });
  expect(fetch).toHaveBeenCalledTimes(1);
});

it("menderOf mends each cause once for one operation", async () => {
  const settings = toSettings(stubOptions("http://h"), {}, testClock(0));
  const mend = menderOf(settings, () => Promise.reject(new Error("not asked")));
  const answer = { status: 403, header: (name: string) => (name === "date" ? "Thu, 01 Jan 1970 05:00:00 GMT" : null) };
  const signed = { identity: keys(1), region: "us-east-1", url: "http://h/bucket/k", time: 0 };
  const operation = { method: "PUT" } as const;
  const none = { code: undefined, message: undefined, region: undefined };
  expect(await mend(answer, none, signed, operation)).toBe(true);
  expect(await mend(answer, none, signed, operation)).toBe(false);
  expect(await mend({ ...answer, status: 400 }, { ...none, region: "r" }, signed, operation)).toBe(true);
  expect(await mend({ ...answer, status: 400 }, { ...none, region: "s" }, signed, operation)).toBe(false);
  expect(await mend({ ...answer, status: 503 }, none, signed, operation)).toBe(false);
});

it("menderOf asks for keys once for one operation, however long that takes", async () => {
  const clock = testClock(0);
  const settings = toSettings({ ...stubOptions("http://h"), ...ownKeys, credentials: provider() }, {}, clock);
  const mend = menderOf(settings, () => Promise.reject(new Error("not asked")));
  const expired = { code: "ExpiredToken", message: undefined, region: undefined };
  for (const mended of [true, false]) {
    const signed = { identity: await settings.identity(), region: "us-east-1", url: "http://h/bucket/k", time: 0 };
    expect(await mend({ status: 400, header: () => null }, expired, signed, { method: "PUT" })).toBe(mended);
    clock.advance(5000);
  }
});

describe("menderOf, of a HEAD that is refused without a word", () => {
  const none = { code: undefined, message: undefined, region: undefined };
  const silent = (status: number): Answer => ({ status, header: () => null });
  const refused = async (): Promise<[Settings, Signed]> => {
    const settings = toSettings({ ...stubOptions("http://h"), ...ownKeys, credentials: provider() }, {}, testClock(0));
    return [settings, { identity: await settings.identity(), region: "us-east-1", url: "http://h/bucket/k", time: 0 }];
  };

  it.each([400, 403])(
    "sends it again by other keys where the bucket tells that these have ended: %i",
    async (status) => {
      const [settings, signed] = await refused();
      const bytes = async (): Promise<Uint8Array> =>
        new TextEncoder().encode("<Error><Code>ExpiredToken</Code></Error>");
      const send = vi.fn<Send>(async () => ({ ...silent(status), bytes }) as unknown as WireResponse);
      expect(await menderOf(settings, send)(silent(status), none, signed, { method: "HEAD" })).toBe(true);
    },
  );

  it("lets one go who leaves while the reason is asked for, and tells it to the others", async () => {
    const [settings, signed] = await refused();
    let tell!: (response: WireResponse) => void;
    const told = new Promise<WireResponse>((resolve) => (tell = resolve));
    const send = vi.fn<Send>(({ signal }) => heeding(told, signal));
    const control = new AbortController();
    const left = menderOf(settings, send)(silent(403), none, signed, { method: "HEAD", signal: control.signal });
    const stayed = menderOf(settings, send)(silent(403), none, signed, { method: "HEAD" });
    control.abort("left");
    await expect(left).rejects.toBe("left");
    const document = new TextEncoder().encode("<Error><Code>InvalidAccessKeyId</Code></Error>");
    tell({ ...silent(403), bytes: async () => document } as unknown as WireResponse);
    expect(await stayed).toBe(true);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("asks nothing more for one who leaves while it asks where the bucket is", async () => {
    const [settings, signed] = await refused();
    const control = new AbortController();
    const send = vi.fn<Send>(async () => {
      control.abort("left");
      throw control.signal.reason;
    });
    const left = menderOf(settings, send)(silent(400), none, signed, { method: "HEAD", signal: control.signal });
    await expect(left).rejects.toBe("left");
    expect(send).toHaveBeenCalledTimes(1);
  });
});

describe("a temporary redirect", () => {
  const to = (status: number, location: string): Script => {
    return (request, number) => (number === 1 ? answer(status, { location }) : happy(request));
  };

  it("gets no signature for another version out of a delete", async () => {
    const server = await wire(to(308, "/bucket/k?versionId=v-old"));
    await expect(stubbed(server).delete("k")).rejects.toMatchObject({ response: { status: 308 } });
    expect(server.requests.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  });

  it.each([307, 308])("as %i to the very address is followed once, signed anew, with all bytes", async (status) => {
    const server = await wire(to(status, "/bucket/a%20b"));
    await stubbed(server, { retry: { attempts: 1 } }).upload("a b", "abc");
    expect(server.lines()).toEqual(["PUT /bucket/a%20b", "PUT /bucket/a%20b"]);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(["abc", "abc"]);
    const always = await wire(() => answer(status, { location: "/bucket/k" }));
    await expect(stubbed(always).upload("k", "x")).rejects.toMatchObject({ response: { status } });
    expect(always.requests.filter(({ method }) => method === "PUT")).toHaveLength(2);
  });

  it.each([301, 302, 303])(
    "is 307 or 308 alone: %i, after which some send a GET, is not followed to the very address",
    async (status) => {
      const server = await wire(to(status, "/bucket/k"));
      await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ response: { status } });
      expect(server.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
    },
  );

  it("that names a region too is signed for that when it comes again", async () => {
    const elsewhere = answer(307, { location: "/bucket/k", "x-amz-bucket-region": "eu-west-1" });
    const server = await wire(elsewhere, elsewhere, happy);
    await stubbed(server).upload("k", "x");
    expect(server.requests.map(({ headers }) => /\/(eu|us)-/.exec(`${headers["authorization"]}`)?.[1])).toEqual([
      "us",
      "us",
      "eu",
    ]);
  });

  it.each([
    "?acl=",
    "/bucket/k?versionId=v",
    "/bucket/other",
    "/other/k",
    "http://127.0.0.1:1/bucket/k",
    "//evil.example/bucket/k",
    "http://[",
  ])("to %s is not followed", async (location) => {
    const server = await wire(to(307, location));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ response: { status: 307 } });
    expect(server.requests.filter(({ method }) => method === "PUT")).toHaveLength(1);
  });
});
