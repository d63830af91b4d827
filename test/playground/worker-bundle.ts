/** The Worker in one file, as it is deployed, and its `wrangler.jsonc`. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { build } from "esbuild";

/** The folder of the playground. */
export const root: string = fileURLToPath(new URL("../../playground/", import.meta.url));

/** What one environment of the file binds. */
export interface Bound {
  readonly d1_databases: readonly { readonly binding: string }[];
  readonly r2_buckets?: readonly { readonly binding: string }[];
  readonly vars?: Readonly<Record<string, string>>;
}

/** `wrangler.jsonc`, as far as it is used here; test/playground/wrangler.test.ts lets wrangler itself read all of it. */
export interface Configuration {
  readonly main: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: string[];
  readonly assets: { readonly directory: string; readonly binding: string; readonly html_handling: "none" };
  readonly env: { readonly r2: Bound; readonly s3: Bound };
}

/** Reads it. JSON with comments and trailing commas is an expression of JavaScript. */
export async function configuration(): Promise<Configuration> {
  return runInNewContext(`(${await readFile(join(root, "wrangler.jsonc"), "utf8")})`) as Configuration;
}

/** The Worker in one file, and every module that went into it. */
export async function bundled(): Promise<{ readonly script: string; readonly imports: readonly string[] }> {
  const { main } = await configuration();
  const { metafile, outputFiles } = await build({
    entryPoints: [join(root, main)],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser", "import"],
    external: ["cloudflare:*"],
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path));
  return { script: outputFiles[0]?.text ?? "", imports };
}
