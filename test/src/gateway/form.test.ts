import { serve } from "srvx";
import { describe, expect, it, onTestFinished } from "vitest";
import s3 from "../../../drivers/s3.ts";
import { gateway } from "../../../src/gateway.ts";
import { presignPost } from "../../../src/post-policy.ts";
import { type Asking, asking, refusalOf } from "./asked.ts";
import { BOUNDARY, type Field, formOf, inPieces, signed, SIGNER } from "./posted.ts";

const type = { "content-type": `multipart/form-data; boundary=${BOUNDARY}` };
const FILE: Field = ["file", "0123456789", "a.txt"];
const KEY: Field = ["key", "user/a"];
const CONDITIONS = [{ bucket: "bucket" }, ["starts-with", "$key", "user/"]];

interface Posting extends Asking {
  readonly post: (body: BodyInit, headers?: Record<string, string>, path?: string) => Promise<Response>;
}

/** A gateway that is sent forms as they are: none of them is signed but by its policy. */
function posting(): Posting {
  const keys = { accessKeyId: "AKIDGATEWAY", secretAccessKey: "gateway-secret" };
  const asked = asking();
  const { fetch } = gateway(asked.store, { bucket: "bucket", credentials: keys });
  return {
    ...asked,
    post: (body, headers = type, path = "bucket") =>
      fetch(
        new Request(`http://gateway/${path}`, {
          method: "POST",
          body,
          headers,
          redirect: "manual",
          duplex: "half",
        } as RequestInit),
      ),
  };
}

/** A form under a policy with these conditions and a field for each that names one, `more` and the file. */
function form(
  conditions: readonly unknown[] = [],
  more: readonly Field[] = [],
  file: Field = FILE,
): Uint8Array<ArrayBuffer> {
  return formOf([KEY, ...SIGNER, ...signed([...CONDITIONS, ...conditions]), ...more, file]);
}

/** Refused, and nothing is stored. */
async function refuses(body: BodyInit, refusal: string, headers?: Record<string, string>): Promise<void> {
  const { store, post } = posting();
  expect(await refusalOf(await post(body, headers))).toBe(refusal);
  for await (const { key } of store.list()) expect.fail(`stored ${key}`);
}

