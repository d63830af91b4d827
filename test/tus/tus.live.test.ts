import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import fs from "../../drivers/fs.ts";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import { moduleOf, type Substitutions } from "../docs/snippet.ts";
import { freshBucket, mainServers } from "../support/s3.ts";
import { type Client, type ClientUpload, tusClient, type UploadOptions } from "./client.ts";
import { guide, type Served, startGuide } from "./served.ts";

const MIB = 2 ** 20;
/** Three parts of the drivers' usual size, of which the last is shorter. */
const file = randomBytes(20 * MIB + 12_345);

const stores: readonly { readonly name: string; readonly make: () => Promise<Made> }[] = [
  { name: "a folder", make: inFolder },
  ...mainServers.slice(0, 1).map((server) => ({
    name: server.name,
    make: async (): Promise<Made> => {
      const { endpoint, accessKeyId, secretAccessKey, region } = server;
      const options = { bucket: await freshBucket(server), endpoint, accessKeyId, secretAccessKey, region };
      const values = {
        'import fs from "unbucket/drivers/fs"': 'import s3 from "unbucket/drivers/s3"',
        'fs({ base: "uploads" })': `s3(${JSON.stringify(options)})`,
      };
      return { store: s3(options), values, end: () => {} };
    },
  })),
];

/** A store, and what stands for it in the guide. */
interface Made {
  readonly store: Driver;
  readonly values: Substitutions;
  readonly end: () => void;
}

async function inFolder(): Promise<Made> {
  const base = mkdtempSync(join(tmpdir(), "unbucket-tus-"));
  const values = { '"uploads" }': `${JSON.stringify(base)} }` };
  return { store: fs({ base }), values, end: () => rmSync(base, { recursive: true, force: true }) };
}

let client: Client;
beforeAll(async () => {
  client = await tusClient();
});

