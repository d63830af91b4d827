/** Counts the requests that a Node server works on. */
import type { EventEmitter } from "node:events";

/** What runs on a server. */
export interface Requests {
  /** Resolves as soon as no answer is being made or sent. */
  settled(): Promise<void>;
}

/**
 * Follows a server's requests. Node's own `close` waits for connections, and a browser holds some open that never carry a
 * request: for those it would wait a minute. Without a Node server (Bun, Deno) nothing is counted.
 */
export function followRequests(server: EventEmitter | undefined): Requests {
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
    settled: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => void (onSettled = resolve))),
  };
}
