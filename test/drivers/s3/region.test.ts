import { describe, expect, it } from "vitest";
import { isMisplaced, isRegion, regionIn, Whereabouts } from "../../../drivers/s3/region.ts";
import { s3Backend } from "../../../drivers/s3/backend.ts";
import type { Fetched } from "../../support/stubbed.ts";
import { recorder, stubbed, stubOptions } from "../../support/stubbed.ts";
import { answer, failure, happy, type Received, type Script, wire } from "../../support/wire.ts";
import { toDriver } from "../../../src/driver.ts";

const none = { code: undefined, message: undefined, region: undefined };
const head = (status: number, headers: Readonly<Record<string, string>> = {}) => ({
  status,
  header: (name: string) => headers[name] ?? null,
});
const HOSTILE = [
  "x@evil/#",
  "x.evil.example/",
  "EU-WEST-1",
  "eu west",
  "a".repeat(64),
  "",
  "../..",
  "eu-west-1:443",
  "evil.example",
];

const scopeOf = (request: { readonly headers: Readonly<Record<string, string>> }): string =>
  /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers["authorization"] ?? "")?.[1] ?? "";

describe("isRegion", () => {
  it.each(["us-east-1", "auto", "garage", "x1"])("takes %s", (name) => expect(isRegion(name)).toBe(true));
  it.each(HOSTILE)("refuses %j", (name) => expect(isRegion(name)).toBe(false));
});

describe("isMisplaced", () => {
  it.each([
    [301, undefined, true],
    [307, undefined, true],
    [308, undefined, true],
    [400, undefined, true],
    [400, "AuthorizationHeaderMalformed", true],
    [400, "InvalidArgument", false],
    [403, undefined, false],
    [503, undefined, false],
  ])("%i %s is %s", (status, code, expected) => {
    expect(isMisplaced(head(status), { ...none, code })).toBe(expected);
  });
});

describe("regionIn", () => {
  it("takes the header before the document before the host that AWS points to", () => {
    const location = "https://bucket.s3-eu-west-3.amazonaws.com/k";
    const headers = { "x-amz-bucket-region": "eu-west-1", location };
    expect(regionIn(head(301, headers), { ...none, region: "eu-west-2" })).toBe("eu-west-1");
    expect(regionIn(head(301, { location }), { ...none, region: "eu-west-2" })).toBe("eu-west-2");
    expect(regionIn(head(307, { location }), none)).toBe("eu-west-3");
  });

  it.each([
    ["https://s3.eu-west-4.amazonaws.com/bucket/k", "eu-west-4"],
    ["https://bucket.s3.cn-north-1.amazonaws.com.cn/k", "cn-north-1"],
    ["https://s3.eu-west-4.evil.example/", undefined],
    ["https://s3.eu-west-4.amazonaws.com.evil.example/", undefined],
    ["https://evil.example/https://s3.eu-west-4.amazonaws.com/", undefined],
  ])("of an answer that points to %s is %s", (location, region) => {
    expect(regionIn(head(307, { location }), none)).toBe(region);
  });

  it.each(HOSTILE)("takes %j from nowhere", (region) => {
    const location = `https://s3.${region}.amazonaws.com/`;
    const found = regionIn(head(301, { "x-amz-bucket-region": region, location }), { ...none, region });
    expect(found ?? "eu-west-1").toMatch(/^[a-z0-9-]{1,63}$/);
  });
});

it("Whereabouts.learn never crosses the border of a partition", () => {
  const address = { origin: "", path: "/" };
  const known = new Whereabouts("eu-west-1", (region) => ({ region, address, publicAddress: address }));
  expect(known.learn("cn-north-1", "eu-west-1")).toBe(false);
  expect(known.learn("eu-west-2", "cn-north-1")).toBe(false);
  expect(known.learn(undefined, "eu-west-1")).toBe(false);
  expect(known.learn("eu-west-1", "eu-west-1")).toBe(false);
  expect(known.learn("eu-west-2", "eu-west-1")).toBe(true);
  expect(known.learn("eu-west-2", "eu-west-1")).toBe(true);
  expect(known.site.region).toBe("eu-west-2");
  expect(known.learn("cn-northwest-1", "cn-north-1")).toBe(true);
});

