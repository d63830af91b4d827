/** The bundlers, each told of a target as its users tell it, and what it made: code, and which modules and imports are in it. */
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { installed } from "../runtimes/install.ts";
import type { Rolldown, Webpack } from "./peers.ts";
import type { Target } from "./targets.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** What a bundler made of one entry. */
export interface Bundle {
  readonly code: string;
  /** Files that went into it, from the last `node_modules` on. */
  readonly modules: readonly string[];
  /** What is left to be imported when it runs. */
  readonly external: readonly string[];
}

/** Bundles one file, all of whose imports but those of Node's own modules go in. */
export interface Bundler {
  readonly name: string;
  bundle(entry: string, target: Target, minify?: boolean): Promise<Bundle>;
}

/** undici calls `require`, which ES modules do not have: what esbuild's users give theirs. */
const REQUIRE = `import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);`;

const esbuild: Bundler = {
  name: "esbuild",
  async bundle(entry, { name, platform, conditions }, minify = false) {
    const { outputFiles, metafile } = await build({
      ...{ entryPoints: [entry], outfile: "bundle.js", bundle: true, write: false, metafile: true, format: "esm" },
      ...{ minify, platform, conditions: [...conditions], external: ["node:*"], logLevel: "silent" },
      ...(name === "node" && { banner: { js: REQUIRE } }),
    });
    const [output] = Object.values(metafile.outputs);
    const inputs = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    return made(
      outputFiles[0]?.text ?? "",
      inputs.map(([path]) => path),
      output?.imports.filter(({ external }) => external).map(({ path }) => path) ?? [],
    );
  },
};

const rolldown: Bundler = {
  name: "rolldown",
  async bundle(entry, { platform, conditions }, minify = false) {
    const at = pathToFileURL(join(await installed(here), "rolldown", "dist", "index.mjs")).href;
    const { rolldown: open } = (await import(at)) as Rolldown;
    const bundle = await open({
      ...{ input: entry, platform, external: [/^node:/], logLevel: "silent" },
      resolve: { conditionNames: [...conditions, platform, "import", "default"] },
    });
    const { output } = await bundle.generate({ format: "esm", minify, codeSplitting: false });
    await bundle.close();
    const [{ code, modules, imports }] = output;
    const inside = Object.entries(modules).filter(([, { renderedLength }]) => renderedLength > 0);
    return made(
      code,
      inside.map(([path]) => path),
      // It makes a `require` of its own wherever Node's modules are, which says nothing of the package.
      [...imports.filter((name) => name !== "node:module"), ...required(code)],
    );
  },
};

const webpack: Bundler = {
  name: "webpack",
  async bundle(entry, { platform, conditions, name }, minify = false) {
    const run = createRequire(import.meta.url)(join(await installed(here), "webpack")) as Webpack;
    const path = mkdtempSync(join(entry, "..", "webpack-"));
    const stats = await promisify(run)({
      ...{ entry, mode: "production", devtool: false, experiments: { outputModule: true } },
      target: [{ node: "node20", browser: name === "workers" ? "webworker" : "web" }[platform], "es2022"],
      output: { path, filename: "bundle.mjs", library: { type: "module" } },
      resolve: { conditionNames: [...conditions, "..."] },
      ...(platform === "browser" && { externals: [/^node:/], externalsType: "module" }),
      optimization: { minimize: minify },
      // One file, as the others make.
      module: { parser: { javascript: { dynamicImportMode: "eager" } } },
      performance: false,
    });
    const { errors, modules } = stats.toJson({ all: false, errors: true, modules: true, nestedModules: true });
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
    const names = modules.flatMap((module) => [module, ...(module.modules ?? [])]);
    return made(
      readFileSync(join(path, "bundle.mjs"), "utf8"),
      names.flatMap(({ nameForCondition }) => nameForCondition ?? []),
      names.flatMap(({ name: told }) => /^external (?:[\w-]+ )?"([^"]+)"$/.exec(told)?.[1] ?? []),
    );
  },
};

export const bundlers: readonly Bundler[] = [esbuild, rolldown, webpack];

function made(code: string, paths: readonly string[], external: readonly string[]): Bundle {
  const modules = paths.flatMap((path) => /.*(?:^|\/)node_modules\/(.*)$/.exec(path)?.[1] ?? []);
  return { code, modules: [...new Set(modules)].sort(), external: [...new Set(external)].sort() };
}

/** What rolldown's output requires, which it does not count as imports. */
function required(code: string): string[] {
  return [...code.matchAll(/require\(["'`](node:[\w/]+)["'`]\)/gi)].map(([, name = ""]) => name);
}
