/** Gateways as processes on one folder, which are killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { root } from "../../docs/blocks.ts";

/** `unbucket serve` over a folder, on a port that stays the same. */
export class GatewayProcess {
  readonly port: number;
  /** What it has said of failures. */
  said = "";
  #child: ChildProcess | undefined;
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(folder: string, port: number, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.port = port;
    this.#env = env;
  }

  async start(): Promise<void> {
    const args = [
      join(root, "dist/cli/main.js"),
      "serve",
      this.#folder,
      "--port",
      `${this.port}`,
      "--bucket",
      "bucket",
    ];
    const child = spawn(process.execPath, args, { env: this.#env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.on("data", (data: Buffer) => (this.said += data.toString()));
    this.#child = child;
    while (!(await listens(this.port))) {
      if (!this.isRunning()) throw new Error(`a gateway does not start: ${this.said}`);
      await delay(20);
    }
  }

  isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends it as nothing can be prepared for. */
  async kill(): Promise<void> {
    if (!this.#child || !this.isRunning()) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  /** The files below the folder that it has open, where the system tells that. */
  openFiles(): readonly string[] {
    const at = `/proc/${this.#child?.pid}/fd`;
    const target = (fd: string): string => {
      try {
        return readlinkSync(`${at}/${fd}`);
      } catch {
        return "";
      }
    };
    return process.platform === "linux"
      ? readdirSync(at)
          .map(target)
          .filter((path) => path.startsWith(this.#folder))
      : [];
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const up = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
  });
  socket.destroy();
  return up;
}
