/** A page of one of the three engines that browsers are made of, and all that tests need which run on each. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { launchBrowser } from "../playground/browser.ts";
import { installed } from "../runtimes/install.ts";
import { openWebKit } from "./webkit.ts";

/** By the name of its best known browser; WebKit is Safari's. */
export type Engine = "chromium" | "firefox" | "webkit";

/** A page. Closing it ends its browser. */
export interface Tab {
  goto(url: string): Promise<unknown>;
  /** Calls a function in the page, whose text and argument travel, and gives what it returns or resolves with, as JSON has it. */
  evaluate<T, A = undefined>(run: (argument: A) => T | Promise<T>, argument?: A): Promise<T>;
  close(): Promise<void>;
  /** Collects the memory of the page, which Chromium alone can be told. */
  collect?(): Promise<void>;
}

const openers: Readonly<Record<Engine, () => Promise<Tab>>> = {
  chromium: openChromium,
  firefox: openFirefox,
  webkit: openWebKit,
};

/** Those of this run. */
export const engines: readonly Engine[] = (process.env["UNBUCKET_BROWSERS"] ?? "chromium").split(",").map(toEngine);

/** Whether a runtime is one of them. */
export function isEngine(name: string): name is Engine {
  return Object.hasOwn(openers, name);
}

function toEngine(name: string): Engine {
  if (isEngine(name)) return name;
  throw new Error(`UNBUCKET_BROWSERS names ${JSON.stringify(name)}; there are ${Object.keys(openers).join(", ")}`);
}

/** Starts a browser of that engine with a profile of its own. Rejects, saying how to get it, when there is none. */
export function openTab(engine: Engine): Promise<Tab> {
  return openers[engine]();
}

async function openChromium(): Promise<Tab> {
  const browser = await launchBrowser();
  const page = await browser.newPage();
  const tools = await page.context().newCDPSession(page);
  return {
    ...tabOf(page, browser),
    collect: async () => void (await tools.send("HeapProfiler.collectGarbage")),
  };
}

/** What is used of puppeteer, which speaks WebDriver BiDi with Firefox. */
interface Puppeteer {
  launch(options: object): Promise<{ newPage(): Promise<Pick<Tab, "goto" | "evaluate">>; close(): Promise<void> }>;
}

async function openFirefox(): Promise<Tab> {
  const paths = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
  const executablePath = process.env["FIREFOX"] ?? paths.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      "The tests of pages in Firefox need it: apt-get install firefox-esr, or name its program in FIREFOX",
    );
  }
  const require = createRequire(join(await installed(), "puppeteer-core", "package.json"));
  const puppeteer = require("puppeteer-core") as Puppeteer;
  const limits = { timeout: 110_000, protocolTimeout: 300_000 };
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, ...limits });
  const page = await browser.newPage();
  return tabOf(page, browser);
}

function tabOf(page: Pick<Tab, "goto" | "evaluate">, browser: Pick<Tab, "close">): Tab {
  return {
    goto: (url) => page.goto(url),
    evaluate: (run, argument) => page.evaluate(run, argument),
    close: () => browser.close(),
  };
}
