import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { engines, openTab, type Tab } from "../browser/tab.ts";
import { installed } from "../runtimes/install.ts";
import fs from "../../drivers/fs.ts";
import { type Served, startGuide } from "./served.ts";

const SIZE = 20 * 2 ** 20;

/** What the page has of Uppy. */
type Page = typeof globalThis & {
  begin: (size: number) => void;
  uppy: { pauseAll(): void; resumeAll(): void };
  done: Promise<string>;
  seen: number[];
};

/** Adds a file of known bytes, as after a reload, and sends it. */
const script = `
  import Uppy from "@uppy/core";
  import Tus from "@uppy/tus";
  globalThis.begin = (size) => {
    const words = new Uint32Array(size / 4);
    for (let index = 0; index < words.length; index++) words[index] = Math.imul(index, 2654435761);
    const uppy = new Uppy().use(Tus, { endpoint: "/uploads", retryDelays: Array(100).fill(100) });
    globalThis.seen = [];
    uppy.on("upload-progress", (file, { bytesUploaded }) => globalThis.seen.push(bytesUploaded));
    uppy.addFile({ name: "film.mp4", data: new File([words], "film.mp4", { type: "video/mp4", lastModified: 1 }) });
    globalThis.uppy = uppy;
    globalThis.done = uppy.upload().then(({ successful, failed }) => successful[0]?.uploadURL ?? String(failed[0]?.error));
  };
`;

describe.each(engines)("the guide's server for tus and Uppy, in %s", (engine) => {
  let tab: Tab;
  let bundle: string;
  let served: Served;
  let base: string;

  beforeAll(async () => {
    tab = await openTab(engine);
    const resolveDir = fileURLToPath(new URL(".", import.meta.url));
    await installed(resolveDir);
    const made = await build({
      stdin: { contents: script, resolveDir },
      ...{ bundle: true, write: false, format: "esm", platform: "browser", minify: true, logLevel: "silent" },
    });
    bundle = made.outputFiles[0]?.text.replaceAll("</script", "<\\/script") ?? "";
  });
  afterAll(() => tab.close());
  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), "unbucket-uppy-"));
    served = await startGuide({ '"uploads" }': `${JSON.stringify(base)} }` }, bundle);
    onTestFinished(async () => {
      await served.close();
      rmSync(base, { recursive: true, force: true });
    });
  });

  const begin = (): Promise<void> => tab.evaluate((size) => (globalThis as Page).begin(size), SIZE);
  const seen = (): Promise<number[]> => tab.evaluate(() => (globalThis as Page).seen);
  const sent = (bytes: number): Promise<void> =>
    expect.poll(async () => (await seen()).at(-1) ?? 0).toBeGreaterThan(bytes);

  /** Of the one upload that there is. */
  async function offset(): Promise<number> {
    for await (const { key } of fs({ base }).list({ prefix: "tus/" })) {
      const url = `${served.endpoint}/${key.split("/")[1]}`;
      const { headers } = await fetch(url, { method: "HEAD", headers: { "tus-resumable": "1.0.0" } });
      return Number(headers.get("upload-offset"));
    }
    return 0;
  }

  async function expectStored(): Promise<void> {
    const url = await tab.evaluate(() => (globalThis as Page).done);
    expect(url).toMatch(/\/uploads\/[\da-f-]{36}$/);
    const words = Uint32Array.from({ length: SIZE / 4 }, (_, index) => Math.imul(index, 2654435761));
    const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    const stored = await fs({ base }).download(`incoming/${url.split("/").at(-1)}`);
    expect(stored.contentType).toBe("video/mp4");
    expect(digest(await stored.bytes())).toBe(digest(new Uint8Array(words.buffer)));
  }

  it("a file comes over a line that is cut again and again", async () => {
    let cuts = 0;
    served.line.cutAfter = () => (cuts++ < 4 ? 6_000_000 : Infinity);
    await tab.goto(served.line.url);
    await begin();
    await expectStored();
    expect(cuts).toBeGreaterThanOrEqual(4);
  });

  it("an upload is paused, its server is killed, its page reloaded, and it goes on where it was", async () => {
    served.line.cutAfter = () => 12_000_000;
    await tab.goto(served.line.url);
    await begin();
    await sent(8_000_000);
    await tab.evaluate(() => (globalThis as Page).uppy.pauseAll());
    await expect.poll(offset).toBeGreaterThan(0);
    const before = await offset();
    await served.restart();
    served.line.cutAfter = () => Infinity;
    await tab.goto(served.line.url);
    await begin();
    await expectStored();
    expect((await seen()).find((bytes) => bytes > 0)).toBeGreaterThanOrEqual(before);
  });
});
