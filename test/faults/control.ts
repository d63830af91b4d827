/** The endpoint by which a case in another process speaks to the lab: on a port of its own, so that no fault reaches it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Seen, Wish } from "./protocol.ts";

/** What the endpoint passes on. */
export interface Controlled {
  wish(bucket: string, wish: Wish): void;
  seen(bucket: string): Seen;
  open(): number;
}

/** `POST /world/<bucket>` takes a wish, `GET /world/<bucket>` tells what became of it, `GET /sockets` counts connections. */
export async function startControl(lab: Controlled): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const bucket = (request.url ?? "").slice("/world/".length);
      if (request.method === "POST") lab.wish(bucket, JSON.parse(Buffer.concat(chunks).toString()) as Wish);
      const told = request.method === "POST" ? {} : request.url === "/sockets" ? lab.open() : lab.seen(bucket);
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(told));
    });
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
