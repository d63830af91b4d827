/** The programs of these tests as Node 20 runs them, beside the built package. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll } from "vitest";
import { type App, makeApp } from "../runtimes/app.ts";

/** Compiles them before the tests of a file, and removes them afterwards; gives the path of each. */
export function programs(): (name: string) => string {
  let app: App | undefined;
  beforeAll(async () => {
    app = await makeApp();
    const entryPoints = ["lossy", "lost-answers", "machine", "two-machines"].map((name) =>
      fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    );
    const outExtension = { ".js": ".mjs" };
    await build({ entryPoints, outdir: app.folder, outExtension, format: "esm", logLevel: "warning" });
  });
  afterAll(() => app?.remove());
  return (name) => join((app as App).folder, `${name}.mjs`);
}
