/** The guide for authors of drivers: its driver passes the cases, and its four adapters run them under the real runners. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { casesFor } from "../../src/conformance.ts";
import type { Driver } from "../../src/driver.ts";
import { blocksOf, root } from "../docs/blocks.ts";
import { conformance } from "../support/conformance.ts";
import { program } from "./install.ts";

const guide = blocksOf("drivers/writing-a-driver.md");

/** A block by the name that its first line gives it. */
function file(name: string): string {
  const found = guide.find(({ code }) => code.startsWith(`// ${name}\n`));
  if (!found) throw new Error(`the guide has no ${name}`);
  return found.code;
}

/** An app that installed what `npm pack` makes of dist/. */
const app = mkdtempSync(join(tmpdir(), "unbucket-guide-"));

beforeAll(() => {
  const modules = join(app, "node_modules");
  const pack = join(modules, "unbucket");
  mkdirSync(pack, { recursive: true });
  mkdirSync(join(modules, "@libsql"));
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", app];
  const [packed] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8" })) as [{ filename: string }];
  execFileSync("tar", ["-xzf", join(app, packed.filename), "-C", pack, "--strip-components=1"]);
  for (const name of ["aws4fetch", "mime", "undici", "citty", "srvx", "vitest", "@libsql/client"])
    symlinkSync(join(root, "node_modules", name), join(modules, name), "dir");
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

/** What a runner prints; rejects when a test fails in it. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  for (const name of Object.keys(env))
    if (/^(VITEST|NODE_OPTIONS|NODE_ENV|NODE_V8|TEST$|CI$)/.test(name)) delete env[name];
  return new Promise((resolve, reject) =>
    execFile(command, args, { cwd: app, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      error ? reject(new Error(`${command}: ${(stdout + stderr).slice(-4000)}`)) : resolve(stdout + stderr),
    ),
  );
}

describe("the adapters of the guide run every case from the packed package", { timeout: 300_000 }, () => {
  const count = casesFor(["multipart", "uploads"]).length;
  const adapter = (name: string): string => {
    const code = file(name);
    expect(code.split("\n").filter((line) => line !== "").length).toBeLessThanOrEqual(10);
    writeFileSync(join(app, name), code);
    return name;
  };

  it("under vitest", async () => {
    const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
    const output = await run(process.execPath, [vitest, "run", "--root", app, adapter("driver.test.js")]);
    expect(output).toMatch(new RegExp(`Tests +${count} passed`));
  });

  it("under node:test", async () => {
    const output = await run(await program("node20"), ["--test", "--test-reporter=tap", adapter("driver.node.js")]);
    expect(output).toContain(`# pass ${count}\n# fail 0`);
  });

  it("under bun test", async () => {
    const output = await run(await program("bun"), ["test", `./${adapter("driver.bun.test.js")}`]);
    expect(output).toMatch(new RegExp(`\\b${count} pass\\n\\s*0 fail`));
  });

  it("under deno test", async () => {
    const output = await run(await program("deno"), ["test", "--allow-all", "--no-check", adapter("driver.deno.js")]);
    expect(output).toContain(`${count} passed | 0 failed`);
  });
});

conformance(
  "the guide's driver over SQLite",
  async () => {
    const outfile = join(app, "sqlite.mjs");
    const stdin = { contents: file("sqlite.ts"), loader: "ts", resolveDir: app } as const;
    await build({ stdin, outfile, bundle: true, format: "esm", platform: "node", packages: "external" });
    const { default: sqlite } = (await import(pathToFileURL(outfile).href)) as {
      default: (options: { readonly url: string }) => Driver;
    };
    return { driver: sqlite({ url: ":memory:" }) };
  },
  { capabilities: [], partSize: 64 * 1024 },
);
