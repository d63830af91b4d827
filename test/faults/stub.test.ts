/** The stub is no mock: it holds all of the contract, and refuses what is signed wrongly. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import s3 from "../../drivers/s3.ts";
import { conformance } from "../support/conformance.ts";
import { EXAMPLE } from "../support/policy.ts";
import { startStub, type Stub } from "./stub.ts";
import { type Form, readForm, verifyForm } from "./stub/form.ts";
import { verify, type Guard } from "./stub/verify.ts";

const MIB = 1024 * 1024;
const keys = { accessKeyId: "AKIDSTUB", secretAccessKey: "stub/secret+key" };

conformance(
  "the stub",
  async () => {
    const stub = await startStub(keys);
    stub.world("contract");
    return { driver: s3({ ...keys, bucket: "contract", endpoint: stub.url, partSize: 5 * MIB }), close: stub.close };
  },
  { capabilities: ["presign", "multipart", "uploads"], partSize: 5 * MIB },
);

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
describe("verify with the examples of the specification", () => {
  const guard: Guard = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
    now: Date.UTC(2013, 4, 24),
  };
  const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const headers = (names: string, signature: string): Record<string, string> => ({
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-content-sha256": EMPTY,
    authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`,
  });
  const plain = "host;x-amz-content-sha256;x-amz-date";
  const none = new Uint8Array();
  const get = {
    method: "GET",
    target: "/test.txt",
    headers: {
      ...headers(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
      ),
      range: "bytes=0-9",
    },
  };
  const list = {
    method: "GET",
    target: "/?max-keys=2&prefix=J",
    headers: headers(plain, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  };
  const lifecycle = {
    method: "GET",
    target: "/?lifecycle",
    headers: headers(plain, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
  };
  const query =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  const presigned = {
    method: "GET",
    target: `/test.txt?${query}`,
    headers: { host: "examplebucket.s3.amazonaws.com" },
  };

  test.each(Object.entries({ get, list, lifecycle, presigned }))("verify takes %s", (_, head) => {
    expect(() => verify(head, none, guard)).not.toThrow();
  });

  test.each([
    ["another byte in the body", get, Buffer.from("x"), guard, "XAmzContentSHA256Mismatch"],
    ["another path", { ...get, target: "/test.txs" }, none, guard, "SignatureDoesNotMatch"],
    ["another method", { ...get, method: "DELETE" }, none, guard, "SignatureDoesNotMatch"],
    [
      "another range",
      { ...get, headers: { ...get.headers, range: "bytes=0-8" } },
      none,
      guard,
      "SignatureDoesNotMatch",
    ],
    ["another secret", get, none, { ...guard, secretAccessKey: "x" }, "SignatureDoesNotMatch"],
    ["another key", get, none, { ...guard, accessKeyId: "x" }, "InvalidAccessKeyId"],
    ["another region", get, none, { ...guard, region: "eu-west-1" }, "AuthorizationHeaderMalformed"],
    ["16 minutes later", get, none, { ...guard, now: guard.now + 960_000 }, "RequestTimeTooSkewed"],
    ["16 minutes earlier", get, none, { ...guard, now: guard.now - 960_000 }, "RequestTimeTooSkewed"],
    [
      "an unsigned x-amz- header",
      { ...list, headers: { ...list.headers, "x-amz-acl": "x" } },
      none,
      guard,
      "AccessDenied",
    ],
    ["no signature", { ...list, headers: { host: "x" } }, none, guard, "AccessDenied"],
    ["a longer query", { ...presigned, target: `${presigned.target}&a=b` }, none, guard, "SignatureDoesNotMatch"],
    ["a URL after its time", presigned, none, { ...guard, now: guard.now + 86_400_000 }, "AccessDenied"],
    ["a URL before its time", presigned, none, { ...guard, now: guard.now - 960_000 }, "AccessDenied"],
  ] as const)("verify refuses %s", (_, head, body, given, code) => {
    expect(() => verify(head, body, given)).toThrow(expect.objectContaining({ code }));
  });
});

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html, whose lines end with CR and LF. */
describe("verifyForm with the example of the specification", () => {
  const fields = {
    ...{ key: "user/user1/${filename}", acl: "public-read", "Content-Type": "image/jpeg" },
    success_action_redirect: "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html",
    ...{ "x-amz-meta-uuid": "14365123651274", "x-amz-server-side-encryption": "AES256", "x-amz-meta-tag": "" },
    "x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request",
    ...{ "x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-date": "20151229T000000Z", policy: btoa(EXAMPLE) },
    "x-amz-signature": "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e",
  };
  const guard = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ...{ region: "us-east-1", bucket: "sigv4examplebucket", now: Date.UTC(2015, 11, 30) },
  };
  const verified = async (change: Readonly<Record<string, string | null>>, given: object = {}): Promise<Form> => {
    const data = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...change })) if (value !== null) data.set(name, value);
    data.set("file", new Blob(["\r\n--bytes\u0000"]), "é.jpg");
    const sent = new Response(data);
    const form = readForm(sent.headers.get("content-type") ?? "", Buffer.from(await sent.arrayBuffer()));
    verifyForm(form, { ...guard, ...given });
    return form;
  };

  test("verifyForm takes it, and readForm its file as it is", async () => {
    const { file, filename } = await verified({ "x-ignore-this": "x" });
    expect([file.toString(), filename]).toEqual(["\r\n--bytes\u0000", "é.jpg"]);
  });

  test.each<[string, Record<string, string | null>, object, string]>([
    ["another policy", { policy: btoa(EXAMPLE.replace("user1", "user2")) }, {}, "SignatureDoesNotMatch"],
    ["another secret", {}, { secretAccessKey: "x" }, "SignatureDoesNotMatch"],
    ["another day", { "x-amz-date": "20151230T000000Z" }, {}, "SignatureDoesNotMatch"],
    ["another key id", {}, { accessKeyId: "x" }, "InvalidAccessKeyId"],
    ["another region", {}, { region: "eu-west-1" }, "AuthorizationHeaderMalformed"],
    ["no signature", { "x-amz-signature": null }, {}, "SignatureDoesNotMatch"],
    ["no algorithm", { "x-amz-algorithm": null }, {}, "InvalidArgument"],
    ["its end", {}, { now: Date.UTC(2015, 11, 30, 12) }, "AccessDenied"],
    ["another bucket", {}, { bucket: "other" }, "AccessDenied"],
    ["another key", { key: "user/user2/x" }, {}, "AccessDenied"],
    ["another type", { "Content-Type": "text/html" }, {}, "AccessDenied"],
    ["a field less", { "x-amz-meta-uuid": null }, {}, "AccessDenied"],
    ["a field more", { "x-amz-meta-more": "x" }, {}, "AccessDenied"],
  ])("verifyForm refuses %s", async (_, change, given, code) => {
    await expect(verified(change, given)).rejects.toMatchObject({ code });
  });

  test("readForm refuses a body that is no form, and a form without a file", () => {
    expect(() => readForm("text/plain", Buffer.from("x"))).toThrow(expect.objectContaining({ status: 412 }));
    const empty = Buffer.from('--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b--\r\n');
    expect(() => readForm("multipart/form-data; boundary=b", empty)).toThrow(/one file/);
  });
});

describe("the stub answers as S3 does", () => {
  let stub: Stub;
  beforeAll(async () => {
    stub = await startStub(keys);
  });
  afterAll(() => stub.close());

  test("a bucket that nobody made is absent, and a key without object is absent in another way", async () => {
    stub.world("made");
    const at = (bucket: string) => s3({ ...keys, bucket, endpoint: stub.url }).download("k");
    await expect(at("nowhere")).rejects.toMatchObject({ code: "bucket-not-found" });
    await expect(at("made")).rejects.toMatchObject({ code: "not-found" });
  });
});
