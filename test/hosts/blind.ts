import { once } from "node:events";
import { connect } from "node:net";

/** The status that a client sees which looks for it when it has sent all, as simple ones do. */
export async function statusAtEnd(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<number> {
  const { host, hostname, port, pathname } = new URL(url);
  // What it fails with is told to who waits for it, and is nobody's in between.
  const socket = connect(Number(port), hostname).on("error", () => {});
  try {
    await once(socket, "connect");
    const all = Object.entries({ host, "content-length": body.byteLength, ...headers });
    const head = all.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    socket.write(`${method} ${pathname} HTTP/1.1\r\n${head}\r\n`);
    if (!socket.write(body)) await once(socket, "drain");
    const [answer] = (await once(socket, "data")) as [Buffer];
    return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString("latin1"))?.[1]);
  } finally {
    socket.destroy();
  }
}
