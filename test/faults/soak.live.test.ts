/**
 * The soak with real servers behind the proxy: what was acknowledged is there, what was rejected is absent, as it was, or in doubt.
 * A few hundred operations on MinIO; with `UNBUCKET_LONG` ten minutes (`SOAK_MINUTES`) on each server. `SOAK_SEED=n` repeats the chances.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import { freshBucket, servers } from "../support/s3.ts";
import { unhandledRejections } from "../support/unhandled.ts";
import type { Fault } from "./proxy/fault.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { Spoiler } from "./soak/spoiler.ts";
import { digest, total, Worker } from "./soak/worker.ts";

const long = Boolean(process.env["UNBUCKET_LONG"]);
const seed = Number(process.env["SOAK_SEED"] ?? 1);
const minutes = long ? Number(process.env["SOAK_MINUTES"] ?? 10) : 0;
const operations = long ? Infinity : 300;
const WORKERS = 8;

/** Ceph compares no ETag of `ifMatch` as it should (see test/deviations.ts), which half of the model rests on. */
const able = servers.filter(({ name }) => name !== "ceph");
const chosen = long
  ? able
  : able.filter(({ name }, _, all) => name === "minio" || all[0]?.name !== "minio").slice(0, 1);

const MENU: readonly Fault[] = [
  { do: "drop", by: "rst" },
  { do: "drop", by: "fin" },
  { do: "drop", by: "rst", after: 100 },
  { do: "lose", by: "rst" },
  { do: "lose", by: "fin" },
  // The server has done it, and a gateway says that it has not.
  { do: "status", status: 502 },
  { do: "reply", status: 503, headers: { "retry-after": "0" }, body: "<html>busy</html>" },
  { do: "reply", status: 403 },
  { do: "headers", set: { etag: null } },
  { do: "headers", set: { "content-length": "1e3" } },
  { do: "corrupt-request", at: 11 },
  { do: "truncate", at: 20, by: "rst" },
  { do: "truncate", at: 20, by: "fin" },
  { do: "stall", at: 20 },
  { do: "stall", at: -1 },
  { do: "overlong", bytes: 100 },
  { do: "http-1.0" },
  { do: "idle-close" },
  { do: "drip", size: 40, milliseconds: 1 },
  { do: "interim", status: 102, count: 2 },
];

describe.each(chosen)("$name behind a spoilt network", (server) => {
  // SeaweedFS checks no payload hash, so it takes what was spoilt on the way.
  const menu = server.name === "seaweedfs" ? MENU.filter((fault) => fault.do !== "corrupt-request") : MENU;
  const spoiler = new Spoiler(seed, menu);
  let proxy: Proxy;
  let bucket: string;
  beforeEach(async () => {
    bucket = await freshBucket(server);
    const { hostname, port } = new URL(server.endpoint);
    const upstream = { host: hostname, port: Number(port) };
    proxy = await startProxy({ upstream, log: () => {}, faultsFor: spoiler.faultsFor });
  });
  afterEach(async () => {
    await proxy.close();
  });

  const title = long ? `${minutes} minutes of operations (long)` : `${operations} operations`;
  test(`${title} leave what the model says (seed ${seed})`, { timeout: (minutes + 5) * 60_000 }, async () => {
    const unhandled = unhandledRejections();
    const { accessKeyId, secretAccessKey, region } = server;
    const keys = { accessKeyId, secretAccessKey, region, bucket, partSize: 5 * 1024 * 1024 };
    const timeout = { headers: 3000, body: 1000 };
    const store: Driver = s3({ ...keys, endpoint: proxy.url, retry: { baseDelay: 1, maxDelay: 5 }, timeout });
    const workers = Array.from(
      { length: WORKERS },
      (_, number) => new Worker(store, number, seed, { large: 20, resumed: 20 }),
    );
    const end = minutes > 0 ? Date.now() + minutes * 60_000 : Infinity;
    let begun = 0;
    const run = async (worker: Worker): Promise<void> => {
      while (begun++ < operations && Date.now() < end) await worker.operate();
    };
    await Promise.all(workers.map(run));
    spoiler.calm = true;
    await store.dispose();

    // What another client finds, over a network that is as it should be.
    const other: Driver = s3({ ...keys, endpoint: server.endpoint });
    // Again, where a request that nobody waited for any more was still on its way to a busy server.
    const left = async (): Promise<string[]> => {
      await other.sweepUploads({ olderThan: 0 });
      const keys: string[] = [];
      for await (const { key } of other.listUploads()) keys.push(key);
      return keys;
    };
    await expect.poll(left).toEqual([]);
    const found = new Set<string>();
    for await (const { key } of other.list()) found.add(`${key}`);
    for (const { model } of workers) {
      for (const [key, possible] of model) {
        const bytes = found.delete(key) ? await (await other.download(key)).bytes() : undefined;
        expect([...possible], key).toContain(bytes && digest(bytes));
      }
    }
    expect([...found]).toEqual([]);
    await other.dispose();

    console.log(
      `${server.name}, seed ${seed}: ${Math.min(begun, operations)} operations, ${spoiler.requests} requests, ${spoiler.faulty} faults; ` +
        `${total(workers, "acknowledged")} acknowledged, ${total(workers, "refused")} refused, ${total(workers, "failed")} failed, ${total(workers, "doubtful")} writes in doubt`,
    );
    expect(spoiler.faulty / spoiler.requests).toBeGreaterThan(0.03);
    expect(total(workers, "acknowledged")).toBeGreaterThan(begun / 2);
    expect(unhandled).toEqual([]);
  });
});
