/** Closes idle connections. */
import type { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Time limits of Node's server. Its default `requestTimeout` cuts every upload after five minutes; without one,
 * `headersTimeout` must be set too.
 */
export const LIMITS: { readonly requestTimeout: number; readonly headersTimeout: number } = {
  requestTimeout: 0,
  headersTimeout: 60_000,
};

/** Milliseconds without any transfer after which a connection is closed. */
export const MAX_IDLE: number = 5 * 60_000;

/**
 * Closes connections without any transfer for so long: for a client that is gone, or no longer sends or reads, Node
 * would keep the socket, and the gateway a draft or an open file, for ever. If the request has come completely, the
 * client waits for us, and stays.
 */
export function endIdle(server: Server, milliseconds: number): void {
  const last = new WeakMap<Socket, readonly [IncomingMessage, ServerResponse]>();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    last.set(request.socket, [request, response]);
  });
  server.setTimeout(milliseconds, (socket) => {
    const [request, response] = last.get(socket) ?? [];
    if (!(request?.complete && response?.headersSent === false)) socket.destroy();
  });
}

/** A request of Node's `http`. */
interface Incoming extends EventEmitter {
  /** Whether it has come completely. */
  readonly complete: boolean;
  destroy(): unknown;
}

/** Closes connections of clients that have been answered, and still send after so long. */
export function endAnswered(server: EventEmitter, milliseconds: number): void {
  server.on("request", (request: Incoming, response: EventEmitter) => {
    response.once("finish", () => {
      if (request.complete) return;
      const timer = setTimeout(() => request.complete || request.destroy(), milliseconds);
      timer.unref();
      request.once("close", () => clearTimeout(timer));
    });
  });
}
