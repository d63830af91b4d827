/** What a gateway inside a host must do, asked by this package's S3 driver and by signed requests that are not what they say. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { ObjectStore } from "../../src/interface.ts";
import { statusAtEnd } from "./blind.ts";
import { framed, sha256, type Signer, signHeader } from "../src/gateway/signer.ts";

/** A gateway of a running app. */
export interface Endpoint {
  /** Its address with the bucket. */
  readonly url: string;
  /** The S3 driver of the packed package before it, with these keys. */
  readonly open: (keys: Pick<Signer, "accessKeyId" | "secretAccessKey">) => ObjectStore;
}

/** Keys that the fixtures' gateways let in. */
export const gatewayKeys = { accessKeyId: "dev", secretAccessKey: "dev-secret" };

/** The bucket of the fixtures' gateways. */
export const gatewayBucket = "uploads";

const wrongKeys = { ...gatewayKeys, secretAccessKey: "another" };
const folder = "by s3/";
const oddKey = `${folder}日本語 ü😀/100%41%2F+a&b=c;d?#:@[x]'"!$(),~*.txt`;
const type = "application/x-test";
/** More than a buffer of any layer between, less than one part. */
const bytes = randomBytes(3 * 2 ** 20);
/** Two parts. */
const long = randomBytes(9 * 2 ** 20);

/** The checks by name; each rejects when the host fails it, and says what came. */
export const gatewayChecks: Readonly<Record<string, (endpoint: Endpoint) => Promise<void>>> = {
  async "S3: bytes up, and down again whole and by range"({ open }) {
    const store = open(gatewayKeys);
    await store.upload(`${folder}whole.bin`, bytes, { contentType: type });
    const whole = await store.download(`${folder}whole.bin`);
    assert.deepEqual([whole.contentType, sha256(await whole.bytes())], [type, sha256(bytes)]);
    const part = await store.download(`${folder}whole.bin`, { range: { start: 1000, end: 2_000_000 } });
    assert.equal(sha256(await part.bytes()), sha256(bytes.subarray(1000, 2_000_001)));
  },

  async "S3: a stream of unknown length up in parts"({ open }) {
    const store = open(gatewayKeys);
    await store.upload(`${folder}parts.bin`, new Blob([long]).stream());
    assert.equal(await hashIn(store, `${folder}parts.bin`), sha256(long));
  },

  async "S3: type and metadata by HEAD"({ open }) {
    const store = open(gatewayKeys);
    await store.upload(`${folder}head.txt`, "Hello", { contentType: type, metadata: { owner: "me" } });
    const info = await store.head(`${folder}head.txt`);
    assert.deepEqual([info?.contentType, info?.metadata?.["owner"]], [type, "me"]);
    assert.equal(await store.head(`${folder}none.txt`), null);
  },

  async "S3: size by HEAD"({ open }) {
    const store = open(gatewayKeys);
    await store.upload(`${folder}size.txt`, "Hello");
    assert.equal((await store.head(`${folder}size.txt`))?.size, 5);
  },

  async "S3: an empty object"({ open }) {
    const store = open(gatewayKeys);
    await store.upload(`${folder}empty`, "");
    assert.equal(await (await store.download(`${folder}empty`)).text(), "");
  },

  async "S3: a presigned PUT of bytes and a presigned GET, of a key that is hard to write"({ open }) {
    const store = open(gatewayKeys);
    const put = await store.presign(oddKey, { method: "PUT", contentLength: 5, contentType: type });
    await expectDone(await fetch(put?.url ?? "", { method: "PUT", body: "Hello", headers: { ...put?.headers } }));
    const got = await fetch((await store.presign(oddKey))?.url ?? "");
    assert.deepEqual([got.status, got.headers.get("content-type"), await got.text()], [200, type, "Hello"]);
  },

  async "S3: a presigned PUT of a stream without length and type"({ open }) {
    const store = open(gatewayKeys);
    const put = await store.presign(`${folder}streamed.bin`, { method: "PUT" });
    const init = { method: "PUT", body: new Blob([bytes]).stream(), duplex: "half" } as RequestInit;
    await expectDone(await fetch(put?.url ?? "", init));
    assert.equal(await hashIn(store, `${folder}streamed.bin`), sha256(bytes));
  },

  async "S3: a list, and many deleted by one request"({ open }) {
    const store = open(gatewayKeys).scoped(`${folder}list/`);
    const names = ["a+b %25.txt", "c/d?.txt", "日本語.txt"];
    for (const name of names) await store.upload(name, name);
    assert.deepEqual(await keysOf(store), names);
    await store.delete(names);
    assert.deepEqual(await keysOf(store), []);
  },

  async "S3: a copy"({ open }) {
    const store = open(gatewayKeys).scoped(folder);
    await store.upload("日本 +1.txt", "Hello");
    await store.copy("日本 +1.txt", "日本 +2.txt");
    assert.equal(await (await store.download("日本 +2.txt")).text(), "Hello");
  },

  async "S3: a body in signed pieces, which waits to be asked for"({ url, open }) {
    const { head, body } = inPieces(`${url}/pieces.bin`);
    const answer = await send(`${url}/pieces.bin`, { ...head, expect: "100-continue" }, [body]);
    assert.deepEqual(answer, { status: 200, code: undefined });
    assert.equal(await hashIn(open(gatewayKeys), "pieces.bin"), sha256(bytes));
  },

  async "S3: a wrong signature is refused and stores nothing"({ url, open }) {
    const plain = { method: "PUT", url: `${url}/wrong/a.bin`, hash: sha256(bytes) };
    const { host: _, ...headers } = signHeader(plain, { ...signer(), ...wrongKeys }).headers;
    const answer = await fetch(plain.url, { method: "PUT", body: bytes, headers });
    assert.match(await answer.text(), /<Code>SignatureDoesNotMatch<\/Code>/);
    assert.equal(answer.status, 403);
    await assert.rejects(open(wrongKeys).upload("wrong/b.bin", long), { code: "unauthenticated" });
    assert.deepEqual(await keysOf(open(gatewayKeys).scoped("wrong/")), []);
  },

  async "S3: what is refused is told to a client that reads nothing while it sends"({ url }) {
    for (const connection of ["keep-alive", "close"])
      assert.equal(await statusAtEnd("PUT", `${url}/large.bin`, { connection }, Buffer.alloc(40 * 2 ** 20)), 403);
  },

  async "S3: a body that is not what was signed is refused and stores nothing"({ url, open }) {
    const half = bytes.subarray(0, 1_500_000);
    const { headers } = signHeader({ method: "PUT", url: `${url}/cut/a.bin`, hash: sha256(bytes) }, signer());
    const unlike = { status: 400, code: "XAmzContentSHA256Mismatch" };
    assert.deepEqual(await send(`${url}/cut/a.bin`, headers, [half]), unlike);
    const { head, body } = inPieces(`${url}/cut/b.bin`);
    const short = { status: 400, code: "IncompleteBody" };
    assert.deepEqual(await send(`${url}/cut/b.bin`, head, [body.subarray(0, 1_500_000)]), short);
    assert.deepEqual(await keysOf(open(gatewayKeys).scoped("cut/")), []);
  },

  async "S3: a signed body that breaks off stores nothing"({ url, open }) {
    const breaksOff = async (length: Readonly<Record<string, string>>): Promise<void> => {
      const { headers } = signHeader({ method: "PUT", url: `${url}/broken/a.bin`, hash: sha256(bytes) }, signer());
      const sent = send(`${url}/broken/a.bin`, { ...headers, ...length }, [bytes.subarray(0, 100_000), null]);
      await assert.rejects(sent, /the client goes away/);
    };
    await Promise.all([breaksOff({ "content-length": String(bytes.byteLength) }), breaksOff({})]);
    await delay(500);
    assert.deepEqual(await keysOf(open(gatewayKeys).scoped("broken/")), []);
  },
};

