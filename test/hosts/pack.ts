import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../servers/cache.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sources = ["src", "drivers", "cli", "scripts"];

/** A package file as it would be published, and what deletes it. */
export interface PackedPackage {
  readonly tarball: string;
  readonly remove: () => void;
}

/**
 * Builds this tree and packs it, both in a folder of its own: what is tested is the source as it stands, whatever `dist`
 * holds, and only what `files` of package.json publishes.
 */
export async function packPackage(): Promise<PackedPackage> {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-pack-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    for (const entry of readdirSync(root, { withFileTypes: true })) {
      if (entry.isFile() || sources.includes(entry.name))
        cpSync(join(root, entry.name), join(folder, entry.name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "dir");
    await run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { cwd: folder });
    await run(process.execPath, ["scripts/modules.mjs"], { cwd: folder });
    await run("npm", ["pack", "--ignore-scripts"], { cwd: folder });
    const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
    if (tarball === undefined) throw new Error("npm pack wrote no package");
    return { tarball: join(folder, tarball), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Puts the packed package below `node_modules` of a project without asking a registry: its dependencies are this tree's. */
export async function linkPackage(tarball: string, project: string): Promise<void> {
  const modules = join(project, "node_modules");
  await run("mkdir", ["-p", join(modules, "unbucket")]);
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, "unbucket")]);
  for (const name of ["aws4fetch", "citty", "mime", "srvx", "undici"]) {
    if (!existsSync(join(modules, name))) symlinkSync(join(root, "node_modules", name), join(modules, name), "dir");
  }
}
