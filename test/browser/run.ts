/** Runs the suite in a page of a browser, as a bundler makes it for browsers. */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Report } from "../runtimes/report.ts";
import type { SuiteConfig } from "../suite/config.ts";
import type { SuitePage } from "../suite/entry.browser.ts";
import { servePage } from "./page.ts";
import { type Engine, openTab, type Tab } from "./tab.ts";

/** Milliseconds for a case, so that one that hangs is named. */
const LIMIT = 120_000;

type Global = typeof globalThis & { readonly suite: SuitePage };

/** Runs it. */
export async function runBrowser(engine: Engine, folder: string, suite: SuiteConfig): Promise<Report> {
  const origin = await servePage({ entryPoints: [join(folder, "suite", "entry.browser.mjs")] });
  const tab = await openTab(engine);
  try {
    await tab.goto(origin.url);
    const names = await tab.evaluate((config) => (globalThis as Global).suite.begin(config), suite);
    const control = new AbortController();
    const collecting = process.env["UNBUCKET_LONG"] ? collect(tab, control.signal) : undefined;
    const failed: string[] = [];
    // One after the other: a browser keeps six connections to a host, and a case may hold some while it waits for others.
    for (const [index, name] of names.entries()) {
      const ran = tab.evaluate((job) => (globalThis as Global).suite.run(job), index);
      const fault = await Promise.race([ran, setTimeout(LIMIT, "it did not end", { ref: false })]);
      if (fault !== null) failed.push(`${name}: ${fault.slice(0, 500)}`);
    }
    control.abort();
    await collecting;
    return { passed: names.length - failed.length, failed };
  } finally {
    await tab.close();
    await origin.close();
  }
}

/** Collects memory again and again, in the long run: Chromium forgets who waits for what nothing else refers to. */
async function collect(tab: Tab, signal: AbortSignal): Promise<void> {
  while (tab.collect && !signal.aborted) {
    await tab.collect();
    await setTimeout(50);
  }
}
