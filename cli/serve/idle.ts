/** Connections of which nothing is to be had any more. */
import type { EventEmitter } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Node's limits: its default cuts a request after five minutes, however well its upload goes, and without that one a head has none of its own. */
export const LIMITS: { readonly requestTimeout: number; readonly headersTimeout: number } = {
  requestTimeout: 0,
  headersTimeout: 60_000,
};

/** Milliseconds: what Node gives a whole request by itself. */
export const MAX_IDLE: number = 5 * 60_000;

/**
 * Ends connections on which nothing has moved for so long: of a client that has gone without a word, or sends or reads no more, Node would
 * keep the socket, and the gateway a draft or an open file, for ever. One whose request is all here waits for us, and stays.
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

/** A request of Node's. */
interface Incoming extends EventEmitter {
  /** Whether all of it has come. */
  readonly complete: boolean;
  destroy(): unknown;
}

/** Ends connections of those who were answered and send on for so long. */
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
