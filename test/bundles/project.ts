/** An app with the packed package, and files that a bundler begins at. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { linkPackage, packPackage } from "../hosts/pack.ts";

const manifest = JSON.parse(readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8")) as {
  readonly exports: Readonly<Record<string, unknown>>;
};

/** The public subpaths that are code, as a user writes them. */
export const doors: readonly string[] = Object.keys(manifest.exports)
  .filter((path) => path !== "./package.json")
  .map((path) => path.replace(/^\./, "unbucket"));

/** Where entries are written; `remove` deletes all. */
export interface Project {
  /** The path of a new file with this text. */
  entry(name: string, text: string): string;
  /** The path of a file that keeps all of a public subpath. */
  door(name: string): string;
  readonly remove: () => void;
}

/** Packs this tree as it stands and puts it into an app. */
export async function makeProject(): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-bundles-"));
  const { tarball, remove } = await packPackage();
  await linkPackage(tarball, folder).finally(remove);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  const entry = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    entry,
    door: (name) => {
      // `export *` leaves a default export out, and a name for the whole would have bundlers make an object of it.
      const driver = name.includes("/drivers/") ? `export { default } from "${name}";\n` : "";
      return entry(`${name.replaceAll("/", "-")}.mjs`, `export * from "${name}";\n${driver}`);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
