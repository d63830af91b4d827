import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { serve } from "srvx";
import { expect, it, onTestFinished } from "vitest";
import memory from "../../drivers/memory.ts";
import type { Driver } from "../../src/driver.ts";
import { gateway } from "../../src/gateway.ts";
import { root } from "../docs/blocks.ts";

const credentials = { accessKeyId: "AKIDPROBE", secretAccessKey: "probe-secret" };

interface Run {
  readonly process: ChildProcess;
  readonly store: Driver;
  readonly output: () => string;
  /** Its code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Holds that many objects have been stored. */
  stored(count: number): Promise<void>;
}

/** The built command on a bucket in memory, of which `answer` may refuse a request. */
async function start(answer: (request: Request) => Promise<Response> | Response | undefined): Promise<Run> {
  const store = memory();
  const { fetch } = gateway(store, { bucket: "bucket", credentials });
  let puts = 0;
  const handler = async (request: Request): Promise<Response> => {
    const response = (await answer(request)) ?? (await fetch(request));
    if (request.method === "PUT") puts++;
    return response;
  };
  const server = serve({ fetch: handler, port: 0, hostname: "127.0.0.1", silent: true });
  await server.ready();
  const child = spawn(process.execPath, [join(root, "dist/cli/main.js"), "probe"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      STORAGE_BACKEND: "s3",
      STORAGE_S3_BUCKET: "bucket",
      STORAGE_S3_ENDPOINT_URL: server.url ?? "",
      STORAGE_S3_ACCESS_KEY: credentials.accessKeyId,
      STORAGE_S3_SECRET_KEY: credentials.secretAccessKey,
    },
  });
  const exit = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exit;
    await server.close(true);
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return {
    process: child,
    store,
    output: () => output,
    ended: exit.then(([code, signal]) => code ?? signal),
    stored: (count) => expect.poll(() => puts, { interval: 5 }).toBeGreaterThanOrEqual(count),
  };
}

const keysOf = async (store: Driver): Promise<readonly string[]> => store.getKeys("");

it.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("unbucket probe removes what it made when it is ended by %s", async (signal, code) => {
  const run = await start(() => undefined);
  await run.stored(5);
  run.process.kill(signal);
  expect(await run.ended).toBe(code);
  expect(run.output()).toMatch(/^stopped, .*a second signal.*\nwhat was made has been removed\n$/);
  expect(await keysOf(run.store)).toEqual([]);
});

it("unbucket probe tells what it could not remove", async () => {
  const run = await start((request) => (request.method === "DELETE" ? new Response(null, { status: 403 }) : undefined));
  await run.stored(5);
  run.process.kill("SIGTERM");
  expect(await run.ended).toBe(143);
  const keys = await keysOf(run.store);
  expect(keys.length).toBeGreaterThan(0);
  expect(run.output()).toMatch(
    new RegExp(
      `\\n${keys.length} objects or uploads could not be removed: remove what is below unbucket-probe-[0-9a-f-]{36}/\\n$`,
    ),
  );
});

it("unbucket probe ends at once by a second signal, also by another one", async () => {
  let deletes = 0;
  const run = await start((request) => {
    if (request.method !== "DELETE") return undefined;
    deletes++;
    return new Promise<Response>(() => {});
  });
  await run.stored(5);
  run.process.kill("SIGINT");
  await expect.poll(() => deletes).toBeGreaterThan(0);
  run.process.kill("SIGTERM");
  expect(await run.ended).toBe("SIGTERM");
});
