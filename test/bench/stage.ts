/** Puts the clients where each runtime finds them: beside the peers of this folder's lock, and this package as it is built. */
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions } from "esbuild";
import { installed } from "../runtimes/install.ts";
import { BASE, CLIENTS, FOLDER, FOLDER_BASE, OURS } from "./plan.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Another checkout, built, that is measured beside this one: a folder in `BENCH_BASE`. */
export const base: string | undefined = process.env["BENCH_BASE"];

const options: BuildOptions = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2023",
  logLevel: "warning",
};

/** Installs the peers and compiles what children run; gives the folder of `child.mjs`. */
export async function stage(): Promise<string> {
  const modules = await installed(here);
  copyPackage(root, join(modules, OURS));
  if (base !== undefined) copyPackage(resolve(base), join(modules, BASE));
  const folder = join(modules, ".bench");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const files = { ...options, platform: "node", packages: "external", outExtension: { ".js": ".mjs" } } as const;
  await build({ ...files, entryPoints: ["child.ts"], outdir: folder });
  const own = CLIENTS.filter((name) => name !== BASE && name !== FOLDER_BASE);
  const clients = join(folder, "clients");
  await build({ ...files, entryPoints: own.map((name) => `clients/${name}.ts`), outdir: clients });
  if (base !== undefined) {
    const entryPoints = [
      { in: `clients/${OURS}.ts`, out: BASE },
      { in: `clients/${FOLDER}.ts`, out: FOLDER_BASE },
    ];
    await build({ ...files, entryPoints, outdir: clients, alias: asBase });
  }
  return folder;
}

/** A worker around one client, with everything in it. */
export async function bundleWorker(name: string): Promise<string> {
  const from = name === BASE ? OURS : name;
  const contents = `import connect from "./clients/${from}.ts"; import { worker } from "./worker.ts"; export default worker(connect);`;
  const { outputFiles } = await build({
    ...options,
    stdin: { contents, resolveDir: here, loader: "ts" },
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*"],
    alias: name === BASE ? asBase : {},
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

const asBase = { "unbucket/drivers/s3": `${BASE}/drivers/s3`, "unbucket/drivers/fs": `${BASE}/drivers/fs` };

/** Copied, not linked: Deno takes no package whose files lie elsewhere. */
function copyPackage(checkout: string, target: string): void {
  if (!existsSync(join(checkout, "dist", "drivers", "s3.js"))) {
    throw new Error(`${checkout} is not built: npm run build`);
  }
  rmSync(target, { recursive: true, force: true });
  cpSync(join(checkout, "dist"), join(target, "dist"), { recursive: true });
  copyFileSync(join(checkout, "package.json"), join(target, "package.json"));
  mkdirSync(join(target, "node_modules"));
  for (const name of ["aws4fetch", "mime", "undici"]) {
    symlinkSync(join(checkout, "node_modules", name), join(target, "node_modules", name), "dir");
  }
}
