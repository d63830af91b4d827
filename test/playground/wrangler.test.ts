import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { blocksOfKind } from "../docs/blocks.ts";
import { scratchFolder } from "../docs/snippet.ts";
import { installed, program } from "../runtimes/install.ts";

const playground = fileURLToPath(new URL("../../playground/", import.meta.url));

/** Lets wrangler read the configuration, bundle and stop short of deploying: nobody is asked, so no account is needed. */
async function dryRun(cwd: string, ...more: string[]): Promise<{ readonly said: string; readonly script: string }> {
  const modules = await installed(fileURLToPath(new URL("wrangler/", import.meta.url)));
  const home = await mkdtemp(join(tmpdir(), "unbucket-wrangler-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const args = ["deploy", "--dry-run", "--outdir", join(home, "out"), ...more];
  const { stdout, stderr } = await promisify(execFile)(
    await program("node22"),
    [join(modules, "wrangler/bin/wrangler.js"), ...args],
    { cwd, env: { PATH: process.env["PATH"], HOME: home, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" } },
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
    expectTaken(await dryRun(playground, `--env=${environment}`), bindings);
  },
);

it.each(blocksOfKind("wrangler"))(
  "wrangler takes the configuration of the Worker in a document: $place",
  { timeout: 600_000 },
  async ({ document, code }) => {
    const folder = scratchFolder();
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const [worker] = blocksOfKind("worker").filter((block) => block.document === document);
    await writeFile(join(folder, "worker.ts"), worker?.code ?? "");
    await writeFile(join(folder, "wrangler.jsonc"), code);
    expectTaken(await dryRun(folder), ["env.BUCKET (files) R2 Bucket"]);
  },
);

function expectTaken({ said, script }: Awaited<ReturnType<typeof dryRun>>, bindings: readonly string[]): void {
  const lines = said.split("\n").map((line) => line.trim().replace(/ {2,}/g, " "));
  expect(lines.filter((line) => line.startsWith("env."))).toEqual(bindings);
  expect(said).not.toMatch(/warning|error/i);
  expect(script).not.toMatch(/from\s*"node:|import\("node:|require\("/);
}
