/** Keys of a function that the store no longer knows, though nothing said that they would end. */
import { describe, expect, it, vi } from "vitest";
import type { Credentials } from "../../drivers/s3/options.ts";
import { testClock } from "../support/clock.ts";
import { accepting, keys, ownKeys, provider } from "../support/keys.ts";
import { clocked, stubbed } from "../support/stubbed.ts";
import { answer, failure, happy, wire, xml } from "../support/wire.ts";

describe.each(["InvalidAccessKeyId", "SignatureDoesNotMatch"])("keys that were replaced, refused as %s", (code) => {
  /** Without an expiration, and by their secret alone: the id may stay. */
  const secret = (version: number): Credentials => ({ accessKeyId: "AKID", secretAccessKey: `secret${version}` });
  it("are asked for anew, and the attempt is repeated with them", async () => {
    const credentials = provider(secret);
    const server = await wire(failure(403, code), happy);
    await stubbed(server, { ...ownKeys, credentials, retry: { attempts: 1 } }).upload("k", "abc");
    expect(credentials).toHaveBeenCalledTimes(2);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(["abc", "abc"]);
    const signatures = new Set(server.requests.map(({ headers }) => headers["authorization"]));
    expect(signatures.size).toBe(2);
  });

  it("are asked for once by ten calls at once", async () => {
    const credentials = provider();
    const server = await wire(accepting(2, failure(403, code)));
    const driver = stubbed(server, { ...ownKeys, credentials });
    await Promise.all(Array.from({ length: 10 }, (_, index) => driver.upload(`k${index}`, "x")));
    expect([credentials.mock.calls.length, server.requests.length]).toEqual([2, 20]);
  });

  it("and are given again are refused without repetition, and asked for once in five seconds", async () => {
    const clock = testClock();
    const credentials = vi.fn(async () => ({ ...keys(1) }));
    const server = await wire(failure(403, code));
    const driver = clocked(server, clock, { ...ownKeys, credentials });
    for (let call = 1; call <= 4; call++) {
      await expect(driver.upload("k", "x")).rejects.toMatchObject({ code: "unauthenticated", response: { code } });
      expect([credentials.mock.calls.length, server.requests.length]).toEqual([2, call]);
    }
    clock.advance(5000);
    credentials.mockImplementation(async () => keys(2));
    await expect(driver.upload("k", "x")).rejects.toMatchObject({ code: "unauthenticated" });
    expect([credentials.mock.calls.length, server.requests.length]).toEqual([3, 6]);
  });

  it("and are fixed reject at once", async () => {
    const server = await wire(failure(403, code));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(stubbed(server).head("k")).rejects.toMatchObject({ code: "denied" });
    expect(server.requests).toHaveLength(2);
  });

  it("are asked for after the time was learnt, too", async () => {
    const clock = testClock();
    const credentials = provider();
    const date = new Date(clock.now() + 3_600_000).toUTCString();
    const server = await wire(failure(403, "RequestTimeTooSkewed", "", { date }), failure(403, code), happy);
    await clocked(server, clock, { ...ownKeys, credentials, retry: { attempts: 1 } }).upload("k", "x");
    expect([credentials.mock.calls.length, server.requests.length]).toEqual([2, 3]);
  });

  it.each([403, 400])("are asked for after a HEAD is refused as bare %i, when a GET says why", async (status) => {
    const credentials = provider();
    const server = await wire((request) => {
      if (request.headers["x-amz-security-token"] === "token-2") return happy(request);
      return request.method === "HEAD" ? answer(status) : failure(403, code);
    });
    const driver = stubbed(server, { ...ownKeys, credentials, retry: { attempts: 1 } });
    expect(await driver.head("k")).toMatchObject({ size: 3 });
    expect(credentials).toHaveBeenCalledTimes(2);
    expect(server.lines().at(-2)).toBe("GET /bucket/?location=");
  });
});

it("keys that versitygw calls unknown by a 404 are replaced, also where a 404 may be an answer", async () => {
  const unknown = failure(404, "XAdminUserNotFound");
  for (const verb of ["download", "delete"] as const) {
    const credentials = provider();
    const server = await wire(unknown, happy);
    await stubbed(server, { ...ownKeys, credentials })[verb]("k");
    expect([credentials.mock.calls.length, server.requests.length]).toEqual([2, 2]);
  }
});

it.each([
  ["", failure(403, "AccessDenied")],
  [", also where it is told the location", xml("LocationConstraint", "")],
] as const)(
  "HEADs that are refused for lack of rights share one look for the reason in five seconds%s",
  async (_, location) => {
    const credentials = provider();
    const server = await wire(({ method }) => (method === "HEAD" ? answer(403) : location));
    const driver = clocked(server, testClock(), { ...ownKeys, credentials });
    const many = Array.from({ length: 20 }, () => driver.head("k"));
    for (const { reason } of (await Promise.allSettled(many)) as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: "denied" });
    await expect(driver.head("k")).rejects.toMatchObject({ code: "denied" });
    expect(server.lines().filter((line) => line.startsWith("GET"))).toHaveLength(1);
    expect(credentials).toHaveBeenCalledTimes(1);
  },
);

it("a function that rejects for keys that were replaced is not asked at each request, and the store's refusal is told", async () => {
  const clock = testClock();
  let calls = 0;
  const credentials = async () => {
    if (calls++ > 0) throw new Error("no file");
    return { accessKeyId: "old", secretAccessKey: "old" };
  };
  const server = await wire(() => failure(403, "InvalidAccessKeyId"));
  const driver = clocked(server, clock, { ...ownKeys, credentials });
  await expect(driver.download("k")).rejects.toMatchObject({ message: expect.stringContaining("function rejected") });
  for (let again = 0; again < 3; again++)
    await expect(driver.download("k")).rejects.toMatchObject({ response: { code: "InvalidAccessKeyId" } });
  expect([calls, server.requests.length]).toEqual([2, 4]);
  clock.advance(5000);
  await expect(driver.download("k")).rejects.toMatchObject({ code: "unauthenticated" });
  expect(calls).toBe(3);
});

it("a HEAD that is refused for lack of rights asks for the reason once in five seconds, and for no keys", async () => {
  const clock = testClock();
  const credentials = provider();
  const server = await wire(({ method }) => (method === "HEAD" ? answer(403) : failure(403, "AccessDenied")));
  const driver = clocked(server, clock, { ...ownKeys, credentials });
  for (const requests of [2, 3, 4]) {
    await expect(driver.head("k")).rejects.toMatchObject({ code: "denied" });
    expect(server.requests).toHaveLength(requests);
  }
  clock.advance(5000);
  await expect(driver.head("k")).rejects.toMatchObject({ code: "denied" });
  expect(server.requests).toHaveLength(6);
  expect(credentials).toHaveBeenCalledTimes(1);
});

it("a write that is refused without a word asks for no reason, which its document would have told", async () => {
  for (const status of [400, 403]) {
    const server = await wire(answer(status));
    const driver = stubbed(server, { ...ownKeys, credentials: provider() });
    await expect(driver.upload("k", "x")).rejects.toMatchObject({ response: { status } });
    expect(server.lines()).toEqual(["PUT /bucket/k"]);
  }
});
