import { AwsV4Signer } from "aws4fetch";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { encodePath } from "../../../src/key.ts";
import { encodeRfc3986 } from "../../../src/sigv4/encode.ts";
import { type Identity, type Signable, signatureOf, signHeaders, signUrl, stampOf } from "../../../src/sigv4/sign.ts";
import { date, EMPTY, request } from "./requests.ts";

const counts = vi.hoisted(() => ({ hmac: 0 }));
vi.mock("../../../src/sigv4/digest.node.ts", async (original) => {
  const real = await original<typeof import("../../../src/sigv4/digest.node.ts")>();
  return { ...real, hmac: (key: Uint8Array | string, data: string) => (counts.hmac++, real.hmac(key, data)) };
});

const identity: Identity = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

function oracle(made: Signable, who: Identity, region: string, signQuery: boolean, expires?: number): AwsV4Signer {
  const url = new URL(made.url);
  if (expires !== undefined) url.searchParams.set("X-Amz-Expires", String(expires));
  return new AwsV4Signer({
    method: made.method,
    url: url.href,
    headers: { ...made.headers },
    accessKeyId: who.accessKeyId,
    secretAccessKey: who.secretAccessKey,
    ...(who.sessionToken ? { sessionToken: who.sessionToken } : {}),
    service: "s3",
    region,
    datetime: "20260304T050607Z",
    allHeaders: true,
    signQuery,
  });
}

const SEEDS = Array.from({ length: 400 }, (_, index) => index + 1);

describe("signHeaders", () => {
  it("gives aws4fetch's own headers for 400 generated requests", async () => {
    for (const seed of SEEDS) {
      const made = request(seed);
      const who = seed % 3 === 0 ? { ...identity, sessionToken: `token/+=${seed}` } : identity;
      const region = seed % 2 ? "us-east-1" : "auto";
      const { headers } = await oracle(made, who, region, false).sign();
      expect(await signHeaders(made, { identity: who, region, date }), made.url).toEqual(Object.fromEntries(headers));
    }
  });

  it("signs every header that is given, and the date", async () => {
    const made = {
      ...request(1),
      headers: { "x-amz-content-sha256": EMPTY, "content-type": "a/b", "if-match": '"e"' },
    };
    const signed = await signHeaders(made, { identity, region: "us-east-1", date });
    expect(signed["x-amz-date"]).toBe("20260304T050607Z");
    expect(signed["authorization"]).toContain(
      "SignedHeaders=content-type;host;if-match;x-amz-content-sha256;x-amz-date,",
    );
  });

  it("takes several spaces in a value for one, as servers do", async () => {
    const made = { ...request(1), headers: { "x-amz-content-sha256": EMPTY, "x-amz-meta-a": "two  and   three" } };
    const { headers } = await oracle(made, identity, "us-east-1", false).sign();
    const signed = await signHeaders(made, { identity, region: "us-east-1", date });
    expect([signed["authorization"], signed["x-amz-meta-a"]]).toEqual([
      headers.get("authorization"),
      "two  and   three",
    ]);
  });

  it("gives the signature of Amazon's published example", async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "GET Bucket Lifecycle"
    const signed = await signHeaders(
      {
        method: "GET",
        url: "https://examplebucket.s3.amazonaws.com/?lifecycle=",
        path: "/",
        headers: { "x-amz-content-sha256": EMPTY },
      },
      {
        identity: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
        region: "us-east-1",
        date: new Date("2013-05-24T00:00:00Z"),
      },
    );
    expect(signed["authorization"]).toMatch(
      /Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/,
    );
  });

  it.each(["a/../b", "..", ".", "a/./b", "a/..", "%2e%2e/b", "%2E./b"])(
    "refuses a URL that parsing changes: %s",
    async (key) => {
      const path = `/bucket/${key.includes("%") ? key : encodePath(key)}`;
      const made = { method: "GET", url: `http://localhost${path}`, path, headers: {} };
      await expect(signHeaders(made, { identity, region: "us-east-1", date })).rejects.toMatchObject({
        code: "invalid-key",
      });
      await expect(signUrl(made, { identity, region: "us-east-1", date }, 60)).rejects.toMatchObject({
        code: "invalid-key",
      });
    },
  );
});

