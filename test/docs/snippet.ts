/** Runs a block of TypeScript as it stands in a document, on the package's source, in a process and a folder of its own. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { freePorts } from "../servers/port.ts";
import { type Block, root } from "./blocks.ts";

/** What blocks may use without saying where it comes from; the text around them does. */
const ambient: Readonly<Record<string, string>> = {
  store: `import fsForStore from "unbucket/drivers/fs"; const store = fsForStore({ base: "uploads" });`,
  picture: `const picture = new Blob([new Uint8Array([255, 216, 255, 224])], { type: "image/jpeg" });`,
  request: `const request = new Request("http://localhost/", { method: "PUT", body: new Uint8Array([255, 216, 255, 224]), headers: { "content-type": "image/jpeg" } });`,
  defineNuxtConfig: "const defineNuxtConfig = <T>(config: T): T => config;",
};

/** The parts of Nitro that blocks import, which is no dependency here; the real ones are built in hosts.live.test.ts. */
const nitro: Readonly<Record<string, string>> = {
  "nitro/config": "export const defineNitroConfig = (config) => config;",
  "nitro/h3": `export { defineHandler, getRouterParam } from "h3";`,
  "nitro/runtime": `import { createStorage, prefixStorage } from "unstorage"; import env from "unbucket/drivers/env";
    const storage = createStorage(); storage.mount("uploads", env());
    export const useStorage = (base) => base ? prefixStorage(storage, base) : storage;`,
  "nitro/storage": `export { useStorage } from "nitro/runtime";`,
};

/** A value that stands in a document for one that is only known when tests run. */
export type Substitutions = Readonly<Record<string, string>>;

/** Runs a block; rejects with what it printed when it throws or one of its `// =>` lines does not hold. */
export async function runBlock(block: Block, substitutions: Substitutions = {}): Promise<void> {
  const scratch = scratchFolder();
  try {
    const outfile = join(scratch, "block.mjs");
    // The one other change to a block: a port that is free.
    const [port] = block.code.includes("port: 3000") ? await freePorts(1) : [];
    const values =
      port === undefined
        ? substitutions
        : { ...substitutions, "port: 3000": `port: ${port}`, "localhost:3000": `localhost:${port}` };
    await bundle(substitute(prepare(block.code), values), outfile, fileNameOf(block));
    await new Promise<void>((resolve, reject) => {
      const env = {
        PATH: process.env["PATH"],
        HOME: scratch,
        ...(port === undefined ? {} : { DOCUMENT_PORT: String(port) }),
      };
      execFile(process.execPath, [outfile], { cwd: scratch, env, timeout: 50_000 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`${block.place} failed\n${stdout}${stderr || error.message}`));
        else resolve();
      });
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A block that is a Worker, with all that it imports. */
export async function workerOf({ code }: Block): Promise<string> {
  const stdin = { contents: code, loader: "ts", resolveDir: root } as const;
  const { outputFiles } = await build({
    ...{ stdin, bundle: true, write: false, format: "esm", conditions: ["workerd"], logLevel: "silent" },
    plugins: [fromSource(code, "workerd")],
  });
  return outputFiles[0]?.text ?? "";
}

/** What a block exports, loaded into this process with the package from source. */
export async function moduleOf<T>(block: Block, substitutions: Substitutions): Promise<T> {
  const scratch = scratchFolder();
  try {
    return (await import(await programOf(block, substitutions, scratch))) as T;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A block with the package from source, as a file in a folder. */
export async function programOf({ code }: Block, substitutions: Substitutions, folder: string): Promise<string> {
  const outfile = join(folder, "block.mjs");
  const stdin = { contents: `export * from "the-block";`, loader: "ts", resolveDir: root } as const;
  const plugins = [fromSource(substitute(code, substitutions))];
  await build({ stdin, outfile, bundle: true, format: "esm", platform: "node", logLevel: "silent", plugins });
  return outfile;
}

/** A folder inside the checkout, so that packages are found from it; git ignores it. */
export function scratchFolder(): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  return mkdtempSync(join(root, ".cache", "docs-"));
}

/** The name that the first line of a block gives it: `// nitro.config.ts`. */
export function fileNameOf(block: Block): string {
  return /^\/\/ (\S+\.ts)$/m.exec(block.code.split("\n")[0] ?? "")?.[1] ?? "";
}

/** A block with `expression; // => value` lines as assertions, and with what it may use in front. */
function prepare(code: string): string {
  const checked = code.replace(
    /^(\s*)(?!const |let )(.*);\s*\/\/ => (.*)$/gm,
    (_, indent: string, expression: string, value: string) =>
      `${indent}assertForBlock.deepEqual(await (${expression}), ${value});`,
  );
  if ((code.match(/\/\/ =>/g) ?? []).length !== (checked.match(/assertForBlock/g) ?? []).length)
    throw new Error("a // => comment follows something that is no expression statement");
  const used = Object.keys(ambient).filter(
    (name) => new RegExp(`(?<![.\\w"'/])${name}\\b`).test(code) && !declares(code, name),
  );
  return ['import assertForBlock from "node:assert/strict";', ...used.map((name) => ambient[name]), checked].join("\n");
}

function declares(code: string, name: string): boolean {
  return new RegExp(`(?:const|let|function|import)\\s+${name}\\b|\\b${name}: [A-Z]`).test(code);
}

function substitute(code: string, substitutions: Substitutions): string {
  return Object.entries(substitutions).reduce((text, [from, to]) => text.replaceAll(from, to), code);
}

async function bundle(code: string, outfile: string, file: string): Promise<void> {
  const entry = `${outfile.replace(/\.mjs$/, "")}.entry.ts`;
  writeFileSync(
    entry,
    `import { exercise } from ${JSON.stringify(join(root, "test/docs/exercise.ts"))};
     await exercise(() => import("the-block"), ${JSON.stringify(file)}, ${code.includes('"unbucket/gateway"')});`,
  );
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "silent",
    plugins: [fromSource(code)],
  });
}

/** Resolves the package's names to its source, as its own exports and imports name the built files. */
function fromSource(code: string, condition: "node" | "workerd" = "node"): Plugin {
  const { exports, imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly exports: Record<string, { readonly default: string } | string>;
    readonly imports: Record<string, { readonly node?: string; readonly workerd?: string; readonly default: string }>;
  };
  const source = (built: string): string => join(root, built.replace("./dist/", "").replace(/\.js$/, ".ts"));
  return {
    name: "from-source",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^the-block$/ }, () => ({ path: "the-block", namespace: "block" }));
      onResolve({ filter: /^nitro\// }, ({ path }) => (path in nitro ? { path, namespace: "block" } : undefined));
      onLoad({ filter: /.*/, namespace: "block" }, ({ path }) => ({
        contents: nitro[path] ?? code,
        loader: "ts",
        resolveDir: root,
      }));
      onResolve({ filter: /^unbucket(\/|$)/ }, ({ path }) => {
        const found = exports[path.replace("unbucket", ".")];
        return typeof found === "object"
          ? { path: source(found.default) }
          : { errors: [{ text: `no export ${path}` }] };
      });
      onResolve({ filter: /^#/ }, ({ path }) => {
        const found = imports[path];
        return found ? { path: source(found[condition] ?? found.default) } : undefined;
      });
      onResolve({ filter: /^[a-z@]/ }, ({ path, kind }) =>
        condition === "workerd" ||
        kind === "entry-point" ||
        path.startsWith("unbucket") ||
        path === "the-block" ||
        path.startsWith("nitro/")
          ? undefined
          : { path, external: true },
      );
    },
  };
}
