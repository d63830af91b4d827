import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server's process in its own scratch folder. */
export interface ServerProcess {
  readonly folder: string;
  /** Kills the process, and deletes its folder unless that was given. */
  readonly stop: () => void;
  /** Resolves with how the process ended. */
  readonly ended: Promise<string>;
}

/** What starts one server. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: (folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it works, if that is to outlive the process; default a fresh temporary folder that ends with it. */
  readonly folder?: string;
  /** What has to be done in its folder before it starts. */
  readonly prepare?: (folder: string) => Promise<void>;
  /** Resolves true once the server answers as it should. */
  readonly ready: () => Promise<boolean>;
  /** Milliseconds until then; default two minutes. */
  readonly limit?: number;
}

const running = new Set<() => void>();

/** Starts a server in a folder of its own, its output in `server.log` there, and waits until it is ready. */
export async function startProcess(server: ServerCommand): Promise<ServerProcess> {
  const { limit = 120_000 } = server;
  const folder = server.folder ?? mkdtempSync(join(tmpdir(), `unbucket-${server.name}-`));
  mkdirSync(folder, { recursive: true });
  let child: ChildProcess | undefined;
  // Everything it holds is thrown away, so nothing is owed to it: it is killed, which works from an exit handler too.
  const stop = atEnd(() => {
    child?.kill("SIGKILL");
    if (server.folder === undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  try {
    await server.prepare?.(folder);
    const log = join(folder, "server.log");
    const output = openSync(log, "a");
    child = spawn(server.command, server.args(folder), {
      cwd: folder,
      env: { ...process.env, ...server.env },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    const ended = endOf(child);
    let failed: string | undefined;
    // One that takes connections and never answers must not be waited for without end.
    const late = delay(limit, `no answer within ${limit / 1000} s`, { ref: false });
    const over = Promise.race([ended, late]).then((why) => ((failed = why), false));
    while (!(await Promise.race([over, server.ready().catch(() => false)]))) {
      if (failed !== undefined) {
        const tail = readFileSync(log, "utf8").split("\n").slice(-25).join("\n");
        throw new Error(`${server.name} (${server.command}) did not become ready: ${failed}\n${tail}`);
      }
      await delay(50);
    }
    return { folder, stop, ended };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Runs `end` once: when the function that it returns is called, or else when this process ends. */
export function atEnd(end: () => void): () => void {
  const once = (): void => {
    if (running.delete(once)) end();
  };
  running.add(once);
  stopWithThisProcess();
  return once;
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
}

let watching = false;

/** Servers end with the process that started them, however it ends. */
function stopWithThisProcess(): void {
  if (watching) return;
  watching = true;
  const stopAll = (): void => running.forEach((stop) => stop());
  process.once("exit", stopAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      stopAll();
      // Handed on to whoever else listens; with nobody left, the default is restored by this second delivery.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}