it("stampOf writes the second that each moment is in, in whatever order they come", () => {
  const stamps = ["06.600", "07.400", "06.600"].map((second) => stampOf(new Date(`2026-03-04T05:06:${second}Z`)));
  expect(stamps).toEqual(["20260304T050606Z", "20260304T050607Z", "20260304T050606Z"]);
});

describe("signUrl", () => {
  it("gives aws4fetch's own signature and parameters for 400 generated requests", async () => {
    for (const seed of SEEDS) {
      const made = request(seed);
      const who = seed % 3 === 0 ? { ...identity, sessionToken: `token/+=!'()*${seed}` } : identity;
      const expected = (await oracle(made, who, "eu-west-1", true, 600).sign()).url;
      const signed = new URL(await signUrl(made, { identity: who, region: "eu-west-1", date }, 600));
      expect(Object.fromEntries(signed.searchParams), made.url).toEqual(Object.fromEntries(expected.searchParams));
      expect(signed.pathname).toBe(made.path);
    }
  });

  it("writes a space as %20 and a plus as %2B, never as +", async () => {
    const path = `/b/${encodePath("a b+c")}`;
    const url = `http://localhost${path}?response-content-disposition=${encodeRfc3986('attachment; filename="a + b"')}`;
    const signed = await signUrl(
      { method: "GET", url, path, headers: {} },
      { identity: { ...identity, sessionToken: "a+b c" }, region: "us-east-1", date },
      60,
    );
    expect(signed).not.toContain("+");
    expect(signed).toContain("/b/a%20b%2Bc?");
    expect(signed).toContain("filename%3D%22a%20%2B%20b%22");
    expect(signed).toContain("X-Amz-Security-Token=a%2Bb%20c");
  });
});

describe("the cache of day keys", () => {
  const sign = async (secret: string, at: Date = date, region = "us-east-1"): Promise<number> => {
    const before = counts.hmac;
    await signHeaders(request(7), { identity: { ...identity, secretAccessKey: secret }, region, date: at });
    return counts.hmac - before;
  };
  let run = 0;
  beforeEach(() => {
    run++;
  });

  it("derives a key once per secret, day and region", async () => {
    expect(await sign(`s${run}`)).toBe(4);
    expect(await sign(`s${run}`, new Date("2026-03-04T23:59:59Z"))).toBe(0);
    expect(await sign(`s${run}`, new Date("2026-03-05T00:00:00Z"))).toBe(4);
    expect(await sign(`s${run}`, date, "eu-west-1")).toBe(4);
    expect(await sign(`t${run}`)).toBe(4);
  });

  it("is not fooled by a separator within a secret", async () => {
    const a = await signHeaders(request(7), {
      identity: { ...identity, secretAccessKey: `x","20260304` },
      region: "r",
      date,
    });
    expect(a).toEqual(
      Object.fromEntries(
        (await oracle(request(7), { ...identity, secretAccessKey: `x","20260304` }, "r", false).sign()).headers,
      ),
    );
  });

  it("keeps 16 keys at most", async () => {
    const secrets = Array.from({ length: 17 }, (_, index) => `bounded-${run}-${index}`);
    for (const secret of secrets) expect(await sign(secret)).toBe(4);
    for (const secret of secrets.slice(1)) expect(await sign(secret), secret).toBe(0);
    expect(await sign(secrets[0] as string)).toBe(4);
  });
});

describe("signatureOf", () => {
  it("gives the signature of Amazon's published URL, for the host that a server was asked by", async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    const place = {
      identity: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
      region: "us-east-1",
    };
    const search = [
      "X-Amz-SignedHeaders=host",
      "X-Amz-Algorithm=AWS4-HMAC-SHA256",
      "X-Amz-Expires=86400",
      "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request",
      "X-Amz-Date=20130524T000000Z",
    ].join("&");
    const request = {
      ...{ method: "GET", path: "/test.txt", url: `?${search}` },
      headers: { host: "examplebucket.s3.amazonaws.com" },
    };
    const published = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    expect(await signatureOf(request, place, "20130524T000000Z")).toBe(published);
    expect(await signatureOf({ ...request, headers: { host: "other" } }, place, "20130524T000000Z")).not.toBe(
      published,
    );
  });

  it("gives none for a path that URL parsing changes, so that nobody is let in by it", () => {
    const request = { method: "GET", path: "/bucket/../a", url: "?", headers: { host: "h" } };
    expect(() => signatureOf(request, { identity, region: "us-east-1" }, "20130524T000000Z")).toThrow(/unchanged/);
  });
});
