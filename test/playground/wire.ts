/** Requests that no HTTP client sends: cut off, raw, or slow. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Opens a connection and sends a request's head. */
export async function sendHead(url: string, line: string, headers: Record<string, string>): Promise<Socket> {
  const { hostname, port, host } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  await once(socket, "connect");
  const fields = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${line} HTTP/1.1\r\n${fields.join("")}\r\n`);
  return socket;
}

/** Ends the sending half in the middle of a body; resolves when the server has noticed and closed. */
export async function breakOff(socket: Socket): Promise<void> {
  socket.resume();
  socket.on("error", () => {});
  socket.end();
  await once(socket, "close");
}

/** Everything the server sends until it closes. */
export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** The status of the first answer; the connection is given up then. */
export async function statusOf(socket: Socket): Promise<number> {
  const [head] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(head.toString())?.[1]);
}
