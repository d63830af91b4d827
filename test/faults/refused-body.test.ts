/** Bodies of real requests that are refused: Node ends the process when one is cancelled in the wrong turn. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterEach, expect, test } from "vitest";
import memory from "../../drivers/memory.ts";
import { guard } from "../../src/guard.ts";

const uncaught: unknown[] = [];
const listen = (error: unknown): void => void uncaught.push(error);

afterEach(() => {
  process.off("uncaughtException", listen);
  uncaught.length = 0;
});

const bodyOf = (request: IncomingMessage): ReadableStream<Uint8Array> =>
  Readable.toWeb(request) as ReadableStream<Uint8Array>;

const store = memory();
const REFUSALS: Readonly<Record<string, (request: IncomingMessage) => Promise<unknown>>> = {
  "for its key": (request) => store.upload("k".repeat(1100), bodyOf(request)),
  "for its metadata": (request) => store.upload("k", bodyOf(request), { metadata: { a: "\n" } }),
  "for its size, in the middle": (request) => store.upload("k", bodyOf(request), { size: 1 }),
  "by the guard's limit": async (request) => {
    const file = await guard({ body: bodyOf(request), type: "application/pdf" }, { maxSize: 1 });
    await store.upload("k", file.body);
  },
};

test.each(Object.entries(REFUSALS))("a body that is refused %s leaves the server running", async (_, refuse) => {
  process.on("uncaughtException", listen);
  const server = createServer((request, response) => {
    refuse(request).then(
      () => response.writeHead(201).end(),
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const statuses = new Set<number>();
  for (const bytes of [2, 2, 2, 100_000, 3_000_000]) {
    // A client that is still sending may see the connection end instead of the answer.
    const answer = await fetch(url, { method: "PUT", body: new Uint8Array(bytes) }).catch(() => null);
    if (answer) statuses.add(answer.status);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(uncaught).toEqual([]);
  expect([...statuses]).toEqual([400]);
});
