/** A TCP proxy that knows nothing of HTTP: it cuts, stalls and splits what passes at any byte, by seed. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { chance } from "../../support/chance.ts";

const WAYS = ["up", "down"] as const;
/** What becomes of a connection, on the one way or the other. */
const FAULTS = ["reset", "end", "stall", "split", "lose"] as const;
type Fault = (typeof FAULTS)[number];

/** A running proxy. */
export interface Wire {
  readonly port: number;
  /** How often each fault happened. */
  readonly counts: Readonly<Record<string, number>>;
  /** Spoils nothing from now on. */
  calm(): void;
  close(): Promise<void>;
}

/** Starts a proxy before servers on these loopback ports, one of which each connection gets; this share of them is spoilt. */
export async function startWire(ports: readonly number[], seed: number, share: number): Promise<Wire> {
  const counts: Record<string, number> = {};
  const sockets = new Set<Socket>();
  let calm = false;
  let connections = 0;
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const random = chance(seed * 100_003 + ++connections);
    const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
    const upstream = connect({ port: pick(ports), host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const both = [client, upstream];
    for (const socket of both) {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
    // A server that has just been killed.
    upstream.once("error", () => client.resetAndDestroy());
    const fault: Fault | undefined = random() < share ? pick(FAULTS) : undefined;
    const way = fault === "lose" ? "down" : pick(WAYS);
    // As often within a head as within a large body.
    const at = Math.floor(50 * Math.exp(random() * Math.log(random() < 0.6 ? 1000 : 600_000)));
    let over = false;

    const end = (by: Fault): void => {
      over = true;
      for (const socket of both) if (by === "end") socket.end();
      setTimeout(() => both.forEach((socket) => socket.resetAndDestroy()), by === "end" ? 1000 : 5);
    };
    const pass = async (from: Socket, to: Socket, here: (typeof WAYS)[number]): Promise<void> => {
      let [passed, met] = [0, false];
      for await (const data of from as AsyncIterable<Buffer>) {
        if (over) return;
        const left = at - passed;
        passed += data.length;
        if (calm || fault === undefined || here !== way || met || (passed < at && fault !== "split")) {
          await written(to, data);
          continue;
        }
        count(`${fault} ${way}`);
        met = true;
        if (fault === "lose") return end(fault);
        if (fault === "stall") {
          await delay(100 + random() * 2000);
          await written(to, data);
        } else if (fault === "split") {
          const size = 1 + Math.floor(random() * 500);
          const most = Math.min(data.length, size * 300);
          for (let from = 0; from < most; from += size) {
            to.write(data.subarray(from, Math.min(most, from + size)));
            await turn();
          }
          await written(to, data.subarray(most));
        } else {
          await written(to, data.subarray(0, left));
          return end(fault);
        }
      }
      to.end();
    };
    void Promise.all([pass(client, upstream, "up"), pass(upstream, client, "down")])
      .catch(() => {})
      .finally(() => {
        if (!over) setTimeout(() => both.forEach((socket) => socket.destroy()), 1000);
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    counts,
    calm: () => void (calm = true),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function written(to: Socket, data: Buffer): Promise<void> {
  if (to.destroyed || to.write(data)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      to.off("drain", done).off("close", done);
      resolve();
    };
    to.on("drain", done).on("close", done);
  });
}
