/** Large files through the playground in bounded memory; on workerd within the heap that Cloudflare gives an isolate. */
import { expect, it, onTestFinished, vi } from "vitest";
import { peakMemory, restartPeak } from "../bench/process.ts";
import { mainServers } from "../support/s3.ts";
import type { App } from "./check.ts";
import { runtimes, startOn } from "./hosts.ts";
import { folder, mainPlaces } from "./start.ts";
import { down, up } from "./transfer.ts";
import { limitHeap, startWorker } from "./worker.ts";

type Watched = App & { readonly pid: number };
type Step = keyof typeof steps;

const steps = {
  "up, its length known": (url: string, size: number) => up(url, size, true),
  "up, its length unknown": (url: string, size: number) => up(url, size, false),
  down,
};
const all = Object.keys(steps) as readonly Step[];

/** Runs the steps one after the other; gives the peak of the process beyond what it held when it was idle, in MiB. */
async function growth(app: Watched, size: number, names: readonly Step[]): Promise<number> {
  onTestFinished(() => app.close());
  const url = `${app.url}/files/large`;
  await up(url, 1, true);
  const idle = restartPeak(app.pid);
  const figures: string[] = [];
  const digests = new Set<string>();
  for (const name of names) {
    digests.add(await steps[name](url, size));
    figures.push(`${(peakMemory(app.pid) - idle).toFixed(0)} MiB after ${size} MiB ${name}`);
  }
  console.log(`idle ${idle.toFixed(0)} MiB; beyond it ${figures.join(", ")}`);
  expect([...digests]).toHaveLength(1);
  return peakMemory(app.pid) - idle;
}

async function onWorkerd(binding: boolean): Promise<Watched> {
  // Of V8; what lies in buffers outside its heap is a part of what is measured.
  limitHeap(128);
  onTestFinished(() => void vi.unstubAllEnvs());
  return startWorker(binding ? undefined : mainServers[0]);
}

/** MiB: more than workerd's buffers, three parts and what waits to be collected come to, which is 126 at 256 MiB too. */
const large = 160;

it(`workerd takes ${large} MiB of unknown length to S3, and gives them back`, { timeout: 300_000 }, async () => {
  expect(await growth(await onWorkerd(false), large, ["up, its length unknown", "down"])).toBeLessThan(large);
});

it(`workerd takes ${large} MiB of known length to R2, and gives them back`, { timeout: 300_000 }, async () => {
  expect(await growth(await onWorkerd(true), large, ["up, its length known", "down"])).toBeLessThan(large);
});

/** By UNBUCKET_LONG: a minute and a half. */
if (process.env["UNBUCKET_LONG"] !== undefined) {
  it.each([false, true])(
    "long: workerd takes and gives 256 MiB, by a binding: %s",
    { timeout: 600_000 },
    async (r2) => {
      expect(await growth(await onWorkerd(r2), 256, all)).toBeLessThan(large);
    },
  );

  it.each(runtimes)("long: $name takes and gives 256 MiB", { timeout: 600_000 }, async (runtime) => {
    const app = await startOn(runtime, mainPlaces.at(-1) ?? folder);
    expect(await growth({ ...app, pid: app.process.pid ?? 0 }, 256, all)).toBeLessThan(256);
  });
}
