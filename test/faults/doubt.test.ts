/** What a client may say when it cannot know, and what it must not pass over. */
import { describe, expect, test } from "vitest";
import { MemoryBudget } from "../../src/budget.ts";
import { noise, source } from "../../src/conformance/bytes.ts";
import { answer, happy, type Received, type Script, wire } from "../support/wire.ts";
import { recorder, stubbed, TRANSPORTS } from "../support/stubbed.ts";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
/** Takes the request and goes away without a word. */
const LOST = { bytes: "", then: "rst" } as const;

const isCompletion = ({ method, query }: Received): boolean => method === "POST" && query.has("uploadId");

describe.each(TRANSPORTS)("a lost answer over %s", (_, transport) => {
  test("to every attempt at a completion is ambiguous, and the upload is left alone", async () => {
    const server = await wire(((request) => (isCompletion(request) ? LOST : happy(request))) as Script);
    const store = stubbed(server, { ...transport, partSize: PART });
    const upload = store.upload("k", source([noise(PART + 1)]).stream);
    await expect(upload).rejects.toMatchObject({ code: "ambiguous", retryable: false });
    expect(server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  });

  test("to every attempt at a conditional write is ambiguous; to a plain one it is unavailable", async () => {
    const server = await wire(LOST);
    const store = stubbed(server, transport);
    await expect(store.upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "ambiguous" });
    await expect(store.upload("k", "x")).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });
});

test("a conditional write to a port where nobody listens is unavailable: it cannot have arrived", async () => {
  const store = stubbed("http://127.0.0.1:1");
  await expect(store.upload("k", "x", { ifNoneMatch: "*" })).rejects.toMatchObject({ code: "unavailable" });
});

test.each([
  ["If-None-Match", "*", "invalid-option"],
  ["content-type", "text/plain", "invalid-option"],
  ["X-Amz-Meta-A", "1", "invalid-option"],
  ["x-amz-server-side-encryption-customer-key", "c2VjcmV0", "invalid-option"],
])("upload refuses the header %s, which would not hold for every size", async (name, value, code) => {
  const server = await wire(happy);
  const upload = stubbed(server).upload("k", "x", { headers: { [name]: value } });
  await expect(upload).rejects.toMatchObject({ code, message: expect.stringContaining(name.toLowerCase()) });
  expect(server.requests).toEqual([]);
});

test("move keeps a source that was replaced while it was copied", async () => {
  let heads = 0;
  const server = await wire(((request) => {
    if (request.method !== "HEAD" || !request.path.endsWith("/from")) return happy(request);
    return answer(200, { "content-length": "3", etag: `"${heads++ === 0 ? "old" : "new"}"` });
  }) as Script);
  await expect(stubbed(server).move("from", "to")).rejects.toMatchObject({ code: "conflict" });
  expect(server.requests.map(({ method }) => method)).not.toContain("DELETE");
});

test.each(["head", "download"] as const)(
  "%s of an object whose length nobody says is corrupt, not empty",
  async (verb) => {
    const { fetch } = recorder(() => new Response("abc", { headers: { etag: '"e"' } }));
    await expect(stubbed("http://stub.test", { fetch })[verb]("k")).rejects.toMatchObject({ code: "corrupt" });
  },
);

test("kept buffers make room for those in use", async () => {
  const budget = new MemoryBudget(4 * MIB, MIB, 3);
  const full = await Promise.all([budget.take(MIB, 0), budget.take(MIB, 0)]);
  for (const buffer of full) budget.give(buffer, true);
  expect(budget.held).toBe(2 * MIB);
  const small = await Promise.all(Array.from({ length: 8 }, () => budget.take(MIB / 4, 0)));
  expect(budget.held).toBeLessThanOrEqual(4 * MIB);
  for (const buffer of small) budget.give(buffer, true);
});

test("credentials that still hold survive a refresh that fails, and end what they sign", async () => {
  let asked = 0;
  const expiration = new Date(Date.now() + 60_000);
  const credentials = async (): Promise<{ accessKeyId: string; secretAccessKey: string; expiration: Date }> => {
    if (asked++ > 0) throw new Error("the provider is down");
    return { accessKeyId: "AKID", secretAccessKey: "secret", expiration };
  };
  const { fetch, requests } = recorder();
  const store = stubbed("http://stub.test", { fetch, credentials, accessKeyId: undefined, secretAccessKey: undefined });
  await store.upload("a", "1");
  await store.upload("b", "2");
  expect([asked, requests.length]).toEqual([2, 2]);
  expect((await store.presign("a", { expiresIn: 3600 }))?.expiresAt).toEqual(expiration);
});

test.each([
  [{ acessKeyId: "typo" }, /acessKeyId/],
  [{ bucket: "My_Bucket", endpoint: undefined, forcePathStyle: false }, /forcePathStyle/],
])("the driver refuses %o by name at the first call", async (options, message) => {
  await expect(stubbed("http://stub.test", options as object).exists("k")).rejects.toThrow(message);
});

test("a bucket that no host name can carry goes into the path on AWS", async () => {
  const { fetch, requests } = recorder();
  await stubbed("http://stub.test", { endpoint: undefined, bucket: "MyBucket", fetch }).upload("k", "x");
  expect(requests[0]?.url).toBe("https://s3.us-east-1.amazonaws.com/MyBucket/k");
});

test("presign of a part takes no headers that only the whole upload can have", async () => {
  const part = { uploadId: "u", partNumber: 1 };
  const presign = stubbed("http://stub.test").presign("k", { method: "PUT", part, contentType: "text/plain" });
  await expect(presign).rejects.toMatchObject({ code: "invalid-option" });
});

test("headers of the driver travel with a presigned PUT, and a call's missing header does not remove them", async () => {
  const { fetch, requests } = recorder();
  const headers = { "X-Amz-Acl": "private", "x-amz-server-side-encryption": "AES256" };
  const store = stubbed("http://stub.test", { fetch, headers });
  await store.upload("k", "x");
  expect(requests[0]?.headers).toMatchObject({ "x-amz-acl": "private", "x-amz-server-side-encryption": "AES256" });
  const presigned = await store.presign("k", { method: "PUT" });
  expect(presigned?.headers).toMatchObject({ "x-amz-server-side-encryption": "AES256" });
});
