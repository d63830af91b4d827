/** Apps without a build: plain unstorage in both majors, behind h3, Hono and a bare fetch handler. */
import { join } from "node:path";
import { build } from "esbuild";
import { program } from "../runtimes/install.ts";
import type { Platform } from "./deviations.ts";
import { startApp } from "./host.ts";
import type { RunningApp, Variables } from "./running.ts";
import { startScript } from "./worker.ts";

/** One app of test/fixtures/plain, and where it runs. */
export interface PlainApp {
  readonly app: "h3" | "hono" | "bare";
  readonly unstorage: "unstorage1" | "unstorage2";
  readonly platform: Platform;
}

/** Starts an app from the folder where the fixture is installed. */
export async function startPlain(
  folder: string,
  { app, unstorage, platform }: PlainApp,
  variables: Variables,
): Promise<RunningApp> {
  const all = { ...variables, APP: app, UNSTORAGE: unstorage };
  const entry = join(folder, "server.mjs");
  if (platform === "node") return startApp(process.execPath, [entry], all);
  if (platform === "bun") return startApp(await program("bun"), ["run", entry], all);
  if (platform === "deno") return startApp(await program("deno"), ["run", "--allow-all", "--quiet", entry], all);
  const { outputFiles } = await build({
    entryPoints: [join(folder, "worker.mjs")],
    alias: { app: join(folder, `${app}.mjs`), "unstorage-of-app": join(folder, `${unstorage}.mjs`) },
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
  });
  return startScript(outputFiles[0]?.text ?? "", variables);
}
