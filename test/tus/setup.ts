/** What the tests of the guide's server have in common: its stores, and one that runs over each. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect } from "vitest";
import fs from "../../drivers/fs.ts";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import type { Substitutions } from "../docs/snippet.ts";
import { freshBucket, mainServers } from "../support/s3.ts";
import { type Client, type ClientUpload, tusClient, type UploadOptions } from "./client.ts";
import { type Served, startGuide } from "./served.ts";

export const MIB: number = 2 ** 20;
/** Three parts of the drivers' usual size, of which the last is shorter. */
export const file: Buffer = randomBytes(20 * MIB + 12_345);

export const stores: readonly { readonly name: string; readonly make: () => Promise<Made> }[] = [
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
export interface Made {
  readonly store: Driver;
  readonly values: Substitutions;
  readonly end: () => void;
}

async function inFolder(): Promise<Made> {
  const base = mkdtempSync(join(tmpdir(), "unbucket-tus-"));
  const values = { '"uploads" }': `${JSON.stringify(base)} }` };
  return { store: fs({ base }), values, end: () => rmSync(base, { recursive: true, force: true }) };
}

/** What tests do with the server. */
export interface Bench {
  /** Those of the test that runs. */
  readonly at: { readonly store: Driver; readonly served: Served; readonly values: Substitutions };
  readonly begin: (
    options?: Partial<UploadOptions>,
    bytes?: Buffer,
  ) => { readonly upload: ClientUpload; readonly done: Promise<void> };
  readonly keyOf: (url: string | null) => string;
  readonly expectStored: (url: string | null, bytes?: Buffer) => Promise<void>;
  readonly expectBytes: (url: string | null, bytes: Buffer) => Promise<void>;
  readonly keysBelow: (prefix: string) => Promise<string[]>;
  readonly uploadsOf: (url: string | null) => Promise<string[]>;
  readonly ask: (
    method: string,
    url: string | null,
    headers?: Record<string, string>,
    body?: BodyInit,
  ) => Promise<Response>;
  readonly offsetOf: (url: string | null) => Promise<number>;
  readonly create: (size: number, headers?: Record<string, string>) => Promise<string>;
  readonly patch: (url: string, offset: number, bytes: Uint8Array) => Promise<Response>;
}

/** Starts the server anew for each test of a `describe`, and gives what they do with it. */
export function setUp(make: () => Promise<Made>): Bench {
  let made: Made;
  let served: Served;
  let client: Client;
  let store: Driver;

  beforeAll(async () => {
    client = await tusClient();
  });
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

  return {
    at: {
      get store(): Driver {
        return store;
      },
      get served(): Served {
        return served;
      },
      get values(): Substitutions {
        return made.values;
      },
    },
    begin,
    keyOf,
    expectStored,
    expectBytes,
    keysBelow,
    uploadsOf,
    ask,
    offsetOf,
    create,
    patch,
  };
}