/** AWS with the bucket in another region: each host answers for its own. */
function aws(refuse: (request: Fetched) => Response): ReturnType<typeof recorder> {
  return recorder((request) => {
    const { host } = new URL(request.url);
    if (host === "bucket.s3.eu-west-1.amazonaws.com" && scopeOf(request) === "eu-west-1")
      return new Response(null, { headers: { etag: '"e"', "content-length": "3" } });
    return refuse(request);
  });
}

const error = (code: string, region = ""): string => `<Error><Code>${code}</Code><Region>${region}</Region></Error>`;
const at = { "x-amz-bucket-region": "eu-west-1" };

describe("a bucket in another region of AWS", () => {
  const { endpoint: _, ...options } = stubOptions("https://unused.example");

  it.each<[string, (request: Fetched) => Response]>([
    ["301 with a header", () => new Response(null, { status: 301, headers: at })],
    ["301 with a document", () => new Response(error("PermanentRedirect", "eu-west-1"), { status: 301 })],
    ["400 with a document", () => new Response(error("AuthorizationHeaderMalformed", "eu-west-1"), { status: 400 })],
    ["400 with a header", () => new Response(null, { status: 400, headers: at })],
    [
      "307 with a host",
      () => {
        const location = "https://bucket.s3-eu-west-1.amazonaws.com/k";
        return new Response(error("TemporaryRedirect"), { status: 307, headers: { location } });
      },
    ],
    [
      "301 with nothing, and HEAD of the bucket",
      ({ url }) => new Response(null, { status: 301, headers: new URL(url).pathname === "/" ? at : {} }),
    ],
  ])("is found after %s, and kept for later requests and URLs", async (_name, refuse) => {
    const { fetch, requests } = aws(refuse);
    const driver = toDriver({ name: "s3", open: () => s3Backend({ ...options, fetch, retry: { attempts: 1 } }) });
    await driver.upload("k", "abc");
    const spent = requests.length;
    expect(spent).toBeLessThanOrEqual(3);
    expect(await driver.exists("k")).toBe(true);
    expect(requests).toHaveLength(spent + 1);
    const { url = "" } = (await driver.presign("k")) ?? {};
    expect(url).toMatch(/^https:\/\/bucket\.s3\.eu-west-1\.amazonaws\.com\/k\?.*%2Feu-west-1%2Fs3/);
    const hosts = new Set(requests.map((request) => new URL(request.url).host));
    expect([...hosts]).toEqual(["bucket.s3.us-east-1.amazonaws.com", "bucket.s3.eu-west-1.amazonaws.com"]);
  });

  it.each(HOSTILE)("is never looked for at %j", async (region) => {
    const { fetch, requests } = aws(
      () =>
        new Response(error("PermanentRedirect", region.replaceAll("&", "")), {
          status: 301,
          headers: { "x-amz-bucket-region": region, location: `https://s3.${region}.amazonaws.com/` },
        }),
    );
    const driver = toDriver({ name: "s3", open: () => s3Backend({ ...options, fetch }) });
    await driver.upload("k", "abc").catch(() => {});
    const hosts = new Set(requests.map((request) => new URL(request.url).host));
    expect([...hosts].filter((host) => !/^bucket\.s3\.[a-z0-9-]+\.amazonaws\.com$/.test(host))).toEqual([]);
  });

  it("costs two requests when regions point at each other", async () => {
    const { fetch, requests } = recorder((request) => {
      const region = scopeOf(request) === "us-east-1" ? "us-west-2" : "us-east-1";
      return new Response(null, { status: 301, headers: { "x-amz-bucket-region": region } });
    });
    const driver = toDriver({ name: "s3", open: () => s3Backend({ ...options, fetch }) });
    await expect(driver.upload("k", "x")).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringContaining("set region"),
    });
    expect(requests).toHaveLength(2);
  });
});

