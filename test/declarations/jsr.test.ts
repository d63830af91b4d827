import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { root } from "../architecture/tree.ts";
import { program } from "../runtimes/install.ts";

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  readonly dependencies: Readonly<Record<string, string>>;
}
interface JsrManifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly imports: Readonly<Record<string, string>>;
  readonly publish: { readonly include: readonly string[] };
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), "utf8"));
const manifest = read("package.json") as Manifest;
const jsr = read("jsr.json") as JsrManifest;

it("jsr.json has the doors, the version and the ranges of package.json", () => {
  const doors = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [[path, target.types.replace("./dist/", "./").replace(/\.d\.ts$/, ".ts")]],
  );
  expect(jsr.exports).toEqual(Object.fromEntries(doors));
  expect(jsr.version).toBe(manifest.version);
  const npm = Object.values(jsr.imports).filter((target) => target.startsWith("npm:"));
  for (const target of npm) {
    const [, name = "", range] = /^npm:(\w+)@([^/]+)/.exec(target) ?? [];
    expect({ [name]: range }).toEqual({ [name]: manifest.dependencies[name] });
  }
});

it("JSR would take the package, without slow types", { timeout: 600_000 }, async () => {
  // Beside package.json its seams would count, which lead to dist/.
  const folder = mkdtempSync(join(tmpdir(), "unbucket-jsr-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of jsr.publish.include) cpSync(join(root, name), join(folder, name), { recursive: true });
  const { stdout, stderr } = await promisify(execFile)(
    await program("deno"),
    ["publish", "--dry-run", "--allow-dirty"],
    {
      cwd: folder,
      env: { ...process.env, NO_COLOR: "1" },
      maxBuffer: 2 ** 24,
    },
  );
  const output = stdout + stderr;
  expect(output).toMatch(/Dry run complete/);
  // What it finds slow, it refuses.
  expect(output).toContain("Checking for slow types");
});
