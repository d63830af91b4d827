import { expect, it } from "vitest";
import { toRequest } from "../../../drivers/s3/request.ts";
import { toSettings } from "../../../drivers/s3/settings.ts";
import { testClock } from "../../support/clock.ts";
import { stubOptions } from "../../support/stubbed.ts";

const identity = { accessKeyId: "AKID", secretAccessKey: "secret" };
const settings = toSettings(stubOptions("https://h", { base: "in" }), {}, testClock(Date.UTC(2026, 0, 2, 3, 4, 5)));

it("toRequest signs for the place and the time, and says for which", async () => {
  const [request, signed] = await toRequest(settings, { method: "HEAD", key: "a b" }, identity);
  expect(request).toMatchObject({ method: "HEAD", url: "https://h/bucket/in/a%20b" });
  expect(request.headers["x-amz-date"]).toBe("20260102T030405Z");
  expect(request.headers["authorization"]).toContain("Credential=AKID/20260102/us-east-1/s3/aws4_request");
  expect(signed).toEqual({
    identity,
    region: "us-east-1",
    url: "https://h/bucket/in/a%20b",
    time: Date.UTC(2026, 0, 2, 3, 4, 5),
  });
});

it("toRequest leaves range and accept-encoding out of the signature", async () => {
  const [{ headers }] = await toRequest(
    settings,
    { method: "GET", key: "k", headers: { range: "bytes=0-0" } },
    identity,
  );
  expect(headers).toMatchObject({ range: "bytes=0-0", "accept-encoding": "identity" });
  expect(headers["authorization"]).toContain("SignedHeaders=host;x-amz-content-sha256;x-amz-date,");
});

it("toRequest hashes a payload unless the settings say otherwise", async () => {
  const put = { method: "PUT", key: "k", body: new TextEncoder().encode("abc") } as const;
  const unsigned = toSettings(stubOptions("https://h", { signPayload: false }), {});
  expect((await toRequest(settings, put, identity))[0].headers["x-amz-content-sha256"]).toMatch(/^ba7816bf/);
  expect((await toRequest(unsigned, put, identity))[0].headers["x-amz-content-sha256"]).toBe("UNSIGNED-PAYLOAD");
});

it("toRequest keeps a header of the driver that an operation leaves undefined", async () => {
  const own = toSettings(stubOptions("https://h", { headers: { "X-Own": "mine" } }), {});
  const put = { method: "PUT", key: "k", headers: { "x-own": undefined, a: undefined } } as const;
  const [{ headers }] = await toRequest(own, put, identity);
  expect(headers).toMatchObject({ "x-own": "mine" });
  expect(headers).not.toHaveProperty("a");
});
