import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { installed, program } from "../runtimes/install.ts";

const playground = fileURLToPath(new URL("../../playground/", import.meta.url));

/** Lets wrangler read the configuration, bundle and stop short of deploying: nobody is asked, so no account is needed. */
async function dryRun(environment: string): Promise<{ readonly said: string; readonly script: string }> {
  const modules = await installed(fileURLToPath(new URL("wrangler/", import.meta.url)));
  const home = await mkdtemp(join(tmpdir(), "unbucket-wrangler-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const args = ["deploy", "--dry-run", `--env=${environment}`, "--outdir", join(home, "out")];
  const { stdout, stderr } = await promisify(execFile)(
    await program("node22"),
    [join(modules, "wrangler/bin/wrangler.js"), ...args],
    { cwd: playground, env: { PATH: process.env["PATH"], HOME: home, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" } },
  );
  return { said: stdout + stderr, script: await readFile(join(home, "out/worker.js"), "utf8") };
}

it.each([
  [
    "r2",
    ["env.DB (unbucket-playground-r2) D1 Database", "env.BUCKET (unbucket-playground) R2 Bucket", "env.ASSETS Assets"],
  ],
  [
    "s3",
    [
      "env.DB (unbucket-playground-s3) D1 Database",
      "env.ASSETS Assets",
      'env.STORAGE_BACKEND ("s3") Environment Variable',
      'env.STORAGE_S3_BUCKET ("my-bucket") Environment Variable',
      'env.STORAGE_S3_REGION ("us-east-1") Environment Variable',
    ],
  ],
])(
  "wrangler takes the environment %j without a warning, and bundles no Node",
  { timeout: 600_000 },
  async (environment, bindings) => {
    const { said, script } = await dryRun(environment);
    const lines = said.split("\n").map((line) => line.trim().replace(/ {2,}/g, " "));
    expect(lines.filter((line) => line.startsWith("env."))).toEqual(bindings);
    expect(said).not.toMatch(/warning|error/i);
    expect(script).not.toMatch(/from\s*"node:|import\("node:|require\("/);
  },
);