describe.each(stores)("the guide's server for tus, on $name", ({ name, make }) => {
  const isMinio = name === "minio";
  let made: Made;
  let served: Served;
  let store: Driver;

  beforeEach(async () => {
    made = await make();
    store = made.store;
    served = await startGuide(made.values);
  });
  afterEach(async () => {
    await served.close();
    await store.dispose();
    made.end();
  });

  /** Begins an upload as the client does it; `done` settles with it. */
  function begin(
    options: Partial<UploadOptions> = {},
    bytes: Buffer = file,
  ): { readonly upload: ClientUpload; readonly done: Promise<void> } {
    let upload: ClientUpload | undefined;
    const done = new Promise<void>((onSuccess, onError) => {
      // Long enough for a process that starts.
      const retryDelays = Array.from({ length: 100 }, () => 100);
      upload = new client.Upload(bytes, { endpoint: served.endpoint, retryDelays, onSuccess, onError, ...options });
      upload.start();
    });
    return { upload: upload as ClientUpload, done };
  }

  const keyOf = (url: string | null): string => `incoming/${url?.split("/").at(-1)}`;

  async function expectStored(url: string | null, bytes: Buffer = file): Promise<void> {
    await expectBytes(url, bytes);
    expect((await keysBelow("tus/")).map((key) => key.split("/")[2])).toEqual(["upload.json"]);
    expect(await uploadsOf(url)).toEqual([]);
  }

  async function expectBytes(url: string | null, bytes: Buffer): Promise<void> {
    const stored = await (await store.download(keyOf(url))).bytes();
    expect(Buffer.compare(stored, bytes)).toBe(0);
  }

  async function keysBelow(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of store.list({ prefix })) keys.push(key);
    return keys;
  }

  /** MinIO lists those of a whole key alone. */
  async function uploadsOf(url: string | null): Promise<string[]> {
    const ids: string[] = [];
    for await (const { uploadId } of store.listUploads({ prefix: keyOf(url) })) ids.push(uploadId);
    return ids;
  }

  const ask = (method: string, url: string | null, headers: Record<string, string> = {}, body?: BodyInit) =>
    fetch(url ?? "", { method, headers: { "tus-resumable": "1.0.0", ...headers }, ...(body && { body }) });
  const offsetOf = async (url: string | null): Promise<number> => {
    const answer = await ask("HEAD", url);
    expect(answer.status).toBe(200);
    return Number(answer.headers.get("upload-offset"));
  };
  const create = async (size: number, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await ask("POST", served.endpoint, { "upload-length": `${size}`, ...headers });
    expect(answer.status).toBe(201);
    return new URL(answer.headers.get("location") ?? "", served.endpoint).href;
  };
  const patch = (url: string, offset: number, bytes: Uint8Array): Promise<Response> =>
    ask(
      "PATCH",
      url,
      { "content-type": "application/offset+octet-stream", "upload-offset": `${offset}` },
      new Blob([Uint8Array.from(bytes)]),
    );

  it("takes a file in one request, with its name and type", async () => {
    const { upload, done } = begin({ metadata: { filename: "Bär.mp4", filetype: "video/mp4" } });
    await done;
    await expectStored(upload.url);
    const info = await store.head(keyOf(upload.url));
    expect(info?.contentType).toBe("video/mp4");
    expect(info?.contentDisposition).toBe(`attachment; filename="B_r.mp4"; filename*=UTF-8''B%C3%A4r.mp4`);
    expect(await offsetOf(upload.url)).toBe(file.length);
    // What the app does with the file is no matter of the client's.
    await store.move(keyOf(upload.url), "elsewhere");
    expect(await offsetOf(upload.url)).toBe(file.length);
  });

  it("takes pieces far smaller than a part, each of which counts", async () => {
    const accepted: number[] = [];
    const { upload, done } = begin({ chunkSize: 777_777, onChunkComplete: (_, count) => accepted.push(count) });
    await done;
    await expectStored(upload.url);
    expect(accepted).toHaveLength(Math.ceil(file.length / 777_777));
  });

  it("goes on behind what came before each cut", async () => {
    let cuts = 0;
    served.line.cutAfter = () => (cuts++ < 12 ? 1_500_000 + cuts * 333_333 : Infinity);
    const sent: number[] = [];
    const { upload, done } = begin({ onProgress: (bytes) => sent.push(bytes) });
    await done;
    await expectStored(upload.url);
    expect(cuts).toBeGreaterThan(6);
    // Twelve cuts let through some 40 MB: of a file of 20 MiB nothing whole was sent twice.
    expect(sent.filter((bytes, index) => bytes < (sent[index - 1] ?? 0) - 2 * MIB)).toEqual([]);
  });

  it("is paused, and goes on from another client where it was", async () => {
    let pause = (): void => {};
    const paused = new Promise<void>((resolve) => (pause = resolve));
    const { upload } = begin({ onProgress: (sent) => sent > 11 * MIB && pause() });
    await paused;
    await upload.abort();
    const offset = await offsetOf(upload.url);
    expect(offset).toBeGreaterThan(0);
    const sent: number[] = [];
    await begin({ uploadUrl: upload.url ?? "", onProgress: (bytes) => sent.push(bytes) }).done;
    expect(sent[0]).toBeGreaterThanOrEqual(offset);
    await expectStored(upload.url);
  });

  it("loses no more than a part when its process is killed, and no byte of the file", async () => {
    let reached = (): void => {};
    const half = new Promise<void>((resolve) => (reached = resolve));
    const { upload, done } = begin({ chunkSize: 3 * MIB, onProgress: (sent) => sent > 10 * MIB && reached() });
    await half;
    await served.restart();
    expect(await offsetOf(upload.url)).toBeGreaterThanOrEqual(9 * MIB);
    await done;
    await expectStored(upload.url);
  });

  it("stores what a silent connection has brought when its client comes back over another one", async () => {
    const url = await create(file.length);
    const { host, hostname, port, pathname } = new URL(url);
    const silent = connect(Number(port), hostname);
    silent.on("error", () => {});
    silent.write(
      `PATCH ${pathname} HTTP/1.1\r\nhost: ${host}\r\ntus-resumable: 1.0.0\r\nupload-offset: 0\r\n` +
        `content-type: application/offset+octet-stream\r\ncontent-length: ${file.length}\r\n\r\n`,
    );
    silent.write(file.subarray(0, 9 * MIB));
    await expect
      .poll(() => keysBelow("tus/").then(async ([key = ""]) => (await store.download(key)).text()))
      .toContain('"partNumber":1');
    // Of the second part what had come.
    const offset = await offsetOf(url);
    expect(offset).toBeGreaterThanOrEqual(8 * MIB);
    expect(offset).toBeLessThanOrEqual(9 * MIB);
    expect((await patch(url, offset, file.subarray(offset))).status).toBe(204);
    await expectStored(url);
    silent.destroy();
  });

  it("of two requests at once makes one file", async () => {
    const url = await create(file.length);
    const answers = await Promise.all([patch(url, 0, file), patch(url, 0, file)].map((one) => one.catch(() => null)));
    for (const answer of answers) expect([204, 409, undefined]).toContain(answer?.status);
    for (let offset = await offsetOf(url); offset < file.length; offset = await offsetOf(url))
      await patch(url, offset, file.subarray(offset, offset + 5 * MIB));
    await expectStored(url);
  });

  it("of two processes makes one file", async () => {
    const other = await startGuide(made.values);
    try {
      const url = await create(file.length);
      const there = url.replace(served.endpoint, other.endpoint);
      for (let offset = 0; offset < file.length; offset = await offsetOf(url)) {
        const both = [
          patch(url, offset, file.subarray(offset, offset + 3 * MIB)),
          patch(there, offset, file.subarray(offset, offset + 5 * MIB)),
        ];
        const statuses = await Promise.all(
          both.map((one) =>
            one.then(
              ({ status }) => status,
              () => null,
            ),
          ),
        );
        // A refusal closes the connection, so that its answer may be lost.
        for (const status of statuses) expect([204, 409, null]).toContain(status);
        expect(statuses).toContain(204);
      }
      // A piece of the slower one may be left, which goes when the upload expires.
      await expectBytes(url, file);
      expect(await uploadsOf(url)).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it("ends an upload when its client says so", async () => {
    const url = await create(file.length);
    expect((await patch(url, 0, file.subarray(0, 9 * MIB))).headers.get("upload-offset")).toBe(`${9 * MIB}`);
    expect((await uploadsOf(url)).length).toBe(1);
    expect((await ask("DELETE", url)).status).toBe(204);
    expect([await keysBelow(""), await uploadsOf(url)]).toEqual([[], []]);
    expect([(await ask("HEAD", url)).status, (await patch(url, 0, file.subarray(0, 3))).status]).toEqual([404, 404]);
  });

  it("sweeps what has expired, whatever state it is in, and nothing else", async () => {
    const url = await create(file.length);
    await patch(url, 0, file.subarray(0, 9 * MIB));
    const whole = await create(3);
    await patch(whole, 0, file.subarray(0, 3));
    // What a disk that was full has left, and the piece of a process that was the slower one.
    await store.upload("tus/00000000-0000-0000-0000-000000000000/upload.json", "{");
    await store.upload("tus/11111111-1111-1111-1111-111111111111/22222222-2222-2222-2222-222222222222", "piece");
    const load = (changes: Substitutions): Promise<{ sweep: () => Promise<void> }> =>
      moduleOf(guide(), { ...made.values, ...changes });
    await (await load({})).sweep();
    expect(await offsetOf(url)).toBe(9 * MIB);
    expect(await keysBelow("tus/")).toHaveLength(5);
    await (
      await load({ "Date.now() - SECONDS": "Date.now() + SECONDS", "olderThan: SECONDS": "olderThan: 0" })
    ).sweep();
    expect(await keysBelow("")).toEqual([keyOf(whole)]);
    // MinIO, which lists those of a whole key alone, ends them by itself.
    if (!isMinio) expect(await uploadsOf(url)).toEqual([]);
  });

  it("begins an upload anew that the store has ended", async () => {
    let reached = (): void => {};
    const half = new Promise<void>((resolve) => (reached = resolve));
    const { upload, done } = begin({ chunkSize: 3 * MIB, onProgress: (sent) => sent > 5 * MIB && reached() });
    await half;
    const first = upload.url;
    for await (const { key, uploadId } of store.listUploads({ prefix: keyOf(first) }))
      await (await store.resumeMultipartUpload(key, uploadId)).abort();
    await done;
    expect(upload.url).not.toBe(first);
    await expectStored(upload.url);
  });

  it("keeps few pieces of a client that sends many", async () => {
    const url = await create(100);
    let most = 0;
    for (let offset = 0; offset < 100; offset++) {
      expect((await patch(url, offset, file.subarray(offset, offset + 1))).status).toBe(204);
      if (offset % 30 === 29) most = Math.max(most, (await keysBelow("tus/")).length);
    }
    expect(most).toBeLessThanOrEqual(34);
    await expectStored(url, file.subarray(0, 100));
  });

  it("takes an empty file, and refuses what the protocol says", async () => {
    const { upload, done } = begin({}, Buffer.alloc(0));
    await done;
    await expectStored(upload.url, Buffer.alloc(0));

    const url = await create(10);
    const typed = { "content-type": "application/offset+octet-stream", "upload-offset": "0" };
    const status = async (method: string, to: string, headers: Record<string, string>, body?: string) =>
      (await ask(method, to, headers, body)).status;
    expect(await status("HEAD", url, { "tus-resumable": "0.2.2" })).toBe(412);
    expect(await status("PATCH", url, { ...typed, "upload-offset": "5" }, "hello")).toBe(409);
    expect(await status("PATCH", url, { ...typed, "content-type": "text/plain" }, "hello")).toBe(415);
    expect(await status("PATCH", url, typed, "hello, world")).toBe(413);
    expect(await status("POST", url, { "x-http-method-override": "PATCH", ...typed }, "hello")).toBe(204);
    expect(await offsetOf(url)).toBe(5);
    expect(await status("POST", served.endpoint, { "upload-length": "-1" })).toBe(400);
    expect(await status("POST", served.endpoint, {})).toBe(400);
    expect(await status("POST", served.endpoint, { "upload-length": `${2 ** 50}` })).toBe(413);
    expect(await status("GET", url, {})).toBe(405);
    expect(await status("HEAD", `${served.endpoint}/..%2f`, {})).toBe(404);
    const options = await fetch(served.endpoint, { method: "OPTIONS" });
    expect(options.headers.get("tus-extension")).toBe("creation,expiration,termination");
  });
});