describe("postObject", () => {
  it("stores the file with what the fields say of it", async () => {
    const { store, post } = posting();
    const fields: Field[] = [
      ["Content-Type", "text/css"],
      ["Cache-Control", "no-store"],
      ["Content-Disposition", "attachment"],
      ["Content-Encoding", "gzip"],
      ["x-amz-meta-Colour", "grün"],
      ["acl", "private"],
      ["x-amz-storage-class", "STANDARD"],
    ];
    const response = await post(
      form(
        fields.map(([name, value]) => ({ [name]: value })),
        fields,
      ),
    );
    const object = await store.download("user/a");
    expect([response.status, await response.text(), response.headers.get("etag")]).toEqual([204, "", object.etag]);
    expect(object).toMatchObject({
      contentType: "text/css",
      cacheControl: "no-store",
      contentDisposition: "attachment",
      contentEncoding: "gzip",
      metadata: { colour: "grün" },
    });
    expect(await object.text()).toBe("0123456789");
  });

  it("takes the forms that presignPost makes, over HTTP", async () => {
    const { store } = asking();
    const keys = { accessKeyId: "AKID/with/slashes", secretAccessKey: "other-secret" };
    const { fetch: handler } = gateway(store, { bucket: "bucket", credentials: keys });
    const server = serve({ fetch: handler, port: 0, hostname: "127.0.0.1", silent: true });
    onTestFinished(() => server.close(true));
    await server.ready();
    const client = s3({ bucket: "bucket", ...keys, region: "us-east-1", endpoint: server.url as string });
    const given = await presignPost(
      client,
      { prefix: "up/" },
      { contentLength: { max: 100 }, contentType: { prefix: "text/" } },
    );
    const send = (text: string, contentType: string): Promise<Response> => {
      const body = new FormData();
      for (const [name, value] of Object.entries(given?.fields ?? {})) body.append(name, value);
      body.append("Content-Type", contentType);
      body.append("file", new Blob([text]), "ä b.txt");
      return fetch(given?.url ?? "", { method: "POST", body });
    };
    expect((await send("hello", "text/plain")).status).toBe(204);
    expect(await (await store.download("up/ä b.txt")).text()).toBe("hello");
    expect(await refusalOf(await send("x".repeat(101), "text/plain"))).toBe("400 EntityTooLarge");
    expect(await refusalOf(await send("hello", "image/png"))).toBe("403 AccessDenied");
    expect(await (await store.download("up/ä b.txt")).text()).toBe("hello");
  });

  it.each([1, 2, 3, 7, 64])("stores the same of pieces of %i bytes", async (size) => {
    const { store, post } = posting();
    expect((await post(inPieces(form(), size).stream)).status).toBe(204);
    expect(await (await store.download("user/a")).text()).toBe("0123456789");
  });

  it("stores nothing of a form that is cut, wherever that is", async () => {
    const whole = form();
    const { store, post } = posting();
    for (let length = 0; length < whole.byteLength - 2; length++)
      expect((await post(whole.slice(0, length))).status).toBeOneOf([400, 403]);
    expect(await store.head("user/a")).toBeNull();
  });

  it("writes the file's name where fields ask for it, before the policy is held", async () => {
    const { store, post } = posting();
    const conditions = [{ bucket: "bucket" }, { key: "user/a.txt" }, { "x-amz-meta-name": "a.txt,a.txt" }];
    const fields: Field[] = [
      ["key", "user/${filename}"],
      ["x-amz-meta-name", "${filename},${filename}"],
    ];
    expect((await post(formOf([...fields, ...SIGNER, ...signed(conditions), FILE]))).status).toBe(204);
    expect((await store.head("user/a.txt"))?.metadata).toEqual({ name: "a.txt,a.txt" });
    const outside = [{ bucket: "bucket" }, ["starts-with", "$key", "user/b"], ["starts-with", "$x-amz-meta-name", ""]];
    await refuses(formOf([...fields, ...SIGNER, ...signed(outside), FILE]), "403 AccessDenied");
  });

  it("takes a file's name for no pattern", async () => {
    const { store, post } = posting();
    const fields: Field[] = [["key", "user/${filename}"], ...SIGNER, ...signed(CONDITIONS), ["file", "x", "$&$1$`"]];
    expect((await post(formOf(fields))).status).toBe(204);
    expect(await store.exists("user/$&$1$`")).toBe(true);
  });

  describe("answers", () => {
    const answered = async (name: string, value: string): Promise<Response> =>
      posting().post(form([{ [name]: value }], [[name, value]]));

    it.each<[string, number]>([
      ["200", 200],
      ["204", 204],
      ["302", 204],
      ["x", 204],
    ])("by success_action_status: %s", async (status, answer) => {
      const response = await answered("success_action_status", status);
      expect([response.status, await response.text()]).toEqual([answer, ""]);
    });

    it("201 with a document that says where the object is", async () => {
      const response = await answered("success_action_status", "201");
      expect([response.status, response.headers.get("content-type")]).toEqual([201, "application/xml"]);
      expect(response.headers.get("etag")).toMatch(/^".+"$/);
      const text = await response.text();
      expect(text).toMatch(
        /<PostResponse [^>]*><Location>http:\/\/gateway\/bucket\/user%2Fa<\/Location><Bucket>bucket<\/Bucket><Key>user\/a<\/Key><ETag>&quot;.+&quot;<\/ETag>/,
      );
      const field = { success_action_status: "201" };
      const below = await posting().post(form([field], Object.entries(field)), type, "bucket/");
      expect(await below.text()).toBe(text);
    });

    it.each<[string, string]>([
      ["https://app.example/done", "https://app.example/done?bucket=bucket&key=user%2Fa&etag="],
      ["http://app.example/done?a=b#c", "http://app.example/done?a=b&bucket=bucket&key=user%2Fa&etag="],
    ])("by a redirect: %s", async (url, location) => {
      for (const name of ["success_action_redirect", "redirect"]) {
        const response = await answered(name, url);
        expect([response.status, response.headers.get("location")?.startsWith(location)]).toEqual([303, true]);
      }
    });

    it.each(["javascript:alert(1)", "data:text/html,x", "//other.example", "/relative", "", "http://"])(
      "as if there were no redirect where it is none: %j",
      async (url) => {
        const response = await answered("success_action_redirect", url);
        expect([response.status, response.headers.get("location")]).toEqual([204, null]);
      },
    );
  });

  it.each<[string, number, string | undefined]>([
    ["one byte fewer", 4, "400 EntityTooSmall"],
    ["the fewest", 5, undefined],
    ["the most", 8, undefined],
    ["one byte more", 9, "400 EntityTooLarge"],
  ])("holds the length at its bounds: %s", async (_, length, refusal) => {
    const body = form([["content-length-range", 5, 8]], [], ["file", "x".repeat(length), "a"]);
    if (refusal) return refuses(body, refusal);
    const { store, post } = posting();
    expect((await post(body)).status).toBe(204);
    expect((await store.head("user/a"))?.size).toBe(length);
  });

  it("answers a file that is too large, or under no policy, without waiting for its end", async () => {
    const large: Field = ["file", "x".repeat(100), "a"];
    for (const body of [form([["content-length-range", 0, 8]], [], large), form([{ acl: "x" }], [], large)]) {
      const sent = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(body.slice(0, -BOUNDARY.length - 10)),
        pull: () => new Promise(() => {}),
      });
      expect((await posting().post(sent)).status).toBeOneOf([400, 403]);
    }
  });

  it("reads on what it refuses, so that the client sees the answer", async () => {
    const { stream, seen } = inPieces(form([{ acl: "x" }], [], ["file", "x".repeat(100_000), "a"]), 4096);
    expect(await refusalOf(await posting().post(stream))).toBe("403 AccessDenied");
    await expect.poll(() => seen.pieces).toBeGreaterThan(24);
  });

  it.each<[string, () => readonly Field[], string]>([
    ["nothing but a file", () => [FILE], "403 AccessDenied"],
    ["no signature", () => [KEY, ...SIGNER, ...signed(CONDITIONS).slice(0, 1), FILE], "400 InvalidArgument"],
    ["no policy", () => [KEY, ...SIGNER, ...signed(CONDITIONS).slice(1), FILE], "400 InvalidArgument"],
    ["an empty policy", () => [KEY, ...SIGNER, ["policy", ""], ["x-amz-signature", "x"], FILE], "400 InvalidArgument"],
    ...SIGNER.map(([name]): [string, () => readonly Field[], string] => [
      `no ${name}`,
      () => [KEY, ...SIGNER.filter((field) => field[0] !== name), ...signed(CONDITIONS), FILE],
      "400 InvalidArgument",
    ]),
    [
      "another policy than is signed",
      () => [KEY, ...SIGNER, signed([...CONDITIONS, { acl: "private" }])[0], signed(CONDITIONS)[1], FILE] as Field[],
      "403 SignatureDoesNotMatch",
    ],
    [
      "another day than is signed",
      () => [
        KEY,
        ...SIGNER.map(([name, value]): Field => [name, value.replace("20260304", "20260305")]),
        ...signed(CONDITIONS),
        FILE,
      ],
      "403 SignatureDoesNotMatch",
    ],
    [
      "keys that nobody has",
      () => [
        KEY,
        ...SIGNER.map(([name, value]): Field => [name, value.replace("AKIDGATEWAY", "AKIDOTHER")]),
        ...signed(CONDITIONS),
        FILE,
      ],
      "403 InvalidAccessKeyId",
    ],
    [
      "a token that the keys do not have",
      () => [
        KEY,
        ...SIGNER,
        ["x-amz-security-token", "t"],
        ...signed([...CONDITIONS, { "x-amz-security-token": "t" }]),
        FILE,
      ],
      "400 InvalidToken",
    ],
    [
      "a policy that has ended",
      () => [KEY, ...SIGNER, ...signed(CONDITIONS, "2026-03-04T05:06:08Z"), FILE],
      "403 AccessDenied",
    ],
    [
      "a key outside the policy",
      () => [["key", "other/a"], ...SIGNER, ...signed(CONDITIONS), FILE],
      "403 AccessDenied",
    ],
    [
      "a policy for another bucket, which a field names",
      () => [KEY, ...SIGNER, ["bucket", "other"], ...signed([{ bucket: "other" }, { key: "user/a" }]), FILE],
      "403 AccessDenied",
    ],
    [
      "a time that is none",
      () => {
        const signer: Field[] = [...SIGNER.slice(0, 2), ["x-amz-date", "20260304"]];
        return [KEY, ...signer, ...signed(CONDITIONS, undefined, signer), FILE];
      },
      "403 AccessDenied",
    ],
    [
      "a key with a space before it",
      () => [["key", " user/a"], ...SIGNER, ...signed(CONDITIONS), FILE],
      "403 AccessDenied",
    ],
    ["no key", () => [...SIGNER, ...signed(CONDITIONS), FILE], "400 InvalidArgument"],
    ["the key behind the file", () => [...SIGNER, ...signed(CONDITIONS), FILE, KEY], "400 InvalidArgument"],
    ["a key with dots", () => [["key", "user/../a"], ...SIGNER, ...signed(CONDITIONS), FILE], "400 InvalidURI"],
    [
      "a key that is too long",
      () => [["key", `user/${"k".repeat(1020)}`], ...SIGNER, ...signed(CONDITIONS), FILE],
      "400 KeyTooLongError",
    ],
    [
      "a field that the policy does not name",
      () => [KEY, ...SIGNER, ...signed(CONDITIONS), ["acl", "private"], FILE],
      "403 AccessDenied",
    ],
    ["no file", () => [KEY, ...SIGNER, ...signed(CONDITIONS)], "400 InvalidArgument"],
    ["two keys", () => [KEY, KEY, ...SIGNER, ...signed(CONDITIONS), FILE], "400 InvalidArgument"],
  ])("refuses %s, and stores nothing", async (_, fields, refusal) => {
    await refuses(formOf(fields()), refusal);
  });

  it.each<[string, string, string]>([
    ["acl", "public-read", "400 AccessControlListNotSupported"],
    ["x-amz-storage-class", "GLACIER", "400 InvalidStorageClass"],
    ["tagging", "<Tagging/>", "501 NotImplemented"],
    ["x-amz-server-side-encryption", "AES256", "501 NotImplemented"],
    ["x-amz-website-redirect-location", "/x", "501 NotImplemented"],
    ["x-amz-checksum-crc32", "AAAAAA==", "501 NotImplemented"],
    ["x-amz-object-lock-mode", "GOVERNANCE", "501 NotImplemented"],
    ["x-amz-copy-source", "/bucket/other", "501 NotImplemented"],
    ["Expires", "Thu, 01 Dec 1994 16:00:00 GMT", "501 NotImplemented"],
    ["Content-Type", "text/plain\r\nx: y", "400 InvalidArgument"],
    ["x-amz-meta-a b", "c", "400 InvalidArgument"],
    ["x-amz-meta-a", "b\u0001", "400 InvalidArgument"],
    ["x-amz-meta-a", "b".repeat(2048), "400 MetadataTooLarge"],
  ])("refuses what it would not do, though it is signed: %s %j", async (name, value, refusal) => {
    await refuses(form([{ [name]: value }], [[name, value]]), refusal);
  });

  it("takes names that objects have by themselves", async () => {
    const { store, post } = posting();
    const conditions = JSON.parse('[{"__proto__":"a"},{"x-amz-meta-__proto__":"b"}]') as unknown[];
    const fields: Field[] = [
      ["__proto__", "a"],
      ["x-amz-meta-__proto__", "b"],
    ];
    const policy = signed([]);
    expect(policy).toHaveLength(2);
    const response = await post(
      form(
        [
          ["eq", "$__proto__", "a"],
          ["eq", "$x-amz-meta-__proto__", "b"],
        ],
        fields,
      ),
    );
    expect([response.status, conditions.length]).toEqual([204, 2]);
    expect(Object.entries((await store.head("user/a"))?.metadata ?? {})).toEqual([["__proto__", "b"]]);
  });

  it("refuses a form for another bucket, and one that is none", async () => {
    const { fetch } = gateway(asking().store, { bucket: "bucket", credentials: () => undefined });
    const sent = (path: string, headers: Record<string, string>): Promise<Response> =>
      fetch(`http://gateway/${path}`, { method: "POST", body: form(), headers });
    expect(await refusalOf(await sent("other", type))).toBe("404 NoSuchBucket");
    // It is said in the form what it is to make, and a form is sent to the bucket.
    expect(await refusalOf(await sent("bucket/user/a", type))).toBe("403 AccessDenied");
    expect(await refusalOf(await sent("bucket", { "content-type": "application/x-www-form-urlencoded" }))).toBe(
      "403 AccessDenied",
    );
    expect(await refusalOf(await sent("bucket", { "content-type": "multipart/form-data; x" }))).toBe(
      "400 MalformedPOSTRequest",
    );
  });
});
