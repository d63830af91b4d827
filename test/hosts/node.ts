import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { binaryFolder, install, run } from "../servers/cache.ts";

const version = "24.21.0";

/** A Node that Nuxt runs on (22.19 or later): this one, else a binary that the npm registry has as a package. */
export async function recentNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return process.execPath;
  const name = `node-${version}`;
  const found = [runtime("node24"), join(binaryFolder(), name)].find((path) => existsSync(path));
  return found ?? install(name, fromRegistry);
}

/** Where test/runtimes has this Node, if it is installed there. */
function runtime(name: string): string {
  const packages = fileURLToPath(new URL("../runtimes/node_modules", import.meta.url));
  return join(packages, `${name}-${process.platform}-${process.arch}`, "bin/node");
}

async function fromRegistry(scratch: string): Promise<string> {
  // The package for arm64 on macOS has another prefix than its siblings.
  const prefix = process.platform === "darwin" && process.arch === "arm64" ? "node-bin" : "node";
  const name = `${prefix}-${process.platform}-${process.arch}`;
  await run("npm", [
    "install",
    "--prefix",
    scratch,
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--ignore-scripts",
    `${name}@${version}`,
  ]);
  return join(scratch, "node_modules", name, "bin/node");
}