describe("an endpoint of one's own", () => {
  const strict =
    (region: string): Script =>
    (request: Received) => {
      if (scopeOf(request) === region) return happy(request);
      const message = `the region is wrong; expecting '${region}'`;
      if (request.method === "HEAD") return answer(400);
      const document = failure(400, "AuthorizationHeaderMalformed", message).bytes.toString();
      return {
        bytes: document
          .replace(/content-length: \d+/, "connection: close")
          .replace("</Error>", `<Region>${region}</Region></Error>`),
        then: "fin",
      };
    };

  it("that wants another region in the signature gets it, at the same host", async () => {
    const server = await wire(strict("garage"));
    const driver = stubbed(server, { retry: { attempts: 1 } });
    await driver.upload("k", "abc");
    await driver.upload("k", "abc");
    expect(server.requests.map(scopeOf)).toEqual(["us-east-1", "garage", "garage"]);
    expect(server.requests.at(-1)?.body.toString()).toBe("abc");
  });

  it("gets it also when the first request is a HEAD, which cannot be told", async () => {
    const server = await wire(strict("garage"));
    expect(await stubbed(server).exists("k")).toBe(true);
    expect(server.lines()).toEqual(["HEAD /bucket/k", "HEAD /bucket/", "GET /bucket/?location=", "HEAD /bucket/k"]);
  });

  it("costs each of ten requests at once one repetition", async () => {
    const server = await wire(strict("garage"));
    const driver = stubbed(server, { retry: { attempts: 1 } });
    await Promise.all(Array.from({ length: 10 }, (_, index) => driver.upload(`k${index}`, "x")));
    expect(server.requests).toHaveLength(20);
  });

  it("is asked for its region by the first alone, when others are refused after that one knows", async () => {
    let known = (): void => {};
    const learnt = new Promise<void>((resolve) => (known = resolve));
    const server = await wire(async (request) => {
      if (request.method === "HEAD") return answer(200, { "x-amz-bucket-region": "garage" });
      if (scopeOf(request) === "garage") {
        known();
        return happy(request);
      }
      if (request.path.endsWith("/late")) await learnt;
      return answer(301);
    });
    const driver = stubbed(server, { retry: { attempts: 1 } });
    await Promise.all([driver.upload("late", "x"), driver.upload("k", "x")]);
    expect(server.lines().toSorted()).toEqual([
      "HEAD /bucket/",
      ...Array<string>(2).fill("PUT /bucket/k"),
      ...Array<string>(2).fill("PUT /bucket/late"),
    ]);
  });

  it("that cannot be asked for its region leaves what the store said first", async () => {
    const server = await wire((request) => (request.method === "HEAD" ? { bytes: "", then: "fin" } : answer(301)));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ response: { status: 301 } });
    expect(server.lines()).toEqual(["PUT /bucket/k", "HEAD /bucket/", "GET /bucket/?location="]);
  });

  it("is asked once for one call, when what it says does not help", async () => {
    const named = answer(200, { "x-amz-bucket-region": "garage" });
    const server = await wire((request) => (request.method === "HEAD" ? named : answer(301)));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ response: { status: 301 } });
    expect(server.lines()).toEqual(["PUT /bucket/k", "HEAD /bucket/", "PUT /bucket/k"]);
  });

  it("is asked for no region after a 400 without a document, which may say anything", async () => {
    const server = await wire(answer(400));
    await expect(stubbed(server).upload("k", "x")).rejects.toMatchObject({ response: { status: 400 } });
    expect(server.lines()).toEqual(["PUT /bucket/k"]);
  });

  it("hears an abort while it is asked for its region", async () => {
    const control = new AbortController();
    const server = await wire((request) => {
      if (request.method !== "HEAD") return answer(301);
      control.abort("left");
      return { bytes: "", then: "hang" };
    });
    await expect(stubbed(server).upload("k", "x", { signal: control.signal })).rejects.toBe("left");
    expect(server.requests).toHaveLength(2);
  });

  it("that redirects is not followed, and the error names the host without the rest", async () => {
    const other = await wire(happy);
    const server = await wire(answer(307, { location: `${other.url}/bucket/k?X-Amz-Signature=CANARY` }));
    const failed: unknown = await stubbed(server)
      .upload("k", "secret", { headers: { "x-amz-acl": "private" } })
      .catch((reason: unknown) => reason);
    expect(failed).toMatchObject({ code: "invalid-option", message: expect.stringContaining(new URL(other.url).host) });
    expect(String(failed)).not.toContain("CANARY");
    expect(other.connections()).toBe(0);
  });
});
