/** Code that runs in a process of its own, with the driver bundled in. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { onTestFinished } from "vitest";

const DOOR = new URL("../../../drivers/fs.ts", import.meta.url).pathname;
const DIGEST = new URL("../../../src/sigv4/digest.node.ts", import.meta.url).pathname;
const BACKEND = new URL("../../../drivers/fs/backend.ts", import.meta.url).pathname;
/** For children that import it. */
export const HOLDER: string = new URL("../../../drivers/fs/holder.ts", import.meta.url).pathname;

/** Bundles code that sees `fsBackend`, the door `fs`, `base` and what else it is started with as `args`; gives the bundle's path. */
export async function bundle(code: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-child-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "child.mjs");
  await build({
    stdin: {
      contents: [
        `import { fsBackend } from ${JSON.stringify(BACKEND)};`,
        `import fs from ${JSON.stringify(DOOR)};`,
        `const [base, ...args] = process.argv.slice(2);\n${code}`,
      ].join("\n"),
      resolveDir: new URL(".", import.meta.url).pathname,
      loader: "ts",
    },
    alias: { "#digest": DIGEST },
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
