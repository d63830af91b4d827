/** The null S3 server, compiled when it is first needed and started on a free port of loopback. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { cpuSeconds } from "./process.ts";

const source = fileURLToPath(new URL("null-server.c", import.meta.url));
const folder = fileURLToPath(new URL("../../.cache/bench/", import.meta.url));

/** A running null server. */
export interface NullServer {
  readonly endpoint: string;
  /** Seconds of processor time that it has used. */
  busy(): number;
  stop(): Promise<void>;
}

/** Starts one; it ends with this process at the latest. */
export async function nullServer(): Promise<NullServer> {
  const child = spawn(compiled(), { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  const pid = child.pid as number;
  return {
    endpoint: `http://127.0.0.1:${port.toString().trim()}`,
    busy: () => cpuSeconds(pid),
    stop: async () => {
      const closed = once(child, "close");
      child.kill();
      await closed;
    },
  };
}

function compiled(): string {
  const program = `${folder}null-server`;
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  if (!readFileSync("/proc/version", "utf8").startsWith("Linux")) throw new Error("the benchmark runs on Linux only");
  mkdirSync(folder, { recursive: true });
  const draft = `${program}.${process.pid}`;
  execFileSync("cc", ["-O2", "-o", draft, source], { stdio: "inherit" });
  renameSync(draft, program);
  return program;
}
