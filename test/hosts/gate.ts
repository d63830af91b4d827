/** A TCP relay before an S3 server: shows that bytes went up before their last was sent, and holds answers back. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { S3Server } from "../support/s3.ts";

/** A running relay. */
export interface Gate {
  /** The server's endpoint by way of the relay. */
  readonly endpoint: string;
  /** Bytes that went to the server until now. */
  readonly sent: () => number;
  /** Lets only so many more bytes of all answers pass, until the function that it returns is called. */
  readonly hold: (bytes: number) => () => void;
  readonly close: () => Promise<void>;
}

/** Starts a relay on a free port of the loopback address. */
export async function openGate(server: S3Server): Promise<Gate> {
  const { hostname, port } = new URL(server.endpoint);
  const sockets = new Set<Socket>();
  const stopped = new Set<Socket>();
  let sent = 0;
  let allowance = Infinity;
  const relay = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        for (const each of [client, upstream]) each.destroy();
        sockets.delete(socket);
        stopped.delete(socket);
      });
    }
    client.on("data", (bytes) => {
      sent += bytes.byteLength;
    });
    client.pipe(upstream);
    upstream.on("data", (bytes) => {
      client.write(bytes);
      allowance -= bytes.byteLength;
      if (allowance > 0) return;
      upstream.pause();
      stopped.add(upstream);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    sent: () => sent,
    hold: (bytes) => {
      allowance = bytes;
      return () => {
        allowance = Infinity;
        for (const socket of stopped) socket.resume();
        stopped.clear();
      };
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}
