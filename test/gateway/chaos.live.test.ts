/**
 * Other people's clients before two gateways on one folder, over a network that cuts, stalls and splits what passes at any byte, while the
 * gateways are killed: what was acknowledged is readable and equal, what was refused or is in doubt is there as a whole or not at all.
 * `CHAOS_SEED=n` repeats the chances, `CHAOS_SECONDS=n` sets the time; with `UNBUCKET_LONG` it takes ten minutes.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import fs from "../../drivers/fs.ts";
import { freePorts } from "../servers/port.ts";
import { chance } from "../support/chance.ts";
import type { Driver } from "../../src/driver.ts";
import { hasCode } from "../../src/error.ts";
import { type Answer, Client } from "./chaos/client.ts";
import { GatewayProcess } from "./chaos/gateways.ts";
import { Lineage, Racer } from "./chaos/racer.ts";
import { startWire, type Wire } from "./chaos/wire.ts";
import { Worker } from "./chaos/worker.ts";
import { clientEnv, pythonClients, sdkFolder } from "./clients.ts";

const seed = Number(process.env["CHAOS_SEED"] ?? 1);
const seconds = Number(process.env["CHAOS_SECONDS"] ?? (process.env["UNBUCKET_LONG"] ? 600 : 20));
/** Between two kills, in the middle. */
const PAUSE = 3000;
const keys = { accessKeyId: "AKIDCHAOS", secretAccessKey: "chaos-secret" };

let folder: string;
let gateways: readonly GatewayProcess[];
let wire: Wire | undefined;
const clients: Client[] = [];
const workers: Worker[] = [];
const racers: Racer[] = [];
const lineage = new Lineage();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "unbucket-chaos-"));
  const ports = await freePorts(2);
  const env = {
    ...process.env,
    UNBUCKET_ACCESS_KEY: keys.accessKeyId,
    UNBUCKET_SECRET_KEY: keys.secretAccessKey,
  };
  gateways = ports.map((port) => new GatewayProcess(join(folder, "store"), port, env));
  await Promise.all(gateways.map((gateway) => gateway.start()));
  wire = await startWire(ports, seed, 0.8);
  const [bin, sdk] = await Promise.all([pythonClients(), sdkFolder()]);
  const theirs = clientEnv(`http://127.0.0.1:${wire.port}`, keys, folder);
  const boto = (): Client => new Client(join(bin, "python3"), "boto.py", [], theirs);
  const js = (): Client => new Client(process.execPath, "sdk.mjs", [sdk], theirs);
  for (const [number, make] of [boto, js, boto, js].entries()) {
    const client = make();
    clients.push(client);
    if (number < 2) workers.push(new Worker(client, number, seed));
    else racers.push(new Racer(client, number, seed, lineage));
  }
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await wire?.close();
  await Promise.all(gateways.map((gateway) => gateway.kill()));
  await rm(folder, { recursive: true });
});

it(
  `what clients were told holds after ${seconds} seconds (seed ${seed})`,
  { timeout: (seconds + 120) * 1000 },
  async () => {
    const end = Date.now() + seconds * 1000;
    const stop = new AbortController();
    const until = async (when: number, work: () => Promise<void>): Promise<void> => {
      try {
        while (Date.now() < when && !stop.signal.aborted) await work();
      } catch (error) {
        stop.abort();
        throw error;
      }
    };
    const random = chance(seed);
    let [kills, lastKill] = [0, 0];
    const killing = until(end - seconds * 250, async () => {
      await delay(random() * 2 * PAUSE);
      const gateway = gateways[random() < 0.5 ? 0 : 1] as GatewayProcess;
      expect(gateway.isRunning()).toBe(true);
      await gateway.kill();
      [kills, lastKill] = [kills + 1, Date.now()];
      await gateway.start();
    });
    const working = [...workers, ...racers].map((one) => until(end, () => one.operate()));
    await Promise.all([killing, ...working]);

    wire?.calm();
    const store = fs({ base: join(folder, "store") });
    for (const { model } of workers) for (const key of model.keys) model.read(key, await found(store, key));
    const counts = workers.map((worker) => Object.entries(worker.counts).map((entry) => entry.join(" ")));
    console.log(
      `seed ${seed}: ${kills} kills, ${lineage.length} races; ${counts.join("; ")}; ${JSON.stringify(wire?.counts)}`,
    );
    expect(gateways.map((gateway) => [gateway.isRunning(), gateway.said])).toEqual([
      [true, ""],
      [true, ""],
    ]);
    for (const gateway of gateways) await expect.poll(() => gateway.openFiles()).toEqual([]);
    // Of those that were killed some are left, for the sweep of another day.
    await expect.poll(() => draftsSince(lastKill)).toEqual([]);
    await expect.poll(() => uploadsLeft(store, lastKill)).toEqual([]);
    for (const { counts } of workers) expect(counts.acknowledged + counts.refused).toBeGreaterThan(counts.calls / 2);
  },
);

/** What is stored, in the words of the clients. */
async function found(store: Driver, key: string): Promise<Answer> {
  try {
    const object = await store.download(key);
    const { etag, contentType, metadata, size } = object;
    const bytes = await object.bytes();
    const sha = createHash("sha256").update(bytes).digest("hex");
    const named = { ETag: etag, ContentType: contentType as string, ContentLength: size, Metadata: metadata };
    return { ...named, bytes: bytes.byteLength, sha };
  } catch (error) {
    if (hasCode(error, "not-found")) return { error: "NoSuchKey", status: 404 };
    throw error;
  }
}

/**
 * What is left of uploads that nobody ended, whose id or end has got lost, when they are swept: but for those that a gateway was killed
 * over before they had their record, or after it had gone.
 */
async function uploadsLeft(store: Driver, moment: number): Promise<readonly string[]> {
  await store.sweepUploads({ olderThan: 0 });
  const at = join(folder, "store/.unbucket/uploads");
  const left = await Promise.all(
    (await readdir(at)).map(async (name) => {
      const { mtimeMs } = await stat(join(at, name));
      return mtimeMs > moment || (await readdir(join(at, name))).includes("upload.json") ? [name] : [];
    }),
  );
  return left.flat();
}

/** Temporary files that have been written to since a moment. */
async function draftsSince(moment: number): Promise<readonly string[]> {
  const at = join(folder, "store/.unbucket/tmp");
  const names = await readdir(at);
  const times = await Promise.all(names.map((name) => stat(join(at, name)).then(({ mtimeMs }) => mtimeMs)));
  return names.filter((_, index) => (times[index] ?? 0) > moment);
}
