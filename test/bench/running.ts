/** A client that runs in a process of its own, in one of the runtimes. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Miniflare } from "miniflare";
import { program } from "../runtimes/install.ts";
import type { Measured, Task } from "./client.ts";
import type { Field } from "./plan.ts";
import { childrenNamed } from "./process.ts";
import { bundleWorker } from "./stage.ts";

/** A client that takes tasks. */
export interface Running {
  /** The process that does the work. */
  readonly pid: number;
  run(task: Task): Promise<Measured>;
  stop(): Promise<void>;
}

/** Longest time that a task takes beyond its own, in milliseconds. */
const PATIENCE = 60_000;

/** Starts a client; `folder` is what `stage` gave. */
export function start(runtime: Field["runtime"], client: string, endpoint: string, folder: string): Promise<Running> {
  return runtime === "workerd" ? startWorker(client, endpoint) : startProgram(runtime, client, endpoint, folder);
}

async function startProgram(
  runtime: Exclude<Field["runtime"], "workerd">,
  client: string,
  endpoint: string,
  folder: string,
): Promise<Running> {
  const before = runtime === "deno" ? ["run", "--allow-all", "--no-check", "--quiet"] : [];
  const args = [...before, "child.mjs", client, endpoint];
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const child = spawn(await program(runtime), args, { cwd: folder, env });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said = (said + data.toString()).slice(-1000)));
  // A child that died says why on stderr, not by its broken pipe.
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "close");
  return {
    pid: child.pid as number,
    async run(task) {
      const late = setTimeout(() => child.kill("SIGKILL"), task.milliseconds + PATIENCE);
      child.stdin.write(`${JSON.stringify(task)}\n`);
      const line = await Promise.race([once(lines, "line"), ended.then(() => undefined)]);
      clearTimeout(late);
      if (!line) throw new Error(said || "no answer in time");
      return JSON.parse(String(line[0])) as Measured;
    },
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

async function startWorker(client: string, endpoint: string): Promise<Running> {
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.mjs", contents: await bundleWorker(client) }],
    compatibilityDate: "2026-04-01",
    compatibilityFlags: ["nodejs_compat"],
    bindings: { ENDPOINT: endpoint },
  });
  await miniflare.ready;
  return {
    pid: childrenNamed("workerd").at(-1) ?? 0,
    async run(task) {
      const signal = AbortSignal.timeout(task.milliseconds + PATIENCE);
      const answer = await miniflare.dispatchFetch("http://bench/", {
        method: "POST",
        body: JSON.stringify(task),
        signal: signal as never,
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(text.slice(0, 1000));
      return JSON.parse(text) as Measured;
    },
    stop: () => miniflare.dispose(),
  };
}
