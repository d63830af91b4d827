/** A server that takes uploads at the pace, and answers at the moment, that a test says. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** How uploads are taken. */
export interface Intake {
  /** Takes at most about 64 KiB each so many milliseconds; Infinity takes nothing beyond the first piece. Default 0: all. */
  readonly every?: number;
  /** Called with the bytes taken of a connection whenever some came. */
  readonly took?: (socket: Socket, bytes: number) => void;
}

/** Starts the server; gives its URL and how many connections it has had. */
export async function intake({ every = 0, took }: Intake): Promise<{ readonly url: string; connections(): number }> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ highWaterMark: 64 * 1024 }, (socket) => {
    connections++;
    sockets.add(socket);
    let bytes = 0;
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      bytes += data.length;
      took?.(socket, bytes);
      if (every > 0) socket.pause();
      if (every > 0 && every < Infinity) setTimeout(() => socket.resume(), every);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => connections };
}
