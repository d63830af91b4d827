/** WebKit, Safari's engine, by WebDriver (https://www.w3.org/TR/webdriver2/) and on a screen that nobody sees. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { freePorts } from "../servers/port.ts";
import type { Tab } from "./tab.ts";

/** Milliseconds for a call of the page. */
const LIMIT = 300_000;

/** Starts the browser that WebKitGTK brings along. Rejects, saying how to get it, when there is none. */
export async function openWebKit(): Promise<Tab> {
  const libraries = `/usr/lib/${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  const programs = ["4.1", "4.0"].map((version) => `${libraries}/webkit2gtk-${version}/MiniBrowser`);
  const binary = process.env["WEBKIT"] ?? programs.find((path) => existsSync(path));
  if (binary === undefined) {
    throw new Error(
      "The tests of pages in WebKit need it: apt-get install webkit2gtk-driver xvfb, or name its MiniBrowser in WEBKIT",
    );
  }
  const home = await mkdtemp(join(tmpdir(), "unbucket-webkit-"));
  const screen = spawn("Xvfb", ["-displayfd", "3", "-nolisten", "tcp"], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const running: ChildProcess[] = [screen];
  const stop = async (): Promise<void> => {
    for (const child of running.toReversed()) if (child.exitCode === null && child.kill()) await once(child, "exit");
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const [display] = (await Promise.race([once(screen.stdio[3] as Readable, "data"), failing(screen)])) as [Buffer];
    const [port = 0] = await freePorts(1);
    const env = { ...process.env, HOME: home, DISPLAY: `:${display.toString().trim()}` };
    const driver = spawn("WebKitWebDriver", ["-p", String(port)], { env, stdio: "ignore" });
    running.push(driver);
    return await Promise.race([begin(`http://127.0.0.1:${port}`, binary, stop), failing(driver)]);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Rejects when a program cannot be started, or ends by itself. */
async function failing(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, "exit")) as [number | null];
  throw new Error(`${child.spawnfile} ended with ${code}`);
}

async function begin(driver: string, binary: string, stop: () => Promise<void>): Promise<Tab> {
  const own = { binary, args: ["--automation"] };
  const wanted = { timeouts: { script: LIMIT }, "webkitgtk:browserOptions": own };
  while (
    !(await fetch(`${driver}/status`).then(
      ({ ok }) => ok,
      () => false,
    ))
  )
    await setTimeout(50);
  const session = await call(`${driver}/session`, { capabilities: { alwaysMatch: wanted } });
  const base = `${driver}/session/${(session as { sessionId: string }).sessionId}`;
  return {
    goto: (url) => call(`${base}/url`, { url }),
    evaluate: async <T, A>(run: (argument: A) => T | Promise<T>, argument?: A) => {
      const script = `const [argument, done] = arguments;
        Promise.resolve().then(() => (${run})(argument)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const told = await call(`${base}/execute/async`, { script, args: [argument ?? null] });
      const { value, error } = told as { value: T; error?: string };
      if (error !== undefined) throw new Error(error);
      return value;
    },
    close: async () => {
      await call(base, undefined, "DELETE").catch(() => undefined);
      await stop();
    },
  };
}

async function call(url: string, body?: object, method = "POST"): Promise<unknown> {
  const answer = await fetch(url, { method, body: body ? JSON.stringify(body) : null });
  const { value } = (await answer.json()) as { readonly value: { readonly error?: string; readonly message?: string } };
  if (!answer.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}
