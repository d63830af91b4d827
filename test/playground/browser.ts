/** Headless Chromium, through the playwright-core of test/runtimes: only what these tests use of it. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installed } from "../runtimes/install.ts";

/** A part of playwright's `Locator`. */
export interface Locator {
  click(): Promise<void>;
  waitFor(options?: { state?: "visible" | "hidden" | "attached" }): Promise<void>;
  textContent(): Promise<string | null>;
  getAttribute(name: string): Promise<string | null>;
  evaluate<T>(run: (node: Element) => T): Promise<T>;
  count(): Promise<number>;
  isVisible(): Promise<boolean>;
  first(): Locator;
}

/** A part of playwright's `Page`. */
export interface Page {
  goto(url: string): Promise<unknown>;
  locator(selector: string, options?: { hasText?: string }): Locator;
  getByRole(role: string, options: { name: string | RegExp; exact?: boolean }): Locator;
  setInputFiles(selector: string, files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void>;
  evaluate<T, A = undefined>(run: (argument: A) => T | Promise<T>, argument?: A): Promise<T>;
  waitForEvent(name: "download"): Promise<{ path(): Promise<string>; suggestedFilename(): string }>;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  keyboard: { press(key: string): Promise<void> };
  context(): { newCDPSession(page: Page): Promise<DevTools> };
  setDefaultTimeout(milliseconds: number): void;
}

/** Chromium's own protocol, for what playwright has no name for. */
export interface DevTools {
  send(method: string, parameters?: Record<string, unknown>): Promise<unknown>;
}

/** A running browser. */
export interface Browser {
  newPage(options?: {
    viewport?: { width: number; height: number };
    colorScheme?: "light" | "dark";
    permissions?: string[];
    /** A screen for fingers: no hovering, coarse pointer. */
    isMobile?: boolean;
    hasTouch?: boolean;
  }): Promise<Page>;
  close(): Promise<void>;
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Milliseconds for a start and for each step, which end what hangs; playwright's own are too few for a machine that is busy. */
const LIMIT = 110_000;

/** Starts Chromium with a home of its own. Rejects, saying how to get it, when there is none. */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env["CHROMIUM"];
  const paths = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const executablePath = named ?? paths.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error("The page's tests need Chromium: apt-get install chromium, or name its program in CHROMIUM");
  }
  const require = createRequire(join(await installed(), "playwright-core", "package.json"));
  const { chromium } = require("playwright-core") as {
    chromium: { launch(options: Record<string, unknown>): Promise<Browser> };
  };
  const home = await mkdtemp(join(tmpdir(), "unbucket-chromium-"));
  const env = { ...process.env, HOME: home };
  const browser = await chromium.launch({ executablePath, args: FLAGS, env, timeout: LIMIT });
  return {
    newPage: async (options) => {
      const page = await browser.newPage(options);
      page.setDefaultTimeout(LIMIT);
      return page;
    },
    close: async () => {
      await browser.close();
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Drops files from the disk onto the page, as a file manager does. */
export async function dropFiles(page: Page, paths: readonly string[]): Promise<void> {
  const tools = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await tools.send("Input.dispatchDragEvent", { type, x: 300, y: 150, data });
  }
}
