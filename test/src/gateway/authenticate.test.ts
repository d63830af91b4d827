import { describe, expect, it } from "vitest";
import { authenticate, identityOf, type Keys, momentOf, requireSigned } from "../../../src/gateway/authenticate.ts";
import { receive } from "../../../src/gateway/received.ts";
import type { Identity } from "../../../src/sigv4/sign.ts";
import { processorTimeOf } from "../../support/processor.ts";
import {
  EXAMPLE,
  type Plain,
  scopeOf,
  sha256,
  type Signer,
  signHeader,
  signQuery,
  signText,
  UNSIGNED,
} from "./signer.ts";

const START = EXAMPLE.date.getTime();
const HOUR = 3_600_000;
const EMPTY = sha256("");
const OBJECT = "https://s3.example.com/bucket/a%20b";

function keysOf(more: Partial<Identity> = {}, now = START): Keys {
  const identity: Identity = { ...EXAMPLE, ...more };
  return {
    region: "us-east-1",
    find: (accessKeyId) => (accessKeyId === identity.accessKeyId ? identity : undefined),
    now: () => now,
  };
}

/** The code of the refusal; otherwise the access key. */
async function ask(url: string, init: RequestInit = {}, keys: Keys = keysOf()): Promise<string | undefined> {
  try {
    const signed = await authenticate(receive(new Request(url, init), "bucket", undefined), keys);
    return signed?.identity.accessKeyId;
  } catch (error) {
    return (error as { readonly s3: string }).s3;
  }
}

const IN = EXAMPLE.accessKeyId;

