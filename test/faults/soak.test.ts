/**
 * Many operations through a proxy that spoils one request in twenty: what was acknowledged is there, what was rejected is
 * absent, as it was, or in doubt. `SOAK_SEED=n` repeats a run: each worker has its own keys, chances and faults. `SOAK_OPERATIONS=n`
 * sets its length, `SOAK_MINUTES=10` its time.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import s3 from "../../drivers/s3.ts";
import { unhandledRejections } from "../support/unhandled.ts";
import type { Fault } from "./proxy/fault.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { Spoiler } from "./soak/spoiler.ts";
import { digest, total, Worker } from "./soak/worker.ts";
import { startStub, type Stub } from "./stub.ts";

const seed = Number(process.env["SOAK_SEED"] ?? 1);
const minutes = Number(process.env["SOAK_MINUTES"] ?? 0);
const operations = Number(process.env["SOAK_OPERATIONS"] ?? (minutes > 0 ? Infinity : 10_000));
const WORKERS = 8;
/** Operations after which memory and connections have found their level. */
const SETTLED = 1000;
const MIB = 1024 * 1024;
const keys = { accessKeyId: "AKIDSOAK", secretAccessKey: "soak-secret" };

const MENU: readonly Fault[] = [
  { do: "drop", by: "rst" },
  { do: "drop", by: "fin" },
  { do: "drop", by: "rst", after: 100 },
  { do: "lose", by: "rst" },
  { do: "lose", by: "fin" },
  { do: "reply", status: 500 },
  { do: "reply", status: 503, body: "<Error><Code>SlowDown</Code></Error>" },
  { do: "reply", status: 403 },
  // Without an ETag a write is not acknowledged.
  { do: "headers", set: { etag: null } },
  { do: "corrupt-request", at: 11 },
  { do: "truncate", at: 20, by: "rst" },
  { do: "truncate", at: 20, by: "fin" },
  { do: "http-1.0" },
  { do: "idle-close" },
  { do: "drip", size: 40, milliseconds: 1 },
  { do: "close-delimited" },
];

let stub: Stub;
let proxy: Proxy;
const spoiler = new Spoiler(seed, MENU);

beforeAll(async () => {
  stub = await startStub(keys);
  proxy = await startProxy({ upstream: stub, log: () => {}, faultsFor: spoiler.faultsFor });
});
afterAll(async () => {
  await proxy.close();
  await stub.close();
});

interface Level {
  readonly operations: number;
  readonly heap: number;
  readonly rss: number;
  readonly sockets: number;
}

test(
  `the state after many operations is the model's (seed ${seed})`,
  { timeout: (minutes + 10) * 60_000 },
  async () => {
    const unhandled = unhandledRejections();
    const world = stub.world("soak");
    const retry = { baseDelay: 1, maxDelay: 5 };
    const store = s3({ ...keys, bucket: "soak", endpoint: proxy.url, partSize: 5 * MIB, retry, timeout: 5000 });
    const end = minutes > 0 ? Date.now() + minutes * 60_000 : Infinity;
    const workers = Array.from({ length: WORKERS }, (_, number) => new Worker(store, number, seed));
    const levels: Level[] = [];
    let begun = 0;

    const measure = (): void => {
      globalThis.gc?.();
      const { heapUsed, rss } = process.memoryUsage();
      levels.push({ operations: begun, heap: heapUsed, rss, sockets: proxy.open() });
    };
    const run = async (worker: Worker): Promise<void> => {
      while (begun < operations && Date.now() < end) {
        if (++begun % SETTLED === 0) measure();
        await worker.operate();
      }
    };
    await Promise.all(workers.map(run));
    measure();
    spoiler.calm = true;
    expect(world.uploads.size).toBeLessThanOrEqual(spoiler.leaving);
    await store.sweepUploads({ olderThan: 0 });
    expect(world.uploads.size).toBe(0);
    await store.dispose();

    const most = (name: "heap" | "rss" | "sockets"): number => Math.max(...levels.map((level) => level[name]));
    console.log(
      [
        `soak with seed ${seed}: ${begun} operations, ${spoiler.requests} requests, ${spoiler.faulty} faults`,
        `${total(workers, "acknowledged")} acknowledged, ${total(workers, "refused")} refused, ${total(workers, "failed")} reads failed, ${total(workers, "doubtful")} writes in doubt`,
        `at most ${Math.round(most("heap") / MIB)} MiB heap, ${Math.round(most("rss") / MIB)} MiB rss, ${most("sockets")} connections`,
      ].join("; "),
    );
    for (const worker of workers) {
      for (const [key, possible] of worker.model) {
        const body = world.objects.get(key)?.body;
        expect([...possible], key).toContain(body && digest(body));
      }
    }
    expect([...world.objects.keys()].filter((key) => !workers.some(({ model }) => model.has(key)))).toEqual([]);
    expect(spoiler.faulty / spoiler.requests).toBeGreaterThan(0.03);
    const [settled] = levels;
    expect(most("sockets")).toBeLessThanOrEqual(WORKERS * 4);
    expect((levels.at(-1)?.heap ?? 0) - (settled?.heap ?? 0)).toBeLessThan(128 * MIB);
    expect(unhandled).toEqual([]);
  },
);
