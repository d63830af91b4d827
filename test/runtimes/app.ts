/** The built package as an app has it: below node_modules, found by its public names. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** An app folder with `suite/entry.*.mjs` for each runtime; `remove` deletes it. */
export interface App {
  readonly folder: string;
  readonly remove: () => void;
}

/** Compiles the package as it is now, not what dist/ may still hold, and the suite beside it. */
export async function makeApp(): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-app-"));
  const modules = join(folder, "node_modules");
  const pack = join(modules, "unbucket");
  mkdirSync(pack, { recursive: true });
  copyFileSync(join(root, "package.json"), join(pack, "package.json"));
  execFileSync(process.execPath, ["scripts/modules.mjs", join(pack, "dist")], { cwd: root, stdio: "inherit" });
  for (const name of ["aws4fetch", "mime", "undici", "citty", "srvx"]) {
    symlinkSync(join(root, "node_modules", name), join(modules, name), "dir");
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  await compileSuite(folder, pack);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

async function compileSuite(folder: string, pack: string): Promise<void> {
  const options = { format: "esm", platform: "neutral", outExtension: { ".js": ".mjs" }, logLevel: "warning" } as const;
  const suite = join(root, "test", "suite");
  await build({ ...options, entryPoints: [join(suite, "seams.ts")], outdir: pack });
  await build({
    ...options,
    entryPoints: ["node", "bun", "deno", "worker", "worker-files", "browser"].map((name) =>
      join(suite, `entry.${name}.ts`),
    ),
    outdir: join(folder, "suite"),
    bundle: true,
    packages: "external",
    external: ["node:*"],
    plugins: [seamsInsideThePackage],
  });
}

const seamsInsideThePackage: Plugin = {
  name: "seams",
  setup({ onResolve }) {
    onResolve({ filter: /\/seams\.ts$/ }, () => ({ path: "../node_modules/unbucket/seams.mjs", external: true }));
  },
};
