/** G1 to G5: requests for someone without keys, checked by the server that they are for. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { FaultCase } from "../rig.ts";

async function send(
  given: { method: string; url: string; headers: Readonly<Record<string, string>> } | null,
  body?: string,
): Promise<Response> {
  ok(given !== null, "presign must give a request");
  return fetch(given.url, { method: given.method, headers: given.headers, ...(body === undefined ? {} : { body }) });
}

async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.arrayBuffer();
  return response.status;
}

export const presignCases: readonly FaultCase[] = [
  {
    row: "G1",
    name: "an expiry outside 1 to 604800 seconds is refused, one at the bounds holds",
    async run(rig) {
      const store = rig.store();
      await store.upload("k", "x");
      for (const expiresIn of [0, -1, 604_801, 1.5, Number.NaN, Infinity])
        await rig.rejects("invalid-option", () => store.presign("k", { expiresIn }), `expiresIn ${expiresIn}`);
      same(await statusOf(send(await store.presign("k", { expiresIn: 604_800 }))), 200, "status");
    },
  },
  {
    row: "G1",
    name: "a URL ends when it says, and with the keys that signed it",
    async run(rig) {
      const { accessKeyId, secretAccessKey } = rig.lab;
      await rig.store().upload("k", "x");
      const expiration = new Date(Date.now() + 600_000);
      const store = rig.store({ credentials: async () => ({ accessKeyId, secretAccessKey, expiration }) });
      const given = await store.presign("k", { expiresIn: 3600 });
      same(given?.expiresAt, expiration, "expiresAt");
      const short = await store.presign("k", { expiresIn: 60 });
      await rig.set({ switches: { skew: 61_000 } });
      same([await statusOf(send(short)), await statusOf(send(given))], [403, 200], "statuses a minute later");
    },
  },
  {
    row: "G2",
    name: "a PUT with another type, another length or a header less is refused",
    async run(rig) {
      const store = rig.store();
      const given = await store.presign("k", {
        method: "PUT",
        contentType: "image/png",
        contentLength: 5,
        metadata: { a: "b" },
      });
      ok(given !== null, "presign must give a request");
      const other = { ...given, headers: { ...given.headers, "content-type": "text/html" } };
      same(await statusOf(send(other, "12345")), 403, "status with another type");
      same(await statusOf(send(given, "123456")), 403, "status with another length");
      const { "x-amz-meta-a": _, ...less } = given.headers;
      same(await statusOf(send({ ...given, headers: less }, "12345")), 403, "status without metadata");
      same(await rig.stored("k"), undefined, "stored");
      same(await statusOf(send(given, "12345")), 200, "status as signed");
    },
  },
  {
    row: "G3",
    name: "a GET can name the file, with letters of any kind and spaces",
    async run(rig) {
      const store = rig.store();
      await store.upload("k", "x");
      const contentDisposition = "attachment; filename=\"a b+c.txt\"; filename*=UTF-8''%C3%A9%20%E4%B8%96.txt";
      const given = await store.presign("k", { contentDisposition, cacheControl: "no-store, max-age=0" });
      ok(!/\+/.test(given?.url.split("X-Amz-")[0] ?? ""), "a space must not be written as a plus");
      const answer = await send(given);
      same(
        [await answer.text(), answer.headers.get("content-disposition"), answer.headers.get("cache-control")],
        ["x", contentDisposition, "no-store, max-age=0"],
        "answer",
      );
      await rig.rejects("invalid-option", () => store.presign("k", { contentDisposition: "a\r\nb" }), "a line break");
    },
  },
  {
    row: "G4",
    name: "a URL for one method, key or host serves no other",
    async run(rig) {
      const store = rig.store();
      await Promise.all(["k", "other"].map((key) => store.upload(key, key)));
      const given = await store.presign("k");
      ok(given !== null, "presign must give a request");
      const elsewhere = given.url.replace(`/${rig.bucket}/k?`, `/${rig.bucket}/other?`);
      const longer = `${given.url}&response-content-type=text%2Fhtml`;
      for (const [what, wrong] of Object.entries({
        PUT: { ...given, method: "PUT" },
        DELETE: { ...given, method: "DELETE" },
        "another key": { ...given, url: elsewhere },
        "another query": { ...given, url: longer },
        "another host": { ...given, url: given.url.replace(rig.lab.url, rig.lab.ipv6) },
      })) {
        same(await statusOf(send(wrong, wrong.method === "PUT" ? "x" : undefined)), 403, what);
      }
      same(await rig.stored("k"), "k", "what is there");
    },
  },
  {
    row: "G4",
    name: "a URL that may only create is good once, whoever has it, and what came first stays",
    async run(rig) {
      const given = await rig.store().presign("k", { method: "PUT", ifNoneMatch: "*" });
      same([await statusOf(send(given, "first")), await statusOf(send(given, "second"))], [200, 412], "statuses");
      const { "if-none-match": _, ...less } = given?.headers ?? {};
      same(await statusOf(send(given && { ...given, headers: less }, "third")), 403, "status without the condition");
      same(await rig.stored("k"), "first", "what is there");
    },
  },
  {
    row: "G4",
    name: "a URL is signed for the address that clients see, with its path",
    async run(rig) {
      await rig.store().upload("a b", "text");
      const given = await rig.store({ publicEndpoint: `${rig.lab.ipv6}/prefix/` }).presign("a b");
      ok(given?.url.startsWith(`${rig.lab.ipv6}/prefix/${rig.bucket}/a%20b?`), `url: ${given?.url.split("?")[0]}`);
      same(await (await send(given)).text(), "text", "text");
    },
  },
  {
    row: "G5",
    name: "a part is signed with its number and upload, and reaches no other",
    async run(rig) {
      const store = rig.store();
      const { uploadId } = await store.createMultipartUpload("k");
      const given = await store.presign("k", { method: "PUT", part: { uploadId, partNumber: 2 } });
      ok(given !== null, "presign must give a request");
      same(
        await statusOf(send({ ...given, url: given.url.replace("partNumber=2", "partNumber=1") }, "x")),
        403,
        "another part",
      );
      same(await statusOf(send(given, "part")), 200, "the part");
      same((await rig.seen()).uploads, [{ id: uploadId, key: "k", parts: [2] }], "uploads");
    },
  },
];
