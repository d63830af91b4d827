/**
 * Many operations through a proxy that spoils one request in twenty: what was acknowledged is there, what was rejected is
 * absent, as it was, or in doubt. `SOAK_SEED=n` repeats a run, `SOAK_OPERATIONS=n` sets its length, `SOAK_MINUTES=10` its time.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import s3 from "../../drivers/s3.ts";
import { StorageError } from "../../src/error.ts";
import type { Fault } from "./proxy/fault.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { startStub, type Stub } from "./stub.ts";

const seed = Number(process.env["SOAK_SEED"] ?? 1);
const minutes = Number(process.env["SOAK_MINUTES"] ?? 0);
const operations = Number(process.env["SOAK_OPERATIONS"] ?? (minutes > 0 ? Infinity : 1500));
const WORKERS = 8;
const KEYS = 5;
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
];

/** Numbers from 0 to just below 1, the same for the same seed. */
function chance(from: number): () => number {
  let state = from * 2654435761 + 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

let stub: Stub;
let proxy: Proxy;
let faulty = 0;
const unhandled: unknown[] = [];
const hear = (reason: unknown): void => void unhandled.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", hear);
  stub = await startStub(keys);
  const random = chance(seed);
  proxy = await startProxy({
    upstream: stub,
    log: () => {},
    faultsFor() {
      if (random() >= 0.05) return [];
      faulty++;
      return [MENU[Math.floor(random() * MENU.length)] as Fault];
    },
  });
});
afterAll(async () => {
  process.off("unhandledRejection", hear);
  await proxy.close();
  await stub.close();
});

/** What a key may hold; undefined stands for absent. More than one after a write whose end is not known. */
type Possible = ReadonlySet<string | undefined>;

test(`the state after many operations is the model's (seed ${seed})`, { timeout: (minutes + 5) * 60_000 }, async () => {
  const world = stub.world("soak");
  const store = s3({
    ...keys,
    bucket: "soak",
    endpoint: proxy.url,
    retry: { baseDelay: 1, maxDelay: 5 },
    timeout: 5000,
  });
  const end = minutes > 0 ? Date.now() + minutes * 60_000 : Infinity;
  let left = operations;
  let [acknowledged, rejected, doubtful] = [0, 0, 0];
  let early = { heap: 0, sockets: 0 };
  const measure = (): typeof early => {
    globalThis.gc?.();
    return { heap: process.memoryUsage().heapUsed, sockets: proxy.open() };
  };

  async function work(worker: number): Promise<void> {
    const random = chance(seed * 1000 + worker);
    // Each worker has keys of its own, so that the model needs no order between workers.
    const model = new Map<string, Possible>();
    for (let turn = 0; left > 0 && Date.now() < end; turn++) {
      left--;
      const key = `${worker}/${Math.floor(random() * KEYS)}`;
      const before = model.get(key) ?? new Set([undefined]);
      const kind = random();
      const text = `${key} ${turn} `.repeat(1 + Math.floor(random() * 40));
      const held = (value: string | undefined): void => {
        // What is read is what is there: doubts end.
        expect([...before], `${key} at turn ${turn}`).toContain(value);
        model.set(key, new Set([value]));
      };
      try {
        if (kind < 0.35) await store.upload(key, text).then(() => model.set(key, new Set([text])));
        else if (kind < 0.45) {
          await store.upload(key, text, { ifNoneMatch: "*" });
          expect(before.has(undefined), `${key} was created at turn ${turn}`).toBe(true);
          model.set(key, new Set([text]));
        } else if (kind < 0.55) await store.delete(key).then(() => model.set(key, new Set([undefined])));
        else if (kind < 0.9) held(await (await store.download(key)).text());
        else if (!(await store.exists(key))) held(undefined);
        acknowledged++;
      } catch (error) {
        if (!StorageError.is(error)) throw error;
        const read = kind >= 0.55;
        if (read && error.code === "not-found") held(undefined);
        else if (!read && error.code === "precondition-failed") {
          rejected++;
          expect(
            [...before].some((value) => value !== undefined),
            `${key} at turn ${turn}: ${error.message}`,
          ).toBe(true);
        } else if (!read) {
          doubtful++;
          model.set(key, new Set([...before, kind < 0.45 ? text : undefined]));
        }
      }
      if (worker === 0 && turn === 20) early = measure();
    }
    for (const [key, possible] of model) expect([...possible], key).toContain(world.objects.get(key)?.body.toString());
  }

  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)));
  const late = measure();
  await store.dispose();
  console.log(
    `soak: ${acknowledged} acknowledged, ${rejected} refused, ${doubtful} in doubt, ${faulty} faults, seed ${seed}`,
  );
  expect(faulty).toBeGreaterThan(20);
  expect([...world.uploads.values()]).toEqual([]);
  expect(late.sockets).toBeLessThanOrEqual(Math.max(early.sockets, WORKERS) * 2);
  expect(late.heap - early.heap).toBeLessThan(64 * 1024 * 1024);
  expect(unhandled).toEqual([]);
});
