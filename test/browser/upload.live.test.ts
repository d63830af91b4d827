import { transform } from "esbuild";
import { type H3, serve } from "h3";
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import { type Block, blocksOf } from "../docs/blocks.ts";
import { moduleOf } from "../docs/snippet.ts";
import { freshBucket, mainServers } from "../support/s3.ts";
import { type Line, openLine } from "./line.ts";
import { engines, openTab, type Tab } from "./tab.ts";

/** The module of the page, and what a test keeps beside it. */
type Guide = typeof globalThis & {
  Upload: new (
    file: File,
    onProgress: (loaded: number, total: number) => void,
  ) => {
    send(): Promise<{ key: string; size: number }>;
    pause(): void;
    abort(): Promise<void>;
  };
  upload: InstanceType<Guide["Upload"]>;
  seen: number[];
};

const block = (name: string): Block => {
  const found = blocksOf("drivers/browser.md").find(({ code }) => code.startsWith(`// ${name}\n`));
  if (!found) throw new Error(`drivers/browser.md has no block ${name}`);
  return found;
};

/** Three parts of the default size, of which the last is shorter. */
const SIZE = 18 * 2 ** 20;
/** The file's bytes, as the page makes them too. */
const words = Uint32Array.from({ length: SIZE / 4 }, (_, index) => Math.imul(index, 2654435761));
const digest = createHash("sha256").update(new Uint8Array(words.buffer)).digest("hex");

/** One is enough, but for the long run. */
const chosen = (process.env["UNBUCKET_LONG"] ? mainServers : mainServers.slice(0, 1)).flatMap((server) =>
  engines.map((engine) => ({ engine, name: server.name, server })),
);

