import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../servers/cache.ts";
import { freePorts } from "../servers/port.ts";
import { type ServerProcess, startProcess } from "../servers/process.ts";

/** A fixture: an app on a framework that mounts `unbucket/drivers/env` by name. */
export interface HostSpec {
  /** Its folder in test/fixtures. */
  readonly name: "nitro" | "nuxt";
  /** The framework's command, below `node_modules`. */
  readonly command: string;
  /** The Node that builds and runs it. */
  readonly node: () => Promise<string>;
}

/** Variables that are set for a build or a start, on top of an environment that has none of storage. */
export type Variables = Readonly<Record<string, string>>;

/** A copy of a fixture with the packed package in it. */
export interface InstalledHost {
  readonly build: (variables: Variables) => Promise<Build>;
  readonly remove: () => void;
}

/** What one run of the framework's build wrote. */
export interface Build {
  /** The folder of the server. */
  readonly server: string;
  /** Whether a file of the build holds this text. */
  readonly holds: (text: string) => boolean;
  /** Bytes of all files. */
  readonly size: number;
  readonly start: (variables: Variables) => Promise<ServerProcess & { readonly url: string }>;
}

/** Installs the fixture as a user would, by its lock and with the packed package on top, in a temporary folder. */
export async function installHost(spec: HostSpec, tarball: string): Promise<InstalledHost> {
  const folder = mkdtempSync(join(tmpdir(), `unbucket-${spec.name}-`));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    cpSync(fileURLToPath(new URL(`../fixtures/${spec.name}`, import.meta.url)), folder, { recursive: true });
    const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
    await run("npm", ["ci", ...quiet], { cwd: folder });
    await run("npm", ["install", "--no-save", ...quiet, tarball], { cwd: folder });
    const node = await spec.node();
    return { build: (variables) => build(spec, folder, node, variables), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function build(spec: HostSpec, folder: string, node: string, variables: Variables): Promise<Build> {
  const env = { ...withoutStorage(), NODE_ENV: "production", NUXT_TELEMETRY_DISABLED: "1", ...variables };
  await run(node, [join(folder, "node_modules", spec.command), "build"], { cwd: folder, env });
  const output = join(folder, ".output");
  const server = join(output, "server");
  const files = filesBelow(output).map((file) => readFileSync(file));
  return {
    server,
    holds: (text) => files.some((bytes) => bytes.includes(text)),
    size: files.reduce((sum, bytes) => sum + bytes.byteLength, 0),
    start: (given) => start(spec.name, node, join(server, "index.mjs"), given),
  };
}

async function start(name: string, command: string, entry: string, variables: Variables): ReturnType<Build["start"]> {
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  const process = await startProcess({
    name: `${name}-server`,
    command,
    args: () => [entry],
    env: { ...withoutStorage(""), HOST: "127.0.0.1", PORT: String(port), NODE_ENV: "production", ...variables },
    // The first answer to a request, whatever it is, shows that the app listens; it touches no storage.
    ready: async () => (await fetch(`${url}/ready`)).status > 0,
  });
  return { ...process, url };
}

/** This process's environment with each variable of storage left out, or set to `instead`, which counts as unset. */
function withoutStorage(instead?: string): Record<string, string> {
  const entries = Object.entries(process.env).map(([name, value]) => [
    name,
    /^(STORAGE|AWS)_/.test(name) ? instead : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Every file below a folder, by its path. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
