/** Code that runs in a process of its own, with the driver bundled in. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";

const BACKEND = new URL("../../../drivers/fs/backend.ts", import.meta.url).pathname;

/** Bundles code that sees `fsBackend` and `base`, and gives the bundle's path. */
export async function bundle(code: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-child-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "child.mjs");
  await build({
    stdin: {
      contents: `import { fsBackend } from ${JSON.stringify(BACKEND)}; const base = process.argv[2];\n${code}`,
      resolveDir: new URL(".", import.meta.url).pathname,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "silent",
  });
  return outfile;
}

/** Starts a command; resolves when it ends, with its code and what it printed. */
export function run(
  command: string,
  args: readonly string[],
): { child: ChildProcess; ended: Promise<{ code: number | null; out: string }> } {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  const ended = new Promise<{ code: number | null; out: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, out })),
  );
  return { child, ended };
}
