/** Uploads in a page to which nothing but the upload refers; Chromium collects memory all the time, the others when they want to. */
import { setTimeout } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { servePage } from "./page.ts";
import { engines, openTab } from "./tab.ts";

const SIZE = 5 * 2 ** 20;
const UPLOADS = 40;

const script = `
import memory from "../../drivers/memory.ts";
const store = memory();
async function run() {
  for (let at = 0; at < ${UPLOADS}; at++) {
    await store.upload("file", new Blob([new Uint8Array(${SIZE})]));
    globalThis.stored = at + 1;
  }
}
globalThis.begin = () => void run();`;

type Global = typeof globalThis & { readonly begin: () => void; readonly stored?: number };

it.each(engines)("an upload of a Blob ends, in %s", { timeout: 120_000 }, async (engine) => {
  const origin = await servePage({ stdin: { contents: script, resolveDir: import.meta.dirname, loader: "ts" } });
  onTestFinished(() => origin.close());
  const page = await openTab(engine);
  onTestFinished(() => page.close());
  await page.goto(origin.url);
  await page.evaluate(() => (globalThis as Global).begin());
  let stored = 0;
  for (let still = 0; stored < UPLOADS && still < 500;) {
    await (page.collect?.() ?? setTimeout(20));
    const now = await page.evaluate(() => (globalThis as Global).stored ?? 0);
    still = now === stored ? still + 1 : 0;
    stored = now;
  }
  expect(stored).toBe(UPLOADS);
});
