/** An app that installed what `npm pack` makes, with what its type checks need beside it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** An app in a folder of its own. */
export interface App {
  readonly path: string;
  /** Where the package was unpacked. */
  readonly pack: string;
  /** What was packed. */
  readonly tarball: string;
  remove(): void;
}

/** Packs dist/ as it is. `links` are further packages: what the app calls them, and where they are. */
export function packed(links: Readonly<Record<string, string>>): App {
  if (!existsSync(join(root, "dist"))) throw new Error("dist/ is missing: run npm run build first");
  const path = mkdtempSync(join(tmpdir(), "unbucket-types-"));
  const pack = join(path, "node_modules", "unbucket");
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", path];
  const [{ filename }] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" })) as [
    { readonly filename: string },
  ];
  const tarball = join(path, filename);
  mkdirSync(pack, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", pack, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const own = [...Object.keys(dependencies), "unstorage", "unstorage2"].map((name) => [
    `node_modules/${name}`,
    join(root, "node_modules", name),
  ]);
  for (const [name = "", target = ""] of [...own, ...Object.entries(links)]) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    symlinkSync(target, join(path, name), "dir");
  }
  writeFileSync(join(path, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  return { path, pack, tarball, remove: () => rmSync(path, { recursive: true, force: true }) };
}
