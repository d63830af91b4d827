/** The line between a client and a server, which is cut where a test says so. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A running line. */
export interface Line {
  readonly url: string;
  /** Asked for each connection: it ends after so many bytes of requests; Infinity for never. */
  cutAfter: () => number;
  readonly close: () => void;
}

/** Leads to wherever the server is when a connection is made. */
export async function openLine(target: () => URL): Promise<Line> {
  const sockets = new Set<Socket>();
  const listening = createServer((client) => {
    const { port, hostname } = target();
    const server = connect(Number(port), hostname);
    let left = line.cutAfter();
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("close", () => {
        client.destroy();
        server.destroy();
        sockets.delete(socket);
      });
    }
    client.on("data", (bytes) => {
      const passed = bytes.subarray(0, left);
      left -= passed.byteLength;
      if (!server.write(passed)) {
        client.pause();
        server.once("drain", () => client.resume());
      }
      // What was sent before the cut arrives.
      if (left === 0) server.end(() => client.destroy());
    });
    server.pipe(client);
  });
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const line: Line = {
    url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`,
    cutAfter: () => Infinity,
    close() {
      for (const socket of sockets) socket.destroy();
      listening.close();
    },
  };
  return line;
}
