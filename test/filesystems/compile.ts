/** The programs of these tests as Node 20 runs them, beside the built package. */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Compiles them into an app's folder. */
export async function compile(folder: string): Promise<void> {
  const entryPoints = ["lossy", "lost-answers", "machine", "two-machines"].map((name) =>
    fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
  );
  await build({ entryPoints, outdir: folder, outExtension: { ".js": ".mjs" }, format: "esm", logLevel: "warning" });
}
