/** Runs the suite in a page of Chromium, as a bundler makes it for browsers. */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { launchBrowser, type Page } from "../playground/browser.ts";
import type { Report } from "../runtimes/report.ts";
import type { SuiteConfig } from "../suite/config.ts";
import type { SuitePage } from "../suite/entry.browser.ts";
import { servePage } from "./page.ts";

/** Milliseconds for a case, so that one that hangs is named. */
const LIMIT = 120_000;

type Global = typeof globalThis & { readonly suite: SuitePage };

/** Runs it. */
export async function runChromium(folder: string, suite: SuiteConfig): Promise<Report> {
  const origin = await servePage({ entryPoints: [join(folder, "suite", "entry.browser.mjs")] });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(origin.url);
    const names = await page.evaluate((config) => (globalThis as Global).suite.begin(config), suite);
    const control = new AbortController();
    const collecting = process.env["UNBUCKET_LONG"] ? collect(page, control.signal) : undefined;
    const failed: string[] = [];
    // One after the other: a browser keeps six connections to a host, and a case may hold some while it waits for others.
    for (const [index, name] of names.entries()) {
      const ran = page.evaluate((job) => (globalThis as Global).suite.run(job), index);
      const fault = await Promise.race([ran, setTimeout(LIMIT, "it did not end", { ref: false })]);
      if (fault !== null) failed.push(`${name}: ${fault.slice(0, 500)}`);
    }
    control.abort();
    await collecting;
    return { passed: names.length - failed.length, failed };
  } finally {
    await browser.close();
    await origin.close();
  }
}

/** Collects memory again and again, in the long run: Chromium forgets who waits for what nothing else refers to. */
async function collect(page: Page, signal: AbortSignal): Promise<void> {
  const tools = await page.context().newCDPSession(page);
  while (!signal.aborted) {
    await tools.send("HeapProfiler.collectGarbage");
    await setTimeout(50);
  }
}