describe.each(chosen)("a direct upload by the guide, in $engine to $name", ({ engine, server }) => {
  let page: Tab;
  let script: string;
  let line: Line;
  let app: ReturnType<typeof serve>;
  let store: Driver;

  beforeAll(async () => {
    page = await openTab(engine);
    script = (await transform(block("upload.ts").code, { loader: "ts" })).code;
  });
  afterAll(() => page.close());
  beforeEach(async () => {
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const bucket = await freshBucket(server);
    line = await openLine(endpoint);
    store = s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
    const { app: routes } = await moduleOf<{ app: H3 }>(block("server.ts"), {
      "my-bucket": bucket,
      "http://localhost:9000": line.url,
      'accessKeyId: "minioadmin"': `accessKeyId: ${JSON.stringify(accessKeyId)}`,
      'secretAccessKey: "minioadmin"': `secretAccessKey: ${JSON.stringify(secretAccessKey)}`,
      "expiresIn: 300": "expiresIn: globalThis.expiresIn ?? 300",
    });
    const html = `<!doctype html><title>upload</title><script type="module">${script}\nglobalThis.Upload = Upload;</script>`;
    routes.get("/", () => new Response(html, { headers: { "content-type": "text/html" } }));
    app = serve(routes, { port: 0, hostname: "127.0.0.1", silent: true });
    await app.ready();
    await page.goto(app.url ?? "");
  });
  afterEach(async () => {
    await app.close(true);
    await line.close();
    await store.dispose();
  });

  /** Chooses the file, as after a reload, and begins to send; a test awaits what it needs. */
  const choose = (): Promise<void> =>
    page.evaluate((size) => {
      const bytes = new Uint32Array(size / 4);
      for (let index = 0; index < bytes.length; index++) bytes[index] = Math.imul(index, 2654435761);
      const file = new File([bytes], "film.mp4", { lastModified: 1 });
      const here = globalThis as Guide;
      here.seen = [];
      here.upload = new here.Upload(file, (loaded) => here.seen.push(loaded));
    }, SIZE);
  const send = (): Promise<{ key: string; size: number } | string> =>
    page.evaluate(() => (globalThis as Guide).upload.send().catch((error: unknown) => (error as Error).name));
  const seen = (): Promise<number[]> => page.evaluate(() => (globalThis as Guide).seen);
  const ask = (method: string, path: string): Promise<Response> => fetch(new URL(path, app.url), { method });

  async function expectStored(result: { key: string; size: number } | string): Promise<void> {
    expect(result).toEqual({ key: expect.stringMatching(/^incoming\/[\w-]{36}$/), size: SIZE });
    const { key } = result as { key: string };
    begun = [key];
    expect(
      createHash("sha256")
        .update(await (await store.download(key)).bytes())
        .digest("hex"),
    ).toBe(digest);
    expect(await uploads()).toEqual([]);
  }

  /** MinIO lists those of a whole key alone. */
  async function uploads(): Promise<string[]> {
    const keys: string[] = [];
    for (const prefix of ["", ...begun]) for await (const { key } of store.listUploads({ prefix })) keys.push(key);
    return keys;
  }
  let begun: string[] = [];

  it("stores the file, and its progress rises to the size", async () => {
    await choose();
    const result = await send();
    await expectStored(result);
    const steps = await seen();
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect([steps[0], steps.at(-1)]).toEqual([0, SIZE]);
    expect(line.stored.sort()).toEqual([1, 2, 3]);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
  });

  it("is paused, and goes on after a reload with what is missing", async () => {
    line.fate = (part) => (part === 2 ? "hold" : "pass");
    await choose();
    const paused = send();
    await expect.poll(() => [...line.stored].sort()).toEqual([1, 3]);
    await page.evaluate(() => (globalThis as Guide).upload.pause());
    expect(await paused).toBe("AbortError");
    line.fate = () => "pass";
    line.stored.length = 0;
    await page.goto(`${app.url}?reloaded`);
    await choose();
    await expectStored(await send());
    expect(line.stored).toEqual([2]);
    // It begins with what is there.
    expect((await seen())[0]).toBe(10 * 2 ** 20);
  });

  it("outlives a cut connection and an address that has expired", async () => {
    // Of the guide's server, in seconds.
    Object.assign(globalThis, { expiresIn: 3 });
    onTestFinished(() => void Reflect.deleteProperty(globalThis, "expiresIn"));
    const fates = [1, 2].map((part) => [part, part === 1 ? "cut" : 4500] as const);
    const first = new Map<number, "cut" | number>(fates);
    line.fate = (part) => {
      const fate = first.get(part) ?? "pass";
      first.delete(part);
      return fate;
    };
    await choose();
    await expectStored(await send());
    expect(first.size).toBe(0);
    expect(line.answers).toContainEqual([2, 403]);
    expect([...line.stored].sort()).toEqual([1, 2, 3]);
    const steps = await seen();
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it("leaves no upload behind when it is given up", async () => {
    line.fate = (part) => (part === 2 ? "hold" : "pass");
    await choose();
    const given = send();
    await expect.poll(() => [...line.stored].sort()).toEqual([1, 3]);
    const id = await page.evaluate(() => localStorage.getItem(localStorage.key(0) ?? ""));
    begun = [`incoming/${id}`];
    expect(await uploads()).toContain(`incoming/${id}`);
    await page.evaluate(() => (globalThis as Guide).upload.abort());
    expect(await given).toBe("AbortError");
    expect(await uploads()).toEqual([]);
    expect(await store.exists(`incoming/${id}`)).toBe(false);
  });

  it("is refused under other keys, other parts, and before it is whole", async () => {
    const begin = await fetch(new URL("/uploads", app.url), { method: "POST", body: JSON.stringify({ size: SIZE }) });
    const { id } = (await begin.json()) as { id: string };
    for (const path of ["/uploads/other", `/uploads/incoming%2F${id}`])
      expect((await ask("GET", path)).status).toBe(404);
    expect((await ask("POST", "/uploads/other/parts/1")).status).toBe(404);
    for (const part of ["0", "4", "1.5", "x"])
      expect((await ask("POST", `/uploads/${id}/parts/${part}`)).status, part).toBe(404);
    expect((await ask("POST", `/uploads/${id}/complete`)).status).toBe(409);
    const { url, headers } = (await (await ask("POST", `/uploads/${id}/parts/3`)).json()) as {
      url: string;
      headers: Record<string, string>;
    };
    expect(headers).toEqual({});
    // Longer than the address allows, and under another key.
    expect((await fetch(url, { method: "PUT", body: new Uint8Array(3 * 2 ** 20) })).status).toBe(403);
    const elsewhere = url.replace(id, "elsewhere");
    expect((await fetch(elsewhere, { method: "PUT", body: new Uint8Array(2 * 2 ** 20) })).status).toBe(403);
  });
});
