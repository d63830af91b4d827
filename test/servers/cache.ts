import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The folder of server binaries that outlives a run: `UNBUCKET_CACHE`, else below the user's cache folder. */
export function binaryFolder(): string {
  const { UNBUCKET_CACHE, XDG_CACHE_HOME } = process.env;
  const cache = UNBUCKET_CACHE || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "unbucket");
  return join(cache, "bin");
}

/** Whether the command is there and ends with success. */
export async function runs(command: string, args: readonly string[], cwd?: string): Promise<boolean> {
  return run(command, args, { cwd, timeout: 20_000 }).then(
    () => true,
    () => false,
  );
}

/** Runs a command to its end; rejects with what it printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly timeout?: number } = {},
): Promise<void> {
  await execute(command, args, { maxBuffer: 2 ** 26, ...options });
}

/**
 * Puts a file into the cache under `name`: `build` makes it in a scratch folder and returns its path. It appears by
 * rename, so that runs at the same time never see half of it.
 */
export async function install(name: string, build: (scratch: string) => Promise<string>): Promise<string> {
  const folder = binaryFolder();
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(folder, ".install-"));
  process.stderr.write(`${name}: installing into ${folder}, once\n`);
  try {
    const target = join(folder, name);
    renameSync(await build(scratch), target);
    return target;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
