import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server's process in its own scratch folder. */
export interface ServerProcess {
  readonly folder: string;
  readonly stop: () => void;
}

/** What starts one server. */
export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: (folder: string) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Resolves true once the server answers as it should. */
  readonly ready: () => Promise<boolean>;
}

const startLimit = 60_000;
const running = new Set<() => void>();

/** Starts a server in a fresh temporary folder, its output in `server.log` there, and waits until it is ready. */
export async function startProcess(server: ServerCommand): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), `unbucket-${server.name}-`));
  const log = join(folder, "server.log");
  const output = openSync(log, "a");
  const child = spawn(server.command, server.args(folder), {
    cwd: folder,
    env: { ...process.env, ...server.env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  // Everything it holds is thrown away, so nothing is owed to it: it is killed, which works from an exit handler too.
  const stop = (): void => {
    running.delete(stop);
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  running.add(stop);
  stopWithThisProcess();
  const end = ended(child);
  const limit = Date.now() + startLimit;
  while (!(await Promise.race([end.then(() => false), server.ready().catch(() => false)]))) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined || Date.now() > limit) {
      const tail = readFileSync(log, "utf8").split("\n").slice(-25).join("\n");
      stop();
      throw new Error(`${server.name} (${server.command}) did not become ready: ${await reason(end)}\n${tail}`);
    }
    await delay(50);
  }
  return { folder, stop };
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
}

function reason(end: Promise<string>): Promise<string> {
  return Promise.race([end, delay(100, `no answer within ${startLimit / 1000} s`)]);
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