function signer(): Signer {
  return { ...gatewayKeys, region: "us-east-1", date: new Date() };
}

/** The headers and the body of a PUT whose pieces are signed, as SDKs write it. */
function inPieces(url: string): { readonly head: Record<string, string>; readonly body: Buffer } {
  const by = signer();
  const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": String(bytes.byteLength) };
  const plain = { method: "PUT", url, headers, hash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" };
  const { headers: head, signature } = signHeader(plain, by);
  const { bytes: body } = framed([bytes.subarray(0, 2 ** 20), bytes.subarray(2 ** 20)], signature, by);
  return { head, body };
}

/** A PUT as it is written, in chunks unless the headers say a length; null in the body is a connection that ends. */
async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: readonly (Uint8Array | null)[],
): Promise<{ readonly status: number | undefined; readonly code: string | undefined }> {
  const sent = request(url, { method: "PUT", headers, agent: false });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => {});
  // Who is not told to go on goes on after a while.
  if ("expect" in headers) await Promise.race([once(sent, "continue"), answered, delay(300)]);
  for (const piece of body) {
    if (piece) sent.write(piece);
    else await delay(100).then(() => sent.destroy(new Error("the client goes away")));
  }
  sent.end();
  const [answer] = await answered;
  let text = "";
  for await (const piece of answer.setEncoding("utf8")) text += piece;
  return { status: answer.statusCode, code: /<Code>(\w+)</.exec(text)?.[1] };
}

async function expectDone(answer: Response): Promise<void> {
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
}

/** What an object holds, whatever lengths the host announces. */
async function hashIn(store: ObjectStore, key: string): Promise<string> {
  const got = await fetch((await store.presign(key))?.url ?? "");
  return sha256(new Uint8Array(await got.arrayBuffer()));
}

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list()) if (key !== undefined) keys.push(key);
  return keys;
}
