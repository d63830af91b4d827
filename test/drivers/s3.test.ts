import { inspect } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import s3, { type S3Options } from "../../drivers/s3.ts";
import type { StorageEvent } from "../../src/event.ts";
import { answer, failure, happy, wire, xml } from "../support/wire.ts";
import { recorder, stubbed, TRANSPORTS } from "../support/stubbed.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("s3", () => {
  it.each<S3Options>([
    {},
    { bucket: "" },
    { endpoint: "nonsense", partSize: -1 },
    { bucket: "b", accessKeyId: "half" },
  ])("throws nothing and asks nothing for %j; the first call rejects", async (options) => {
    const fetch = vi.fn();
    const driver = s3({ ...options, fetch });
    await expect(driver.head("k")).rejects.toMatchObject({ code: "invalid-option", driver: "s3" });
    expect(fetch).not.toHaveBeenCalled();
  });

  it("neither reads the environment nor asks for credentials before the first call", async () => {
    const credentials = vi.fn(async () => ({ accessKeyId: "a", secretAccessKey: "b" }));
    const { fetch, requests } = recorder();
    const driver = s3({ bucket: "bucket", fetch, credentials });
    expect(credentials).not.toHaveBeenCalled();
    vi.stubEnv("AWS_REGION", "eu-west-3");
    await driver.delete("k");
    expect(requests[0]?.url).toBe("https://bucket.s3.eu-west-3.amazonaws.com/k");
    expect(credentials).toHaveBeenCalledTimes(1);
  });

  it("does not change its options, and takes what a host adds to them", async () => {
    const options = Object.freeze({
      bucket: "bucket",
      driver: "unbucket/drivers/s3",
      accessKeyId: "a",
      secretAccessKey: "b",
    });
    await s3(options).presign("k");
    expect(options).toEqual({
      bucket: "bucket",
      driver: "unbucket/drivers/s3",
      accessKeyId: "a",
      secretAccessKey: "b",
    });
  });

  it("signs the virtual host that it sends to, and none is set by hand", async () => {
    const { fetch, requests } = recorder();
    await stubbed("https://r2.example", { fetch, forcePathStyle: false }).upload("k", "x");
    const [request] = requests;
    expect(request?.url).toBe("https://bucket.r2.example/k");
    expect(request?.headers).not.toHaveProperty("host");
    expect(request?.headers["authorization"]).toContain(";host;");
  });

  it("sends UNSIGNED-PAYLOAD only where it was asked for, over https", async () => {
    const { fetch, requests } = recorder();
    await stubbed("https://h", { fetch, signPayload: false }).upload("k", "x");
    expect(requests[0]?.headers["x-amz-content-sha256"]).toBe("UNSIGNED-PAYLOAD");
    await expect(stubbed("http://h", { fetch, signPayload: false }).upload("k", "x")).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("signPayload"),
    });
  });

  it("has a url of publicUrl, else of the public endpoint, and a location of the bucket", async () => {
    const { fetch } = recorder();
    const at = async (options: S3Options): Promise<unknown> => {
      const { url, location } = await stubbed("http://minio:9000", { fetch, base: "in", ...options }).upload(
        "a b",
        "x",
      );
      return [url, location];
    };
    expect(await at({})).toEqual(["http://minio:9000/bucket/in/a%20b", "s3://bucket/in/a b"]);
    expect(await at({ publicEndpoint: "https://f" })).toEqual(["https://f/bucket/in/a%20b", "s3://bucket/in/a b"]);
    expect(await at({ publicUrl: "https://cdn/x/" })).toEqual(["https://cdn/x/a%20b", "s3://bucket/in/a b"]);
  });

  it("counts the base against the longest key", async () => {
    const { fetch } = recorder();
    const driver = stubbed("http://h", { fetch, base: "x".repeat(99) });
    await driver.delete("k".repeat(924));
    for (const key of ["k".repeat(925), "é".repeat(463)])
      await expect(driver.delete(key)).rejects.toMatchObject({ code: "invalid-key" });
  });

  it("never sends a key that a URL changes", async () => {
    const { fetch, requests } = recorder();
    const driver = stubbed("http://h", { fetch });
    for (const key of ["..", "a/../b", "./a", ""]) {
      await expect(driver.upload(key, "x")).rejects.toMatchObject({ code: "invalid-key" });
      await expect(driver.delete(["ok", key])).rejects.toMatchObject({ code: "invalid-key" });
      await expect(driver.copy("a", key)).rejects.toMatchObject({ code: "invalid-key" });
    }
    expect(requests).toEqual([]);
  });

  it("closes its connections on dispose", async () => {
    const server = await wire(happy);
    const driver = stubbed(server);
    await driver.head("k");
    expect(server.open()).toBe(1);
    await driver.dispose?.();
    await expect.poll(() => server.open()).toBe(0);
  });
});

