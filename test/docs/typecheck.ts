/** Compiles every block of TypeScript under the project's own strict options. */
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Block, root } from "./blocks.ts";
import { scratchFolder } from "./snippet.ts";

/** What blocks may use without saying where it comes from, and the parts of Nitro that are no dependency here. */
const declarations = `
declare const store: import("unbucket").Driver;
declare const request: Request;
declare const picture: Blob;
declare function defineNuxtConfig(config: { readonly nitro: object }): object;
declare module "bun:test" { export function test(name: string, run: () => Promise<void>, timeout: number): void; }
declare const Deno: { test(name: string, run: () => Promise<void>): void };
declare module "nitro/config" { export function defineNitroConfig(config: { readonly serverDir: string; readonly storage: object }): object; }
declare module "nitro/h3" { export { defineHandler, getRouterParam } from "h3"; }
declare module "nitro/runtime" { export function useStorage(base?: string): import("unstorage").Storage; }
declare module "nitro/storage" { export { useStorage } from "nitro/runtime"; }
`;

/** The compiler's complaints, each with the place of its block; empty when all compile. */
export async function typeErrors(blocks: readonly Block[]): Promise<string> {
  const scratch = scratchFolder();
  try {
    for (const [index, { code }] of blocks.entries())
      writeFileSync(join(scratch, `block-${index}.ts`), `${code}\nexport {};\n`);
    writeFileSync(join(scratch, "ambient.d.ts"), declarations);
    const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      readonly exports: Record<string, { readonly default?: string }>;
    };
    const paths = Object.entries(exports).flatMap(([name, { default: built }]) => {
      const source = built?.replace("./dist/", `${root}/`).replace(/\.js$/, ".ts");
      return source === undefined ? [] : [[name.replace(".", "unbucket"), [source]]];
    });
    const config = {
      extends: join(root, "tsconfig.json"),
      compilerOptions: {
        paths: Object.fromEntries(paths),
        rootDir: root,
        isolatedDeclarations: false,
        declaration: false,
        noUnusedLocals: false,
      },
      include: ["*.ts"],
      exclude: [],
    };
    writeFileSync(join(scratch, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const output = await new Promise<string>((resolve) =>
      execFile(process.execPath, [tsc, "-p", scratch, "--pretty", "false"], (_, stdout) => resolve(stdout)),
    );
    return output.replace(/^\S*block-(\d+)\.ts/gm, (_, index: string) => blocks[Number(index)]?.place ?? "");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
