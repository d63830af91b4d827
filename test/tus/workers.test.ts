import { randomBytes } from "node:crypto";
import { Miniflare } from "miniflare";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { workerOf } from "../docs/snippet.ts";
import { type Client, tusClient } from "./client.ts";
import { type Line, openLine } from "./line.ts";
import { guide } from "./served.ts";

const file = randomBytes(20 * 2 ** 20 + 12_345);

describe("the guide's server for tus, in a Worker with a bucket of R2", () => {
  let client: Client;
  let worker: Miniflare;
  let line: Line;

  beforeAll(async () => {
    client = await tusClient();
    const { code, ...block } = guide();
    const own = code
      .replace('import fs from "unbucket/drivers/fs"', 'import r2 from "unbucket/drivers/r2"')
      .replace('fs({ base: "uploads" })', 'r2({ binding: "BUCKET" })');
    const serving = `export default { async fetch(request, env) {
      globalThis.__env__ = env;
      if (request.method !== "GET") return tus(request);
      return new Response((await store.download(new URL(request.url).pathname.slice(1))).body);
    } };`;
    const script = await workerOf({ ...block, code: `${own}\n${serving}` });
    const date = { compatibilityDate: "2026-04-01", host: "127.0.0.1" };
    worker = new Miniflare({ ...date, modules: true, script, r2Buckets: ["BUCKET"] });
    await worker.ready;
  });
  beforeEach(async () => {
    const url = await worker.ready;
    line = await openLine(() => url);
  });
  afterEach(() => line.close());
  afterAll(() => worker.dispose());

  async function send(chunkSize: number): Promise<void> {
    const retryDelays = Array.from({ length: 20 }, () => 50);
    const key = await new Promise<string>((resolve, onError) => {
      const onSuccess = (): void => resolve(`incoming/${upload.url?.split("/").at(-1)}`);
      const options = { endpoint: `${line.url}/uploads`, chunkSize, retryDelays, onSuccess, onError };
      const upload = new client.Upload(file, options);
      upload.start();
    });
    const stored = await fetch(`${line.url}/${key}`);
    expect(Buffer.compare(Buffer.from(await stored.arrayBuffer()), file)).toBe(0);
  }

  it.each([3 * 2 ** 20, Infinity])("takes a file in requests of %d bytes", (chunkSize) => send(chunkSize));

  it("goes on after cuts", async () => {
    let cuts = 0;
    line.cutAfter = () => (cuts++ < 3 ? 9_000_000 : Infinity);
    await send(Infinity);
    expect(cuts).toBeGreaterThan(3);
  });
});