describe("secrets", () => {
  const secrets = { accessKeyId: "AKIDCANARY", secretAccessKey: "SECRETCANARY", sessionToken: "TOKENCANARY" };
  const customerKey = "CUSTOMERKEYCANARY";
  const headers = { "x-amz-server-side-encryption-customer-key": customerKey };
  const canary = /CANARY/;

  /** Everything that could be logged of a value. */
  function everything(value: unknown): string {
    const seen = [inspect(value, { depth: Infinity, showHidden: true }), JSON.stringify(value), String(value)];
    if (value instanceof Error) seen.push(value.stack ?? "", everything(value.cause));
    return seen.join("\n");
  }

  const echo = `${Object.values(secrets).join(" ")} ${"x".repeat(280)}${secrets.secretAccessKey}`;

  describe.each(TRANSPORTS)("over %s", (_, transport) => {
    it.each([
      ["403 that repeats them", failure(403, "AccessDenied", echo)],
      ["200 with an error that repeats them", failure(200, "InternalError", echo)],
      [
        "per-key errors that repeat them",
        xml("DeleteResult", `<Error><Key>a</Key><Code>AccessDenied</Code><Message>${echo}</Message></Error>`),
      ],
      ["404 that repeats them", failure(404, "NoSuchBucket", echo)],
      ["302", answer(302, { location: "http://127.0.0.1:9/" })],
      ["501", failure(501, "NotImplemented")],
      ["nothing", { bytes: "", then: "fin" as const }],
      ["garbage", { bytes: "garbage\r\n\r\n", then: "fin" as const }],
      ["silence", { bytes: "" }],
    ])("are in no error, event or driver after %s", async (_name, scripted) => {
      const server = await wire(scripted);
      const events: StorageEvent[] = [];
      const driver = stubbed(server, {
        ...transport,
        ...secrets,
        headers,
        timeout: 50,
        retry: { attempts: 1 },
        onEvent: (event) => events.push(event),
      });
      const runs: readonly (() => Promise<unknown>)[] = [
        () => driver.upload("k", "x", { headers }),
        () => driver.download("k"),
        () => driver.head("k"),
        () => driver.delete("k"),
        () => driver.delete(["a", "b"]),
        () => driver.copy("a", "b"),
        () => driver.list().pages().next(),
        () => driver.createMultipartUpload("k"),
      ];
      const errors = await Promise.all(runs.map((run) => run().catch((error: unknown) => error)));
      expect(errors.filter((error) => error instanceof Error).length).toBeGreaterThan(0);
      expect(errors.map(everything).join("\n")).not.toMatch(canary);
      expect(everything(events)).not.toMatch(canary);
      expect(everything(driver)).not.toMatch(canary);
    });
  });

  it("are in no error when no header can carry them", async () => {
    const wrong: readonly S3Options[] = [
      { ...secrets, sessionToken: "TOKEN\nCANARY" },
      { ...secrets, accessKeyId: "AKID\u0000CANARY" },
      { ...secrets, headers: { "x-key": "CANARY\r\nx" } },
      { accessKeyId: "", secretAccessKey: "SECRETCANARY" },
      { ...secrets, endpoint: "http://user:CANARY@h" },
    ];
    for (const options of wrong) {
      const error: unknown = await stubbed("http://127.0.0.1:9", options)
        .head("k")
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "invalid-option" });
      expect(everything(error)).not.toMatch(canary);
    }
    const upload: unknown = await stubbed("http://127.0.0.1:9")
      .upload("k", "x", { headers: { "x-key": "CANARY\n" } })
      .catch((reason: unknown) => reason);
    expect(upload).toMatchObject({ code: "invalid-option" });
    expect(everything(upload)).not.toMatch(canary);
  });
});
