/** Counts the requests that a server works on. */
import type { EventEmitter } from "node:events";
import { errorResponse } from "../http/errors.ts";

/** What runs on a server. */
export interface Requests {
  /** A part of the server: counts a request until its answer is made, or turns it down once there are to be no more. */
  readonly middleware: (request: Request, next: () => Response | Promise<Response>) => Promise<Response>;
  /** On Node, counts a request until its answer is sent, too. */
  follow(server: EventEmitter | undefined): void;
  /** From now on every new request is answered with 503. */
  refuse(): void;
  /** Resolves as soon as no answer is being made, nor on Node being sent. */
  settled(): Promise<void>;
}

/**
 * Follows a server's requests, since closing it does not do so everywhere. Node waits for connections, and a browser holds some
 * open that never carry a request: for those it would wait a minute. Deno takes away the bodies that are being read, so it is
 * closed last, and goes on taking requests until then; connections that are kept alive bring new ones everywhere.
 */
export function followRequests(): Requests {
  let running = 0;
  let refusing = false;
  let onSettled = (): void => {};
  const end = (): void => {
    running -= 1;
    if (running === 0) onSettled();
  };
  return {
    middleware: async (_request, next) => {
      if (refusing) return stopping();
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
    refuse: () => void (refusing = true),
    settled: () => (running === 0 ? Promise.resolve() : new Promise((resolve) => void (onSettled = resolve))),
  };
}

function stopping(): Response {
  const answer = errorResponse(503, "stopping", "The server is stopping; try again in a moment.");
  answer.headers.set("retry-after", "1");
  answer.headers.set("connection", "close");
  return answer;
}
