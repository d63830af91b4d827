/** Runs the suite in one runtime, under that runtime's own runner. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { runBrowser } from "../browser/run.ts";
import type { SuiteConfig } from "../suite/config.ts";
import type { Seams } from "../suite/jobs.ts";
import { program, type Program } from "./install.ts";
import { fromJunit, type Report } from "./report.ts";

/** A runtime that the package promises to run on, and the seams that it must get. */
export interface Runtime {
  readonly name: string;
  readonly seams: Seams;
  readonly run: (folder: string, suite: SuiteConfig) => Promise<Report>;
}

type Command = (entry: string, junit: string) => readonly string[];

const onNode: Seams = { transport: "undici", digest: "node" };
const withFetch: Seams = { transport: "fetch", digest: "node" };
const onWeb: Seams = { transport: "fetch", digest: "web" };

/** Where a Worker has files, in memory and for one request. */
export const withNode = "workerd with nodejs_compat";

export const runtimes: readonly Runtime[] = [
  ...(["node20", "node22", "node24", "node26"] as const).map((name): Runtime => ({
    name: name.replace("node", "node "),
    seams: onNode,
    run: (folder, suite) => runNode(name, folder, suite),
  })),
  {
    name: "bun",
    seams: withFetch,
    run: (folder, suite) =>
      runProgram("bun", "entry.bun.mjs", folder, suite, (entry, junit) => [
        ...["test", "--reporter=junit", `--reporter-outfile=${junit}`, `./${entry}`],
      ]),
  },
  {
    name: "deno",
    seams: withFetch,
    run: (folder, suite) =>
      runProgram("deno", "entry.deno.mjs", folder, suite, (entry, junit) => [
        ...["test", "--allow-all", "--no-check", "--quiet", `--junit-path=${junit}`, entry],
      ]),
  },
  { name: "workerd", seams: onWeb, run: (folder, suite) => runWorkerd(folder, suite, []) },
  { name: withNode, seams: onWeb, run: (folder, suite) => runWorkerd(folder, suite, ["nodejs_compat"]) },
  ...(["chromium", "firefox", "webkit"] as const).map((name): Runtime => ({
    name,
    seams: onWeb,
    run: (folder, suite) => runBrowser(name, folder, suite),
  })),
];

function runNode(name: Program, folder: string, suite: SuiteConfig): Promise<Report> {
  const command: Command = (entry, junit) => [
    ...["--test", "--test-reporter=junit", `--test-reporter-destination=${junit}`, entry],
  ];
  return runProgram(name, "entry.node.mjs", folder, suite, command);
}

async function runProgram(
  name: Program,
  file: string,
  folder: string,
  suite: SuiteConfig,
  command: Command,
): Promise<Report> {
  const junit = join(folder, `${name}.${suite.name}.xml`);
  rmSync(junit, { force: true });
  const env = { ...environment(), UNBUCKET_SUITE: JSON.stringify(suite), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const child = spawn(await program(name), command(`suite/${file}`, junit), { cwd: folder, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once("error", reject).once("close", resolve),
  );
  try {
    const report = fromJunit(readFileSync(junit, "utf8"));
    if (code === 0 || report.failed.length > 0) return report;
    return { ...report, failed: [`${name} ended with ${code}: ${output.slice(-4000)}`] };
  } catch (error) {
    throw new Error(`${name} wrote no report and ended with ${code}:\n${output.slice(-4000)}`, { cause: error });
  }
}

/** What this process has, without what would tell a child that it is inside vitest or may read the machine's own keys. */
function environment(): NodeJS.ProcessEnv {
  const foreign = /^(VITEST|VITE_|TEST$|NODE_OPTIONS$|NODE_ENV$|NODE_V8_|AWS_|STORAGE_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function runWorkerd(folder: string, suite: SuiteConfig, compatibilityFlags: string[]): Promise<Report> {
  const files = "driver" in suite && suite.driver === "fs";
  const bundle = await build({
    entryPoints: [join(folder, "suite", files ? "entry.worker-files.mjs" : "entry.worker.mjs")],
    bundle: true,
    format: "esm",
    write: false,
    conditions: ["workerd", "worker", "browser"],
    external: files ? ["node:*"] : [],
  });
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: bundle.outputFiles[0]?.text ?? "" }],
    compatibilityDate: "2026-04-01",
    compatibilityFlags,
    bindings: { UNBUCKET_SUITE: JSON.stringify(suite) },
    r2Buckets: ["BUCKET"],
  });
  try {
    const names = (await (await miniflare.dispatchFetch("http://suite/")).json()) as readonly string[];
    const failed: string[] = [];
    for (const [index, name] of names.entries()) {
      const answer = await miniflare.dispatchFetch(`http://suite/?job=${index}`, { method: "POST" });
      const text = await answer.text();
      if (answer.status !== 204) failed.push(`${name}: ${answer.status} ${text.slice(0, 500)}`);
    }
    return { passed: names.length - failed.length, failed };
  } finally {
    await miniflare.dispose();
  }
}
