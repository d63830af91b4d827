/** Counts the requests that a server works on. */
import type { EventEmitter } from "node:events";

/** What runs on a server. */
export interface Requests {
  /** A part of the server: counts a request until its answer is made. */
  readonly middleware: (request: Request, next: () => Response | Promise<Response>) => Promise<Response>;
  /** On Node, counts a request until its answer is sent, too. */
  follow(server: EventEmitter | undefined): void;
  /** Resolves as soon as no answer is being made, nor on Node being sent. */
  settled(): Promise<void>;
}

/**
 * Follows a server's requests, since closing it does not do so everywhere. Node waits for connections, and a browser holds some
 * open that never carry a request: for those it would wait a minute. Deno takes away the bodies that are being read.
 */
export function followRequests(): Requests {
  let running = 0;
  let onSettled = (): void => {};
  const end = (): void => {
    running -= 1;
    if (running === 0) onSettled();
  };
  return {
    middleware: async (_request, next) => {
      running += 1;
      try {
        return await next();
      } finally {
        end();
      }
    },
    follow: (server) => {
      server?.on("request", (_request: unknown, response: EventEmitter) => {
        running += 1;
        response.once("close", end);
      });
    },
    settled: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => void (onSettled = resolve))),
  };
}
