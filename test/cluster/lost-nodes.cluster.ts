/** Nodes of a distributed store are killed and brought back under load; `UNBUCKET_CLUSTER` says for how many seconds. */
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import s3 from "../../drivers/s3.ts";
import type { Driver } from "../../src/driver.ts";
import { createBucket } from "../servers/bucket.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { Ledger } from "./ledger.ts";
import { emptyTally, look, type Run, work } from "./workload.ts";

const seconds = Number(process.env["UNBUCKET_CLUSTER"] || 20);
/** A cycle loses one node, then two. */
const cycles = Math.max(1, Math.round(seconds / 40));
const attempts = 3;
const timeout = 3000;
const maxDelay = 1000;
/** An upload in parts is begun, sent, completed and given up: four times the same patience. */
const patience = 4 * (attempts * timeout + (attempts - 1) * maxDelay) + 2000;
/** Milliseconds after which a store whose nodes are all back has no excuse to say 404. */
const blindness = 60_000;

let cluster: Cluster;
let drivers: readonly Driver[] = [];
beforeAll(async () => {
  cluster = await startCluster();
  const [first] = cluster.nodes;
  if (!first) throw new Error("a cluster without nodes");
  const bucket = await createBucket(first);
  drivers = cluster.nodes.map(({ endpoint, accessKeyId, secretAccessKey, region }) =>
    s3({
      ...{ bucket, endpoint, accessKeyId, secretAccessKey, region, timeout, partSize: 5 * 2 ** 20 },
      retry: { attempts, maxDelay },
    }),
  );
});
afterAll(async () => {
  await Promise.all(drivers.map((driver) => driver.dispose()));
  cluster?.stop();
});

it(
  `a store of four that loses one node and then two, for ${seconds} s, loses and tears nothing`,
  async () => {
    const ledger = new Ledger();
    const end = new AbortController();
    const run: Run = { drivers, ledger, tally: emptyTally(), phase: "", signal: end.signal };
    const during = (phase: string): Promise<void> => {
      run.phase = phase;
      return delay((seconds * 1000) / cycles / 5);
    };
    const working = work(run, 16);
    for (let cycle = 0; cycle < cycles; cycle++) {
      const [one, two, three] = [cycle % 4, (cycle + 1) % 4, (cycle + 2) % 4] as const;
      await during("all are there");
      await cluster.kill(one);
      await during("one is lost");
      await cluster.restart(one);
      await during("one is back");
      await Promise.all([cluster.kill(two), cluster.kill(three)]);
      await during("two are lost");
      await Promise.all([cluster.restart(two), cluster.restart(three)]);
      await during("two are back");
    }
    end.abort();
    await working;
    await cluster.healthy();
    const { verified, wrong, window } = await verify(ledger);
    const { writes, reads, absent, longest, codes } = run.tally;
    const keys = ledger.keys().length;
    console.log({ ...{ seconds, writes, reads, absent, longest, codes, keys, verified, window } });
    expect([...run.tally.wrong, ...wrong]).toEqual([]);
    expect(verified).toBe(keys);
    expect(Math.max(longest.write, longest.read)).toBeLessThan(patience);
    // The run shows something only if the nodes were missed and the store was at work.
    expect(writes.uncertain).toBeGreaterThan(0);
    expect(writes.acknowledged).toBeGreaterThan(100);
    expect(reads.verified).toBeGreaterThan(100);
  },
  seconds * 1000 + blindness + 120_000,
);

/** Reads every key through every node, until each gives what was acknowledged or the time is over. */
async function verify(ledger: Ledger): Promise<{ verified: number; wrong: string[]; window: number }> {
  const since = performance.now();
  const keys = ledger.keys();
  const wrong = new Map<string, string>();
  let window = 0;
  const readAll = async (driver: Driver): Promise<void> => {
    for (const key of keys) {
      for (;;) {
        const problem = await look(driver, key, ledger).catch((error: unknown) => error as Error);
        if (problem === undefined) break;
        window = performance.now() - since;
        // A failure may pass, as a node's blindness does; wrong bytes do not become right.
        if (typeof problem === "string" || window > blindness) {
          wrong.set(key, String(problem));
          break;
        }
        await delay(250);
      }
    }
  };
  await Promise.all(drivers.map(readAll));
  return { verified: keys.length - wrong.size, wrong: [...wrong.values()], window };
}
