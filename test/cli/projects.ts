import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { linkPackage, packPackage, type PackedPackage } from "../hosts/pack.ts";

const execute = promisify(execFile);

/** A project in a folder of its own, with the packed package in its node_modules. */
export interface Project {
  readonly dir: string;
  /** What `npx unbucket` would run. */
  readonly unbucket: (...args: readonly string[]) => Promise<{ readonly stdout: string }>;
  /** Runs a module's text in the project's folder and gives what it prints. */
  readonly script: (text: string, environment?: Readonly<Record<string, string>>) => Promise<string>;
  readonly read: (path: string) => string;
  /** Every file outside node_modules with its text. */
  readonly files: () => Record<string, string>;
}

/** Makes fresh projects for tests of the built command line. */
export class Projects {
  readonly #scratch = mkdtempSync(join(tmpdir(), "unbucket-projects-"));
  #packed: PackedPackage | undefined;

  async pack(): Promise<void> {
    this.#packed = await packPackage();
  }

  async create(files: Readonly<Record<string, string>>): Promise<Project> {
    if (this.#packed === undefined) throw new Error("pack() comes first");
    const dir = mkdtempSync(join(this.#scratch, "project-"));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    }
    await linkPackage(this.#packed.tarball, dir);
    const node = (args: readonly string[], env: NodeJS.ProcessEnv = process.env) =>
      execute(process.execPath, args, { cwd: dir, env });
    return {
      dir,
      unbucket: (...args) => node([join(dir, "node_modules/unbucket/dist/cli/main.js"), ...args]),
      script: async (text, environment) =>
        (await node(["--input-type=module", "--eval", text], { ...process.env, ...environment })).stdout,
      read: (path) => readFileSync(join(dir, path), "utf8"),
      files: () => snapshot(dir),
    };
  }

  remove(): void {
    this.#packed?.remove();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}

/** The text of a package.json. */
export function manifest(more: object = {}): string {
  return JSON.stringify({ name: "app", private: true, ...more });
}

function snapshot(dir: string): Record<string, string> {
  const found = readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .filter((path) => !path.startsWith("node_modules/"));
  return Object.fromEntries(found.sort().map((path) => [path, readFileSync(join(dir, path), "utf8")]));
}
