/** Apps of test/fixtures, installed as a user does it, built for a preset and started where that runs. */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { S3Options } from "../../drivers/s3.ts";
import type { ObjectStore } from "../../src/interface.ts";
import { program } from "../runtimes/install.ts";
import { run } from "../servers/cache.ts";
import { onFreePorts } from "../servers/port.ts";
import { startProcess } from "../servers/process.ts";
import { filesBelow, type RunningApp, type Variables } from "./running.ts";
import { startWorker } from "./worker.ts";

/** What a build is made for; `node`, `bun`, `deno` and `workerd` are the platforms of apps without a build. */
export const presets = ["node-server", "bun", "deno-server", "cloudflare-module"] as const;

/** One of {@link presets}. */
export type Preset = (typeof presets)[number];

/** A framework with a build of its own, in a folder of test/fixtures. */
export interface HostSpec {
  readonly name: string;
  readonly fixture: string;
  /** Its command, below `node_modules`. */
  readonly command: string;
  /** The Node that builds and runs it. */
  readonly node: () => Promise<string>;
}

/** What one run of a framework's build wrote, in a folder of its own: nothing of the app is above it. */
export interface Build {
  /** Whether a file of the build holds this text. */
  readonly holds: (text: string) => boolean;
  /** Bytes of all files. */
  readonly size: number;
  readonly start: (variables: Variables) => Promise<RunningApp>;
}

/** A copy of a fixture with the packed package in it. */
export interface Installed {
  readonly folder: string;
  readonly build: (spec: HostSpec, preset: Preset, variables: Variables) => Promise<Build>;
  /** The S3 driver of the package that is installed in it. */
  readonly s3: (options: S3Options) => ObjectStore;
  readonly remove: () => void;
}

/** Installs a fixture as a user would, by its lock and with the packed package on top, in a temporary folder. */
export async function installFixture(fixture: string, tarball: string): Promise<Installed> {
  const root = mkdtempSync(join(tmpdir(), `unbucket-${fixture}-`));
  const remove = (): void => rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  const folder = join(root, "app");
  let builds = 0;
  try {
    const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
    cpSync(join(fixtures, fixture), folder, { recursive: true });
    cpSync(join(fixtures, "form.mjs"), join(folder, "form.mjs"));
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
    await run("npm", ["install", "--no-save", ...quiet, tarball], { cwd: folder });
    const driver = pathToFileURL(join(folder, "node_modules/unbucket/dist/drivers/s3.js")).href;
    const { default: s3 } = (await import(driver)) as { readonly default: Installed["s3"] };
    return {
      folder,
      s3,
      build: (spec, preset, variables) => build(spec, preset, folder, join(root, `build-${++builds}`), variables),
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}

async function build(
  spec: HostSpec,
  preset: Preset,
  folder: string,
  output: string,
  variables: Variables,
): Promise<Build> {
  const production = { NODE_ENV: "production", NUXT_TELEMETRY_DISABLED: "1", NITRO_PRESET: preset };
  const env = { ...withoutStorage(), ...production, ...variables };
  const node = await spec.node();
  await run(node, [join(folder, "node_modules", spec.command), "build"], { cwd: folder, env });
  renameSync(join(folder, ".output"), output);
  const files = filesBelow(output).map((file) => readFileSync(file));
  return {
    holds: (text) => files.some((bytes) => bytes.includes(text)),
    size: files.reduce((sum, bytes) => sum + bytes.byteLength, 0),
    start: async (given) => {
      if (preset === "cloudflare-module") return startWorker(join(output, "server"), given);
      return startApp(...(await commandOf(preset, node, output)), given);
    },
  };
}

/** How the framework says that its output is started. */
async function commandOf(preset: Preset, node: string, output: string): Promise<[string, string[]]> {
  const entry = join(output, "server/index.mjs");
  if (preset === "bun") return [await program("bun"), ["run", entry]];
  if (preset !== "deno-server") return [node, [entry]];
  const { tasks } = JSON.parse(readFileSync(join(output, "deno.json"), "utf8")) as {
    readonly tasks: { readonly start: string };
  };
  const [, ...words] = tasks.start.split(" ");
  return [await program("deno"), words.map((word) => (word === "./server/index.mjs" ? entry : word))];
}

/** Starts a server of one process on a free port and waits until it answers. */
export function startApp(command: string, args: readonly string[], variables: Variables): Promise<RunningApp> {
  return onFreePorts(1, ([port = 0]) => startAppOn(port, command, args, variables));
}

async function startAppOn(
  port: number,
  command: string,
  args: readonly string[],
  variables: Variables,
): Promise<RunningApp> {
  const url = `http://127.0.0.1:${port}`;
  const { folder, stop } = await startProcess({
    name: "app",
    command,
    args: () => args,
    env: {
      ...withoutStorage(""),
      ...{ HOST: "127.0.0.1", PORT: String(port), NODE_ENV: "production", DENO_NO_UPDATE_CHECK: "1" },
      ...variables,
    },
    // The first answer to a request, whatever it is, shows that the app listens; it touches no storage.
    ready: async () => (await fetch(`${url}/ready`)).status > 0,
  });
  return { url, log: () => readFileSync(join(folder, "server.log"), "utf8"), stop: async () => stop() };
}

/** This process's environment with each variable of storage left out, or set to `instead`, which counts as unset. */
function withoutStorage(instead?: string): Record<string, string> {
  const entries = Object.entries(process.env).map(([name, value]) => [
    name,
    /^(STORAGE|AWS)_/.test(name) ? instead : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
