/** Files of this package, wherever the command line was built to. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The text of a file at the root of this package. */
export function ownFile(name: string): string {
  return readFileSync(join(root(), name), "utf8");
}

/** The version of this package. */
export function ownVersion(): string {
  const manifest = JSON.parse(ownFile("package.json")) as { version: string };
  return manifest.version;
}

function root(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
