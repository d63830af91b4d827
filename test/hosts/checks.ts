/** What every host must let through, as checks over HTTP that know neither the host nor the store. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { formChecks } from "./forms.ts";
import { type Endpoint, gatewayChecks } from "./gateway.ts";
import { until } from "./until.ts";

/** One mount of a running app. */
export interface Target {
  /** Where its objects are: keys follow. */
  readonly files: string;
  /** Where its keys are listed, in key-value form. */
  readonly keys: string;
  /** Bytes that are on their way to the store or there; absent where this cannot be seen from outside. */
  readonly received?: () => number;
  /** Holds answers of the store back; absent where this cannot be done. */
  readonly hold?: (bytes: number) => () => void;
  /** A gateway over the mount; absent where there is none. */
  readonly gateway?: Endpoint;
}

/** A named check; it rejects when the host fails it, and says what came. */
export interface Check {
  readonly name: string;
  /** What a target must have; default nothing. */
  readonly needs?: "received" | "hold" | "gateway";
  readonly run: (target: Target, patience: number) => Promise<void>;
}

/** What the checks of one target gave. */
export interface Report {
  readonly passed: readonly string[];
  /** Names of the checks that failed, each with what it said. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Milliseconds that a check waits for what must come, and for what is known not to come. */
const patience = { usual: 20_000, deviating: 1000 };
const type = "application/x-test";
/** More than a buffer of any layer between, less than one part of an S3 upload. */
const bytes = randomBytes(3 * 2 ** 20);
/** More than one part. */
const long = randomBytes(9 * 2 ** 20);

/** Keys that a layer between may decode twice, fold or cut. */
const keys: Readonly<Record<string, string>> = {
  "letters of other scripts": "日本語/ü 😀.txt",
  "a percent sign": "100%.txt",
  "what looks encoded": "%41%2F.txt",
  "signs of queries": "a+b&c=d;e.txt",
  "a question mark and a hash": "what?#.txt",
  "brackets, quotes, pipes": `[x]{y}<z>"'|^\`~$!().txt`,
  "a backslash": "a\\b.txt",
  "a colon": "a:b.txt",
  "two slashes": "a//b.txt",
  "a slash at the end": "folder/",
};

const checks: readonly Check[] = [
  {
    name: "a stream of unknown length up, and down again",
    async run({ files, keys: listed }) {
      await put(`${files}/whole.bin`, pieces(bytes));
      const got = await fetch(`${files}/whole.bin`);
      assert.deepEqual([got.status, got.headers.get("content-type")], [200, type]);
      assert.equal(hash(await got.arrayBuffer()), hash(bytes));
      const names = (await (await fetch(listed)).json()) as readonly string[];
      assert.ok(names.includes("whole.bin"), `the key-value view has ${names.join(", ")}`);
    },
  },
  {
    name: "an upload goes on to the store while it comes",
    needs: "received",
    async run({ files, received = () => 0 }, patience) {
      const before = received();
      let seen = 0;
      async function* body(): AsyncGenerator<Uint8Array> {
        yield long;
        seen = await until(() => received() - before, 2 ** 20, patience);
        yield bytes;
      }
      await put(`${files}/up.bin`, body());
      assert.ok(seen > 2 ** 20, `the store had ${seen} bytes when half a body was sent`);
      assert.equal(hash(await (await fetch(`${files}/up.bin`)).arrayBuffer()), hash(Buffer.concat([long, bytes])));
    },
  },
  {
    name: "a download comes while the store still sends",
    needs: "hold",
    async run({ files, hold = () => () => {} }, patience) {
      await put(`${files}/down.bin`, bytes);
      const release = hold(2 ** 19);
      const digest = createHash("sha256");
      try {
        const got = await fetch(`${files}/down.bin`, { signal: AbortSignal.timeout(patience) });
        for await (const piece of got.body ?? []) {
          digest.update(piece);
          release();
        }
      } finally {
        release();
      }
      assert.equal(digest.digest("hex"), hash(bytes));
    },
  },
  {
    name: "an upload that breaks off stores nothing",
    async run({ files }) {
      async function* body(): AsyncGenerator<Uint8Array> {
        // Little, so that a host which takes the end of a connection for the end of a body has stored it soon.
        yield bytes.subarray(0, 100_000);
        await delay(100);
        throw new Error("the client goes away");
      }
      await assert.rejects(put(`${files}/broken.bin`, body()));
      await delay(500);
      assert.equal((await fetch(`${files}/broken.bin`)).status, 404);
    },
  },
  {
    name: "ranges: 206 and 416",
    async run({ files }) {
      await put(`${files}/range.bin`, bytes);
      const part = await get(`${files}/range.bin`, { range: "bytes=1000000-2000000" });
      assert.deepEqual(
        [part.status, part.headers.get("content-range")],
        [206, `bytes 1000000-2000000/${bytes.byteLength}`],
      );
      assert.equal(hash(await part.arrayBuffer()), hash(bytes.subarray(1_000_000, 2_000_001)));
      const last = await get(`${files}/range.bin`, { range: "bytes=-10" });
      assert.equal(last.status, 206);
      assert.equal(hash(await last.arrayBuffer()), hash(bytes.subarray(-10)));
      const beyond = await get(`${files}/range.bin`, { range: "bytes=9000000-" });
      assert.deepEqual([beyond.status, beyond.headers.get("content-range")], [416, `bytes */${bytes.byteLength}`]);
      await beyond.arrayBuffer();
    },
  },
  {
    name: "conditions: 304 and 412",
    async run({ files }) {
      await put(`${files}/conditions.txt`, Buffer.from("Hello"));
      const etag = (await get(`${files}/conditions.txt`)).headers.get("etag") ?? "";
      assert.match(etag, /^"[^"]+"$/);
      const same = await get(`${files}/conditions.txt`, { "if-none-match": etag });
      assert.deepEqual([same.status, same.headers.get("etag"), await same.text()], [304, etag, ""]);
      const since = await get(`${files}/conditions.txt`, { "if-modified-since": new Date().toUTCString() });
      assert.deepEqual([since.status, await since.text()], [304, ""]);
      const other = await get(`${files}/conditions.txt`, { "if-match": '"other"' });
      assert.equal(other.status, 412);
      await other.arrayBuffer();
    },
  },
  {
    name: "content-length, of the whole and of a range",
    async run({ files }) {
      await put(`${files}/length.bin`, bytes);
      const lengths: (string | null)[] = [];
      const requests: Record<string, string>[] = [{}, { range: "bytes=5-9" }];
      for (const headers of requests) {
        const got = await get(`${files}/length.bin`, headers);
        lengths.push(got.headers.get("content-length"));
        await got.arrayBuffer();
      }
      assert.deepEqual(lengths, [String(bytes.byteLength), "5"]);
    },
  },
  {
    name: "HEAD: the headers of GET and no body",
    async run({ files }) {
      await put(`${files}/head.txt`, Buffer.from("Hello"));
      const head = await fetch(`${files}/head.txt`, { method: "HEAD" });
      const got = await get(`${files}/head.txt`);
      assert.deepEqual([head.status, await head.text(), await got.text()], [200, "", "Hello"]);
      for (const name of ["content-type", "etag", "last-modified", "accept-ranges"])
        assert.equal(head.headers.get(name), got.headers.get(name), name);
    },
  },
  {
    name: "HEAD: content-length",
    async run({ files }) {
      await put(`${files}/head.txt`, Buffer.from("Hello"));
      assert.equal((await fetch(`${files}/head.txt`, { method: "HEAD" })).headers.get("content-length"), "5");
    },
  },
  {
    name: "what is missing is 404",
    async run({ files }) {
      const missing = await get(`${files}/none.txt`);
      assert.deepEqual([missing.status, /"not-found"/.test(await missing.text())], [404, true]);
      assert.equal((await fetch(`${files}/none.txt`, { method: "HEAD" })).status, 404);
    },
  },
  {
    name: "delete, twice",
    async run({ files }) {
      await put(`${files}/gone.txt`, Buffer.from("Hello"));
      assert.equal((await fetch(`${files}/gone.txt`, { method: "DELETE" })).status, 204);
      assert.equal((await fetch(`${files}/gone.txt`, { method: "DELETE" })).status, 204);
      assert.equal((await get(`${files}/gone.txt`)).status, 404);
    },
  },
  ...Object.entries(keys).map(([name, key]): Check => ({
    name: `a key with ${name}`,
    async run({ files }) {
      const url = `${files}/${key.split("/").map(encodeURIComponent).join("/")}`;
      assert.equal((await put(url, Buffer.from(key))).key, key);
      const got = await get(url);
      assert.deepEqual([got.status, await got.text()], [200, key]);
      assert.equal((await fetch(url, { method: "DELETE" })).status, 204);
    },
  })),
  ...formChecks,
  ...Object.entries(gatewayChecks).map(([name, run]): Check => ({
    name,
    needs: "gateway",
    run: async ({ gateway }) => gateway && run(gateway),
  })),
];

/** The checks that a target can be asked. */
export function checksFor(target: Pick<Target, "received" | "hold" | "gateway">): readonly Check[] {
  return checks.filter(({ needs }) => needs === undefined || target[needs] !== undefined);
}

/** Runs all checks that a target can be asked, one after the other. */
export async function runChecks(target: Target, deviations: Readonly<Record<string, string>>): Promise<Report> {
  const passed: string[] = [];
  const failed = new Map<string, string>();
  for (const { name, run } of checksFor(target)) {
    try {
      await run(target, name in deviations ? patience.deviating : patience.usual);
      passed.push(name);
    } catch (error) {
      failed.set(name, error instanceof Error ? error.message : String(error));
    }
  }
  return { passed, failed };
}

interface Stored {
  readonly key: string;
  readonly size: number;
}

async function put(url: string, body: Uint8Array<ArrayBuffer> | AsyncIterable<Uint8Array>): Promise<Stored> {
  const init: RequestInit & { readonly duplex: "half" } = {
    method: "PUT",
    body: body instanceof Uint8Array ? body : streamOf(body),
    duplex: "half",
    headers: { "content-type": type },
  };
  const answer = await fetch(url, init);
  const text = await answer.text();
  assert.equal(answer.status, 201, text);
  const stored = JSON.parse(text) as Stored;
  if (body instanceof Uint8Array) assert.equal(stored.size, body.byteLength);
  return stored;
}

function get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(url, { headers });
}

function streamOf(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function* pieces(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < whole.byteLength; at += 100_000) yield whole.subarray(at, at + 100_000);
}

/** sha256 in hex. */
function hash(data: Uint8Array | ArrayBuffer): string {
  return createHash("sha256").update(new Uint8Array(data)).digest("hex");
}
