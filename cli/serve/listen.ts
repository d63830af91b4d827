/** Starts the server, and stops it gracefully. */
import type { EventEmitter } from "node:events";
import type { Server as HttpServer } from "node:http";
import { serve, type Server } from "srvx";
import { endAnswered, endIdle, LIMITS, MAX_IDLE } from "./idle.ts";

/** Serves until SIGINT or SIGTERM, then finishes running requests; a second signal stops at once. */
export async function listen(
  fetch: (request: Request) => Promise<Response>,
  hostname: string,
  port: number,
): Promise<{ readonly url: string }> {
  const server = serve({
    fetch,
    hostname,
    port,
    silent: true,
    gracefulShutdown: false,
    node: LIMITS,
  });
  if (server.node?.server) {
    endIdle(server.node.server as HttpServer, MAX_IDLE);
    endAnswered(server.node.server, MAX_IDLE);
  }
  const requests = follow(server.node?.server);
  await Promise.resolve(server.ready()).catch((error: NodeJS.ErrnoException) => {
    throw new Error(reasonOf(error, hostname, port));
  });
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    if (requests.running() > 0) console.log(`${signal}: finishing running requests. Once more to stop at once.`);
    await close(server, requests);
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
  return { url: `http://${clientsName(hostname)}:${new URL(server.url ?? "").port || 80}` };
}

/** Why the server cannot listen, and what to do about it. */
function reasonOf({ code, message }: NodeJS.ErrnoException, hostname: string, port: number): string {
  if (code === "EADDRINUSE")
    return `--port ${port}: another program listens there (${code}). Take another port, or 0 for a free one`;
  if (code === "EACCES") return `--port ${port}: this user may not listen there (${code}). Take one from 1024 on`;
  if (code === "ENOTFOUND" || code === "EADDRNOTAVAIL")
    return `--host ${hostname}: no address of this machine (${code}). 127.0.0.1 is for itself, 0.0.0.0 for all`;
  return message;
}

/** The host name by which local clients reach a listening address. */
function clientsName(hostname: string): string {
  if (hostname === "0.0.0.0") return "127.0.0.1";
  if (hostname === "::") return "[::1]";
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

interface Requests {
  readonly running: () => number;
  readonly settled: () => Promise<void>;
}

/** Stops accepting connections, waits for running requests, and closes idle connections. */
async function close(server: Server, requests: Requests): Promise<void> {
  const closed = server.close();
  if (server.node !== undefined) {
    await requests.settled();
    // Browsers keep connections open that have never carried a request: Node would wait for those.
    await server.close(true);
  }
  await closed;
}

/** Counts running requests, until their answers are sent. */
export function follow(server: EventEmitter | undefined): Requests {
  let running = 0;
  let onSettled = (): void => {};
  server?.on("request", (_request: unknown, response: EventEmitter) => {
    running += 1;
    response.once("close", () => {
      running -= 1;
      if (running === 0) onSettled();
    });
  });
  return {
    running: () => running,
    settled: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => void (onSettled = resolve))),
  };
}
