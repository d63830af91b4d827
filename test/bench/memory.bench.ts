/** Peak memory of one streamed upload of 1 GiB, beside a bare loop that reuses its part buffers. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { figure, markdown } from "./figures.ts";
import { type NullServer, nullServer } from "./null-server.ts";
import { BASE, FIELDS, type Field, LARGE, OURS, setting, wanted } from "./plan.ts";
import { peakMemory } from "./process.ts";
import { start } from "./running.ts";
import { base, stage } from "./stage.ts";

const rounds = setting("BENCH_ROUNDS", 3);
const rows: string[][] = [];

let server: NullServer;
let folder: string;
beforeAll(async () => {
  folder = await stage();
  server = await nullServer();
}, 600_000);
afterAll(async () => {
  await server?.stop();
  if (rows.length > 0)
    console.log(`\n## ${LARGE.name}, peak memory\n\n${markdown(["", "client", "MiB", "ratio"], rows)}\n`);
});

describe("peak memory of a streamed upload", () => {
  const fields = FIELDS.filter(({ runtime }) => wanted(runtime, OURS, LARGE.name));
  test.each(fields)("$runtime", { timeout: 3_600_000 }, async ({ runtime, floor }) => {
    const names = [floor, OURS, ...(base === undefined ? [] : [BASE])];
    const peaks = new Map(names.map((name) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      for (const name of names) peaks.get(name)?.push(await peakOf(runtime, name));
    }
    const least = figure(peaks.get(floor) ?? []).median;
    for (const [name, values] of peaks) {
      const { median, spread } = figure(values);
      rows.push([runtime, name, `${median.toFixed(0)} ±${(spread * 100).toFixed(0)} %`, (median / least).toFixed(2)]);
    }
  });
});

/** A process of its own each time: the system keeps the peak of a process for its whole life. */
async function peakOf(runtime: Field["runtime"], name: string): Promise<number> {
  const client = await start(runtime, name, server.endpoint, folder);
  try {
    await client.run({ ...LARGE, milliseconds: 1 });
    return peakMemory(client.pid);
  } finally {
    await client.stop();
  }
}
