/** The cases in a realm of its own, where Error, Date and Object are not those of Node's modules, as Jest runs tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, it, onTestFinished } from "vitest";
import type fsDriver from "../drivers/fs.ts";
import type { casesFor as casesOf } from "../src/conformance.ts";

interface Package {
  readonly casesFor: typeof casesOf;
  readonly fs: typeof fsDriver;
}

const root = fileURLToPath(new URL("..", import.meta.url));

/** The package in a realm that has Node's web globals and binary types, and the language's own of all else. */
async function inRealm(): Promise<Package> {
  const { outputFiles } = await build({
    stdin: {
      resolveDir: root,
      contents: `export { casesFor } from "./src/conformance.ts"; export { default as fs } from "./drivers/fs.ts";`,
    },
    alias: { "#digest": join(root, "src/sigv4/digest.node.ts") },
    bundle: true,
    platform: "node",
    format: "cjs",
    write: false,
  });
  const context: Record<string, unknown> = createContext({});
  const language = new Set(runInContext("Object.getOwnPropertyNames(globalThis)", context) as string[]);
  for (const name of ["ArrayBuffer", "Uint8Array"]) language.delete(name);
  for (const name of Object.getOwnPropertyNames(globalThis))
    if (!language.has(name)) context[name] = (globalThis as Record<string, unknown>)[name];
  const module = { exports: {} };
  const run = runInContext(`(module, exports, require) => {${outputFiles[0]?.text}}`, context) as (
    ...args: readonly unknown[]
  ) => void;
  run(module, module.exports, createRequire(import.meta.url));
  return module.exports as Package;
}

it("every case is met by a folder in a realm of its own", async () => {
  const { casesFor, fs } = await inRealm();
  const base = await mkdtemp(join(tmpdir(), "unbucket-realm-"));
  onTestFinished(() => rm(base, { recursive: true }));
  const driver = fs({ base });
  const failed: string[] = [];
  const cases = [...casesFor(["multipart", "uploads", "watch"]).entries()];
  expect(cases.length).toBeGreaterThan(500);
  const some = async (): Promise<void> => {
    for (let next = cases.pop(); next; next = cases.pop()) {
      const [at, { name, run }] = next;
      await run({ driver, prefix: `case-${at}/`, partSize: 64 * 1024 }).catch((error: unknown) =>
        failed.push(`${name}: ${String(error)}`),
      );
    }
  };
  await Promise.all(Array.from({ length: 8 }, some));
  await driver.dispose();
  expect(failed).toEqual([]);
});
