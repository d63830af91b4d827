/** What has a lock of its own below test/, such as this folder's runtimes: installed once, by the first test that needs it. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const here = fileURLToPath(new URL(".", import.meta.url));
const waitLimit = 600_000;

/** Returns the path of the installed `node_modules` of a folder. Runs at the same time wait for the one that installs. `more` are further arguments of npm's. */
export async function installed(folder: string = here, more: readonly string[] = []): Promise<string> {
  const modules = join(folder, "node_modules");
  const marker = join(modules, ".installed");
  const turn = join(folder, ".installing");
  const wanted = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  const current = (): boolean => existsSync(marker) && readFileSync(marker, "utf8") === wanted;
  const limit = Date.now() + waitLimit;
  while (!current()) {
    if (!takeTurn(turn)) {
      if (Date.now() > limit) throw new Error(`another install holds ${turn}: delete it if none is running`);
      await delay(250);
      continue;
    }
    try {
      // No install scripts: npm runs none that nobody approved, and the platform packages hold the programs themselves.
      const args = ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...more];
      await promisify(execFile)("npm", args, { cwd: folder, maxBuffer: 2 ** 24 });
      writeFileSync(marker, wanted);
    } finally {
      rmSync(turn, { recursive: true, force: true });
    }
  }
  return modules;
}

function takeTurn(turn: string): boolean {
  try {
    mkdirSync(turn);
    writeFileSync(join(turn, "pid"), String(process.pid));
    return true;
  } catch {
    if (!holderRuns(turn)) rmSync(turn, { recursive: true, force: true });
    return false;
  }
}

function holderRuns(turn: string): boolean {
  try {
    process.kill(Number(readFileSync(join(turn, "pid"), "utf8")), 0);
    return true;
  } catch (error) {
    // Between the two calls of takeTurn there is a folder without a pid, whose holder runs.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** A runtime that is installed here. */
export type Program = "bun" | "deno" | "node20" | "node22" | "node24" | "node26";

/** The programs of the installed packages for this platform, called directly. */
export async function program(name: Program): Promise<string> {
  const { arch, platform } = process;
  const cpu = arch === "arm64" ? "aarch64" : arch;
  const paths: Record<Program, string> = {
    bun: `@oven/bun-${platform}-${cpu}/bin/bun`,
    deno: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}/deno`,
    node20: `node20-${platform}-${arch}/bin/node`,
    node22: `node22-${platform}-${arch}/bin/node`,
    node24: `node24-${platform}-${arch}/bin/node`,
    node26: `node26-${platform}-${arch}/bin/node`,
  };
  const path = join(await installed(), paths[name]);
  if (!existsSync(path)) throw new Error(`${name} is not packaged for ${platform}-${arch}: ${path} is missing`);
  return path;
}
