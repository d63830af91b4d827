import { describe, expect, it } from "vitest";
import { StorageError } from "../../../src/error.ts";
import { type GatewayOptions, parseOptions } from "../../../src/gateway/options.ts";

const keys = { accessKeyId: "AKID", secretAccessKey: "secret" };
const valid: GatewayOptions = { bucket: "bucket", credentials: keys };
const parse = (options: unknown): ReturnType<typeof parseOptions> => parseOptions(options as GatewayOptions);

describe("parseOptions", () => {
  it("signs for us-east-1, below no path, and lets nobody read unsigned, where nothing else is said", () => {
    const { bucket, keys: known, endpoint, publicPrefixes } = parse(valid);
    expect({ bucket, region: known.region, endpoint, publicPrefixes }).toEqual({
      ...{ bucket: "bucket", region: "us-east-1", endpoint: undefined, publicPrefixes: [] },
    });
    expect(Math.abs(known.now() - Date.now())).toBeLessThan(5000);
  });

  const wrong: readonly (readonly [options: unknown, named: string])[] = [
    [undefined, "options"],
    [null, "options"],
    [{ ...valid, buckets: ["bucket"] }, "buckets"],
    [{ ...valid, region: null }, "region"],
    [{ credentials: keys }, "bucket"],
    ...["", "ab", "Bucket", "-bucket", "bucket.", "a/b", "a b", "bucket\n", "b".repeat(64)].map(
      (bucket) => [{ ...valid, bucket }, "bucket"] as const,
    ),
    ...["", "US", "us east", "us/east", "x".repeat(64)].map((region) => [{ ...valid, region }, "region"] as const),
    ...[
      "example.com",
      "ftp://h",
      "http://h?x",
      "http://h#x",
      "http://user:password@h",
      "http://",
      "http://h/%zz",
      "http://h/%ff",
      "http://[",
    ].map((endpoint) => [{ ...valid, endpoint }, "endpoint"] as const),
    ...["public/", ["public"], ["/x"], [null], [1]].map(
      (publicPrefixes) => [{ ...valid, publicPrefixes }, "publicPrefixes"] as const,
    ),
    ...[
      undefined,
      null,
      "AKID:secret",
      {},
      { accessKeyId: "AKID" },
      { ...keys, accessKeyId: "" },
      { ...keys, secretAccessKey: "" },
      { ...keys, secretAccessKey: 5 },
      { ...keys, sessionToken: 5 },
      { ...keys, expiration: "2030-01-01" },
      { ...keys, expiration: new Date("never") },
      [keys, null],
      [keys, { ...keys, secretAccessKey: "other" }],
    ].map((credentials) => [{ ...valid, credentials }, "credentials"] as const),
    [{ ...valid, onError: "log" }, "onError"],
  ];
  it.each(wrong)("refuses %j", (options, named) => {
    expect(() => parse(options)).toThrow(
      expect.objectContaining({ code: "invalid-option", message: expect.stringContaining(named) }),
    );
  });

  it("repeats no secret in what it refuses", () => {
    for (const credentials of [[{ ...keys, accessKeyId: 1 }], [keys, keys], { ...keys, expiration: 1 }])
      expect(() => parse({ ...valid, credentials })).not.toThrow(/secret"|secret,|: secret/);
  });

  it("takes the endpoint apart, without the slash at its end", () => {
    expect(parse({ ...valid, endpoint: "https://Files.example:8443/s3/a%20b//" }).endpoint).toEqual({
      ...{ scheme: "https:", host: "files.example:8443", path: "/s3/a b" },
    });
    expect(parse({ ...valid, endpoint: "http://files.example:80" }).endpoint).toEqual({
      scheme: "http:",
      host: "files.example",
      path: "",
    });
  });
});

describe("the credentials", () => {
  it("are found among several by the access key alone", async () => {
    const other = { accessKeyId: "AKID2", secretAccessKey: "other", sessionToken: "token" };
    const { find } = parse({ ...valid, credentials: [keys, other] }).keys;
    expect([await find("AKID"), await find("AKID2")]).toEqual([keys, other]);
    for (const unknown of ["akid", "AKID ", "", "0", "length", "__proto__", "constructor"])
      expect(await find(unknown), unknown).toBeUndefined();
  });

  it("may be none at all", async () => {
    expect(await parse({ ...valid, credentials: [] }).keys.find("AKID")).toBeUndefined();
  });

  it("are asked of a function, which may take its time, and know none", async () => {
    const asked: string[] = [];
    const { find } = parse({
      ...valid,
      credentials: async (accessKeyId: string) => {
        asked.push(accessKeyId);
        return { AKID: "secret", EMPTY: "", NULL: null }[accessKeyId];
      },
    }).keys;
    expect(await find("AKID")).toEqual(keys);
    for (const none of ["EMPTY", "NULL", "OTHER"]) expect(await find(none), none).toBeUndefined();
    expect(asked).toEqual(["AKID", "EMPTY", "NULL", "OTHER"]);
  });

  it.each(["__proto__", "constructor", "toString", "valueOf"])(
    "let nobody in by what a table has of its prototype: %s",
    async (accessKeyId) => {
      const table: Record<string, string> = { AKID: "secret" };
      const { find } = parse({ ...valid, credentials: (name: string) => table[name] }).keys;
      expect(await find("AKID")).toEqual(keys);
      await expect(find(accessKeyId)).rejects.toMatchObject({ s3: "InternalError" });
    },
  );

  it.each([
    [
      "throws",
      () => {
        throw new Error("no database at db.internal");
      },
    ],
    ["rejects", async () => Promise.reject(new StorageError("not-found", "no such secret"))],
    ["gives keys in place of a secret", () => keys],
    ["gives a number", () => 1],
    ["gives true", async () => true],
  ])("are a failure of the server's, and tell the client nothing, where their function %s", async (_, credentials) => {
    const { find } = parse({ ...valid, credentials }).keys;
    await expect(find("AKID")).rejects.toMatchObject({
      ...{ s3: "InternalError", said: "We encountered an internal error. Please try again." },
      details: { cause: expect.any(Error) },
    });
  });
});