describe("authenticate by the header", () => {
  const host = "examplebucket.s3.amazonaws.com";
  const welcome = sha256("Welcome to Amazon S3.");

  // https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
  it.each([
    [
      "GET",
      `https://${host}/test.txt`,
      { range: "bytes=0-9", "x-amz-content-sha256": EMPTY },
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ],
    [
      "PUT",
      `https://${host}/test$file.text`,
      {
        date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": welcome,
      },
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ],
    [
      "GET",
      `https://${host}/?lifecycle`,
      { "x-amz-content-sha256": EMPTY },
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ],
    [
      "GET",
      `https://${host}/?max-keys=2&prefix=J`,
      { "x-amz-content-sha256": EMPTY },
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ],
    [
      "PUT",
      "https://s3.amazonaws.com/examplebucket/chunkObject.txt",
      {
        "content-encoding": "aws-chunked",
        "content-length": "66824",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    ],
    [
      "PUT",
      "https://s3.amazonaws.com/examplebucket/chunkObject.txt",
      {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "66560",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-trailer": "x-amz-checksum-crc32c",
      },
      "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    ],
  ])("takes Amazon's published signature: %s %s", async (method, url, more, signature) => {
    const headers: Record<string, string> = { host: new URL(url).host, "x-amz-date": "20130524T000000Z", ...more };
    const names = Object.keys(headers).sort().join(";");
    const claim = (mark: string): Record<string, string> => ({
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${IN}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${mark}`,
    });
    expect(await ask(url, { method, headers: claim(signature) })).toBe(IN);
    const other = signature.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect(await ask(url, { method, headers: claim(other) })).toBe("SignatureDoesNotMatch");
    expect(await ask(url, { method, headers: claim(signature.toUpperCase()) })).toBe("SignatureDoesNotMatch");
    expect(await ask(url, { method, headers: claim(`${signature}0`) })).toBe("SignatureDoesNotMatch");
  });

  const plain: Plain = { method: "PUT", url: OBJECT, headers: { "content-type": "text/plain" }, hash: EMPTY };
  const send = (headers: Readonly<Record<string, string>>, keys?: Keys): Promise<string | undefined> =>
    ask(OBJECT, { method: "PUT", headers }, keys);

  it("lets nobody in who claims nobody", async () => {
    expect(await ask(OBJECT)).toBeUndefined();
  });

  it.each([
    ["AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "InvalidRequest"],
    ["Bearer x", "InvalidRequest"],
    ["", "InvalidRequest"],
    ["AWS4-HMAC-SHA256", "InvalidRequest"],
    ["AWS4-ECDSA-P256-SHA256 Credential=a, SignedHeaders=host, Signature=b", "InvalidRequest"],
    ["AWS4-HMAC-SHA256 Credential=a", "AuthorizationHeaderMalformed"],
    ["AWS4-HMAC-SHA256 Credential=, SignedHeaders=host, Signature=b", "AuthorizationHeaderMalformed"],
    ["AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b", "AuthorizationHeaderMalformed"],
  ])("refuses another mechanism and what is malformed: %s", async (authorization, code) => {
    expect(await send({ ...signHeader(plain, EXAMPLE).headers, authorization })).toBe(code);
  });

  it("refuses an x-amz- header that is not signed, and takes any other", async () => {
    const { headers } = signHeader(plain, EXAMPLE);
    expect(await send({ ...headers, "x-amz-acl": "private" })).toBe("AccessDenied");
    expect(await send({ ...headers, "x-amz-copy-source": "bucket/secret" })).toBe("AccessDenied");
    expect(await send({ ...headers, "cache-control": "no-store" })).toBe(IN);
  });

  it("refuses a signed header that is doubled, is gone or has come twice", async () => {
    const { headers } = signHeader(plain, EXAMPLE);
    const doubled = new Headers(headers);
    doubled.append("content-type", "text/html");
    expect(await send(Object.fromEntries(doubled))).toBe("SignatureDoesNotMatch");
    const { "content-type": _, ...rest } = headers;
    expect(await send(rest)).toBe("SignatureDoesNotMatch");
  });

  it("refuses what does not sign its host", async () => {
    const { headers } = signHeader(plain, EXAMPLE);
    const authorization = headers["authorization"]?.replace("host;", "") ?? "";
    expect(await send({ ...headers, authorization })).toBe("AccessDenied");
    expect(await send({ ...headers, host: "other.example.com" })).toBe("SignatureDoesNotMatch");
  });

  it.each(["host;a b", "host;;x-amz-date", "host;\u00e9", "host;(", ";", " "])(
    "refuses SignedHeaders that are no names, with no failure of its own: %j",
    async (names) => {
      const { headers } = signHeader(plain, EXAMPLE);
      const authorization = headers["authorization"]?.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${names}`) ?? "";
      expect(await send({ ...headers, authorization })).toBe("AuthorizationHeaderMalformed");
      const url = signQuery({ method: "GET", url: OBJECT }, EXAMPLE, { "X-Amz-SignedHeaders": names });
      expect(await ask(url)).toMatch(/Malformed$|^AuthorizationQueryParametersError$/);
    },
  );

  it("takes a clock that is wrong by a quarter of an hour, and no more", async () => {
    const { headers } = signHeader(plain, EXAMPLE);
    for (const [shift, code] of [
      [HOUR / 4, IN],
      [-HOUR / 4, IN],
      [HOUR / 4 + 1, "RequestTimeTooSkewed"],
      [-HOUR / 4 - 1, "RequestTimeTooSkewed"],
    ] as const)
      expect(await send(headers, keysOf({}, START + shift)), String(shift)).toBe(code);
  });

  it("refuses a date that is another than the signed one, is none, or is of another day", async () => {
    const { headers } = signHeader(plain, EXAMPLE);
    expect(await send({ ...headers, "x-amz-date": "20130524T000001Z" })).toBe("SignatureDoesNotMatch");
    expect(await send({ ...headers, "x-amz-date": "2013-05-24" })).toBe("AccessDenied");
    const { "x-amz-date": _, ...rest } = headers;
    expect(await send(rest)).toBe("AccessDenied");
    expect(await send({ ...headers, "x-amz-date": "20130523T235959Z" })).toBe("AuthorizationHeaderMalformed");
  });

  it("takes the date of `Date` where there is no other", async () => {
    const sent = { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-content-sha256": EMPTY };
    const lines = Object.entries({ ...sent, host: "s3.example.com" }).sort(([a], [b]) => (a < b ? -1 : 1));
    const names = lines.map(([name]) => name).join(";");
    const head = lines.map(([name, value]) => `${name}:${value}\n`).join("");
    const canonical = ["PUT", "/bucket/a%20b", "", head, names, EMPTY].join("\n");
    const text = ["AWS4-HMAC-SHA256", "20130524T000000Z", scopeOf(EXAMPLE), sha256(canonical)].join("\n");
    const authorization = `AWS4-HMAC-SHA256 Credential=${IN}/${scopeOf(EXAMPLE)}, SignedHeaders=${names}, Signature=${signText(text, EXAMPLE)}`;
    expect(await send({ ...sent, host: "s3.example.com", authorization })).toBe(IN);
    expect(await send({ ...sent, date: "soon", authorization })).toBe("AccessDenied");
    const { headers } = signHeader(plain, EXAMPLE);
    expect(await send({ ...headers, date: "Thu, 23 May 2013 00:00:00 GMT" })).toBe(IN);
  });

  it("refuses what does not say what its body is", async () => {
    const { "x-amz-content-sha256": _, ...rest } = signHeader(plain, EXAMPLE).headers;
    expect(await send(rest)).toBe("InvalidRequest");
    expect(await send({ ...rest, "x-amz-content-sha256": UNSIGNED })).toBe("SignatureDoesNotMatch");
  });

  it("refuses a request that is signed in the header and in the query", async () => {
    const url = signQuery({ method: "PUT", url: OBJECT }, EXAMPLE);
    const { headers } = signHeader({ ...plain, url }, EXAMPLE);
    expect(await ask(url, { method: "PUT", headers })).toBe("InvalidArgument");
    const algorithm = `${OBJECT}?X-Amz-Algorithm=AWS4-HMAC-SHA256`;
    expect(
      await ask(algorithm, { method: "PUT", headers: signHeader({ ...plain, url: algorithm }, EXAMPLE).headers }),
    ).toBe("InvalidArgument");
  });

  it.each(["__proto__", "constructor", "toString", "AKIAIOSFODNN7EXAMPLF", "a/b", ""])(
    "knows no access key but those that it has: %s",
    async (accessKeyId) => {
      const { headers } = signHeader(plain, { ...EXAMPLE, accessKeyId, secretAccessKey: "[object Object]" });
      expect(await send(headers)).toBe(accessKeyId === "" ? "AuthorizationHeaderMalformed" : "InvalidAccessKeyId");
    },
  );

  it("refuses the right signature of another secret, region, service or end of scope", async () => {
    const as = (more: Partial<Signer>): Promise<string | undefined> =>
      send(signHeader(plain, { ...EXAMPLE, ...more }).headers);
    expect(await as({ secretAccessKey: "other" })).toBe("SignatureDoesNotMatch");
    expect(await as({ region: "eu-west-1" })).toBe("AuthorizationHeaderMalformed");
    const { headers } = signHeader(plain, EXAMPLE);
    for (const [from, to] of [
      ["/s3/", "/iam/"],
      ["aws4_request", "aws4"],
      ["/us-east-1/", "/"],
    ] as const) {
      const authorization = headers["authorization"]?.replace(from, to) ?? "";
      expect(await send({ ...headers, authorization })).toBe("AuthorizationHeaderMalformed");
    }
  });

  it("names the right region to one that signed for another, in the element and the header that clients read", async () => {
    const { headers } = signHeader(plain, { ...EXAMPLE, region: "eu-west-1" });
    const received = receive(new Request(OBJECT, { method: "PUT", headers }), "bucket", undefined);
    await expect(authenticate(received, keysOf())).rejects.toMatchObject({
      details: { elements: { Region: "us-east-1" }, headers: { "x-amz-bucket-region": "us-east-1" } },
    });
  });

  it("takes a long list of headers, and of slashes, in little time", async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `x-amz-meta-${index}`);
    const { headers } = signHeader(plain, EXAMPLE);
    const many = { ...headers, ...Object.fromEntries(names.map((name) => [name, "1"])) };
    const authorization = headers["authorization"]?.replace("host;", `host;${names.join(";")};`) ?? "";
    const time = await processorTimeOf(async () => {
      expect(await send({ ...many, authorization })).toBe("SignatureDoesNotMatch");
      for (const one of ["/", "a/", "//a", " "])
        expect(
          await send({
            ...headers,
            authorization: `AWS4-HMAC-SHA256 Credential=${one.repeat(100_000)}, SignedHeaders=host, Signature=a`,
          }),
        ).toBe("AuthorizationHeaderMalformed");
    });
    expect(time).toBeLessThan(5000);
  });
});

describe("authenticate by the query", () => {
  it("refuses a URL of the older signature, which else were that of nobody", async () => {
    expect(await ask(`${OBJECT}?AWSAccessKeyId=${IN}&Signature=x&Expires=9999999999`)).toBe("InvalidRequest");
  });

  const url = signQuery({ method: "GET", url: OBJECT }, EXAMPLE);

  it("takes Amazon's published URL until it expires, from a quarter of an hour before its time", async () => {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    const published =
      "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
    for (const [shift, code] of [
      [0, IN],
      [24 * HOUR - 1, IN],
      [24 * HOUR, "AccessDenied"],
      [-HOUR / 4, IN],
      [-HOUR / 4 - 1, "AccessDenied"],
    ] as const)
      expect(await ask(published, {}, keysOf({}, START + shift)), String(shift)).toBe(code);
  });

  it("refuses another method, HEAD for GET too", async () => {
    for (const method of ["HEAD", "PUT", "POST", "DELETE"])
      expect(await ask(url, { method }), method).toBe("SignatureDoesNotMatch");
  });

  it.each(["&response-content-type=text/html", "&versionId=null", "&uploadId=1", "&X-Amz-Foo=1", "&x", "&acl"])(
    "refuses a further parameter: %s",
    async (more) => {
      expect(await ask(url + more)).toBe("SignatureDoesNotMatch");
      expect(await ask(url.replace("?", `?${more.slice(1)}&`))).toBe("SignatureDoesNotMatch");
    },
  );

  it.each(["X-Amz-Expires=604800", "X-Amz-Signature=a", "X-Amz-Date=20130524T000000Z", "X-Amz-SignedHeaders=host"])(
    "refuses a parameter of its own that is there twice: %s",
    async (more) => {
      expect(await ask(`${url}&${more}`)).toBe("InvalidArgument");
      expect(await ask(url.replace("?", `?${more}&`))).toBe("InvalidArgument");
    },
  );

  it.each(["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"])(
    "refuses a URL without X-Amz-%s",
    async (name) => {
      const without = url.replace(new RegExp(`([?&])X-Amz-${name}=[^&]*&?`), "$1");
      expect(await ask(without)).toBe("AuthorizationQueryParametersError");
    },
  );

  it("takes a URL that lasts a week", async () => {
    const week = signQuery({ method: "GET", url: OBJECT }, EXAMPLE, { "X-Amz-Expires": "604800" });
    expect(await ask(week, {}, keysOf({}, START + 7 * 24 * HOUR - 1))).toBe(IN);
  });

  it.each(["0", "-1", "604801", "1e3", "60.5", " 60", "9999999", "x"])(
    "refuses that it lasts so many seconds: %s",
    async (lasts) => {
      const more = { "X-Amz-Expires": lasts };
      expect(await ask(signQuery({ method: "GET", url: OBJECT }, EXAMPLE, more))).toBe(
        "AuthorizationQueryParametersError",
      );
    },
  );

  it("refuses an x-amz- header that is not signed, so that nobody makes a copy or frames a body by it", async () => {
    const put = signQuery({ method: "PUT", url: OBJECT }, EXAMPLE);
    const unsigned: readonly Record<string, string>[] = [
      { "x-amz-copy-source": "bucket/secret" },
      { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "x-amz-decoded-content-length": "0" },
      { "x-amz-acl": "private" },
      { "x-amz-security-token": "token" },
    ];
    for (const headers of unsigned) expect(await ask(put, { method: "PUT", headers })).toBe("AccessDenied");
    expect(await ask(put, { method: "PUT", headers: { "content-type": "text/plain" } })).toBe(IN);
  });

  it("takes the hash of the body of a header that is signed, or of the query, where both are the same", async () => {
    const plain: Plain = { method: "PUT", url: OBJECT };
    const headers = { "x-amz-content-sha256": EMPTY };
    expect(await ask(signQuery({ ...plain, headers, hash: EMPTY }, EXAMPLE), { method: "PUT", headers })).toBe(IN);
    for (const [inQuery, hash, code] of [
      [UNSIGNED, UNSIGNED, IN],
      [EMPTY, EMPTY, IN],
      [EMPTY, UNSIGNED, "SignatureDoesNotMatch"],
      [UNSIGNED, EMPTY, "SignatureDoesNotMatch"],
      ["STREAMING-UNSIGNED-PAYLOAD-TRAILER", UNSIGNED, "SignatureDoesNotMatch"],
    ] as const) {
      const signed = signQuery({ ...plain, hash }, EXAMPLE, { "X-Amz-Content-Sha256": inQuery });
      expect(await ask(signed, { method: "PUT" }), inQuery).toBe(code);
    }
    const differing = signQuery({ ...plain, headers, hash: EMPTY }, EXAMPLE, { "X-Amz-Content-Sha256": UNSIGNED });
    expect(await ask(differing, { method: "PUT", headers })).toBe("AuthorizationQueryParametersError");
  });

  it("refuses headers that are signed and were not sent, or are others", async () => {
    const put = signQuery({ method: "PUT", url: OBJECT, headers: { "content-length": "5" } }, EXAMPLE);
    const send = (headers: Record<string, string>): Promise<string | undefined> => ask(put, { method: "PUT", headers });
    expect(await send({})).toBe("SignatureDoesNotMatch");
    expect(await send({ "content-length": "6" })).toBe("SignatureDoesNotMatch");
    expect(await send({ "content-length": "5" })).toBe(IN);
  });

  it("takes a URL whose day has ended meanwhile, and none whose scope names another day", async () => {
    const late = { ...EXAMPLE, date: new Date(START - 1000) };
    expect(await ask(signQuery({ method: "GET", url: OBJECT }, late))).toBe(IN);
    const more = { "X-Amz-Credential": `${IN}/20130525/us-east-1/s3/aws4_request` };
    expect(await ask(signQuery({ method: "GET", url: OBJECT }, EXAMPLE, more))).toBe(
      "AuthorizationQueryParametersError",
    );
  });
});

describe("identityOf", () => {
  const plain: Plain = { method: "GET", url: OBJECT };

  it("takes the token that belongs to the keys, in header and query, and no other", async () => {
    for (const [sent, has, code] of [
      ["token", "token", IN],
      ["tokem", "token", "InvalidToken"],
      ["token2", "token", "InvalidToken"],
      ["token", undefined, "InvalidToken"],
      ["", "token", "InvalidToken"],
      ["", undefined, IN],
      ["", "", IN],
    ] as const) {
      const keys = keysOf({ sessionToken: has });
      const headers: Record<string, string> = sent === "" ? {} : { "x-amz-security-token": sent };
      expect(await ask(OBJECT, { headers: signHeader({ ...plain, headers }, EXAMPLE).headers }, keys)).toBe(code);
      const more: Record<string, string> = sent === "" ? {} : { "X-Amz-Security-Token": sent };
      expect(await ask(signQuery(plain, EXAMPLE, more), {}, keys)).toBe(code);
    }
  });

  it("refuses keys from the moment they expire, and the URLs that were signed with them", async () => {
    const keys = (now: number): Keys => keysOf({ expiration: new Date(START + 1000) }, now);
    const { headers } = signHeader(plain, EXAMPLE);
    expect(await ask(OBJECT, { headers }, keys(START + 999))).toBe(IN);
    expect(await ask(OBJECT, { headers }, keys(START + 1000))).toBe("ExpiredToken");
    expect(await ask(signQuery(plain, EXAMPLE), {}, keys(START + 1000))).toBe("ExpiredToken");
  });

  it("takes an access key with slashes", async () => {
    const claim = {
      credential: "a/b//c/20130524/us-east-1/s3/aws4_request",
      datetime: "20130524T000000Z",
      token: null,
    };
    const identity = await identityOf(claim, keysOf({ accessKeyId: "a/b//c" }), (why) => new Error(why) as never);
    expect(identity.accessKeyId).toBe("a/b//c");
  });
});

describe("requireSigned", () => {
  it("takes the signature of the very text, and no other", async () => {
    const who = { identity: EXAMPLE, datetime: "20130524T000000Z" };
    const signature = signText("policy", EXAMPLE);
    await expect(requireSigned("policy", signature, who, keysOf())).resolves.toBeUndefined();
    for (const [text, given] of [
      ["policy ", signature],
      ["policy", signature.slice(1)],
      ["policy", `${signature}\0`],
      ["policy", ""],
    ] as const)
      await expect(requireSigned(text, given, who, keysOf())).rejects.toMatchObject({ s3: "SignatureDoesNotMatch" });
  });
});

describe("momentOf", () => {
  it("reads the one form that dates of signatures have", () => {
    expect(momentOf("20130524T000000Z")).toBe(START);
    for (const other of ["2013-05-24T00:00:00Z", "20130524T000000", "20130524T000000Z\n", "20131324T000000Z", "", "x"])
      expect(() => momentOf(other), other).toThrow(/valid Date/);
  });
});
