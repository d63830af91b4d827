/** The playground on Node, Bun and Deno. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseEnv } from "node:util";
import { createDatabase } from "db0";
import libsql from "db0/connectors/libsql/node";
import { serve } from "h3";
import environmentStorage from "unbucket/drivers/env";
import { createApp } from "./app.ts";
import { allowedHosts, isLoopback } from "./http/host.ts";
import { nextSteps } from "./next-steps.ts";
import { addressed, describeBackend } from "./services/backend.ts";
import { documentTable } from "./services/database.ts";
import { createDocuments } from "./services/documents.ts";
import { gatewayOf, gatewayVariables } from "./services/gateway.ts";
import { followRequests } from "./services/requests.ts";
import { loadThumbnailer } from "./services/thumbnail.ts";

/** A file of settings beside the app; what the environment already says wins. */
if (existsSync(".env")) {
  for (const [name, value] of Object.entries(parseEnv(readFileSync(".env", "utf8")))) process.env[name] ??= value;
}

const { env } = process;
const hostname = env["HOST"] || "127.0.0.1";
const PUBLIC = new URL(import.meta.url.endsWith(".ts") ? "./public/" : "../public/", import.meta.url);
// It reads the variables at its first call: those of a folder's gateway need the port, which is known later.
const store = addressed(environmentStorage(), env);
/** Milliseconds that a statement waits while another process reads or writes the file; without it that fails at once. */
const BUSY_TIMEOUT = 2000;
const database = createDatabase(
  libsql({ url: databaseUrl(env["PLAYGROUND_DATABASE"] || "./.data/playground.db"), timeout: BUSY_TIMEOUT }),
);
let gateway: ReturnType<typeof gatewayOf> | undefined;
const app = createApp({
  store,
  documents: createDocuments(store, documentTable(database)),
  gateway: () => (gateway ??= gatewayOf(store, env)),
  thumbnailer: await loadThumbnailer(),
  assets: (name) =>
    readFile(new URL(name, PUBLIC)).then(
      (file) => new Uint8Array(file),
      () => null,
    ),
  hosts: allowedHosts(hostname, env["ALLOWED_HOSTS"]),
  backend: describeBackend(env),
});
const requests = followRequests();
const server = serve(app, {
  middleware: [requests.middleware],
  port: Number(env["PORT"] || 3000),
  hostname,
  silent: true,
  gracefulShutdown: false,
  // Node's default cuts a request after five minutes, however well its upload goes. Without a limit of their own connections that never
  // send a head would stay for ever.
  node: { requestTimeout: 0, headersTimeout: 60_000 },
  // Bun's are 128 MiB, and ten seconds without a byte. Routes that hold a body in memory have limits of their own.
  bun: { maxRequestBodySize: Number.MAX_SAFE_INTEGER, idleTimeout: 0 },
});
await server.ready();
// Elsewhere the app does not know by which address its visitors come.
if (isLoopback(hostname)) Object.assign(env, gatewayVariables(env, server.url ?? ""));
requests.follow(server.node?.server);
console.log(nextSteps(server.url ?? "", env));

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));

/** Takes no new requests and leaves when the running ones are done; a second signal does not wait. */
async function stop(signal: string): Promise<void> {
  if (stopping) process.exit(1);
  stopping = true;
  requests.refuse();
  console.log(`${signal}: finishing running requests. Once more to stop at once.`);
  // Closed before, it would take away their bodies: see followRequests.
  if (server.runtime === "deno") await requests.settled();
  const closed = server.close();
  if (server.node !== undefined) {
    await requests.settled();
    await server.close(true);
  }
  await closed;
  await store.dispose?.();
  await database.dispose();
  process.exit(0);
}

function databaseUrl(path: string): string {
  if (path === ":memory:") return path;
  mkdirSync(dirname(path), { recursive: true });
  return `file:${path}`;
}
