/** The line between a page and a store: an HTTP proxy that counts the parts and spoils some. */
import { type IncomingMessage, createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What happens to one PUT of a part: it passes, waits these milliseconds first, waits for ever, or is cut in its middle. */
export type Fate = "pass" | "hold" | "cut" | number;

/** A running proxy. */
export interface Line {
  readonly url: string;
  /** The parts whose PUT the store has acknowledged with 200, in order. */
  readonly stored: number[];
  /** Every answer to a PUT of a part, as number and status. */
  readonly answers: [part: number, status: number][];
  /** Decides for each PUT of a part. */
  fate: (partNumber: number) => Fate;
  readonly close: () => Promise<void>;
}

/** Leads to a store by the same paths, and with the same Host, which is signed. */
export async function openLine(store: string): Promise<Line> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const part = Number(new URL(incoming.url ?? "", store).searchParams.get("partNumber") ?? 0);
      const own = incoming.method === "PUT" && part > 0;
      const fate = own ? line.fate(part) : "pass";
      if (fate === "hold") return;
      if (fate === "cut") return incoming.once("data", () => incoming.socket.destroy());
      if (typeof fate === "number") await delay(fate);
      const answer = await send(store, incoming);
      if (own && answer.statusCode === 200) line.stored.push(part);
      if (own) line.answers.push([part, answer.statusCode ?? 0]);
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    })().catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const line: Line = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stored: [],
    answers: [],
    fate: () => "pass",
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return line;
}

function send(store: string, incoming: IncomingMessage): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, headers } = incoming;
    const outgoing = forward(new URL(incoming.url ?? "", store), { method, headers }, resolve);
    outgoing.once("error", reject);
    incoming.once("close", () => incoming.complete || outgoing.destroy());
    incoming.pipe(outgoing);
  });
}
