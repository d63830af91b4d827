/** Peak memory of streams up and down, on S3 and in a folder, beside a bare loop that reuses its buffers. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { figure, markdown } from "./figures.ts";
import { type NullServer, nullServer } from "./null-server.ts";
import { type Cell, MEMORY_FIELDS, type MemoryField, setting, STREAMS, wanted } from "./plan.ts";
import { peakMemory } from "./process.ts";
import { start } from "./running.ts";
import { base, stage } from "./stage.ts";

const rounds = setting("BENCH_ROUNDS", 3);
const rows: string[][] = [];

let server: NullServer;
let program: string;
beforeAll(async () => {
  program = await stage();
  server = await nullServer();
}, 600_000);
afterAll(async () => {
  await server?.stop();
  if (rows.length > 0) console.log(`\n## Peak memory\n\n${markdown(["", "client", "MiB", "ratio"], rows)}\n`);
});

const fields = MEMORY_FIELDS.flatMap((field) => STREAMS.map((cell) => ({ ...field, cell, task: cell.name })));

describe("peak memory of a stream", () => {
  test.each(fields.filter(({ runtime, ours, task }) => wanted(runtime, ours, task)))(
    "$runtime, $ours, $task",
    { timeout: 3_600_000 },
    async ({ cell, ...field }) => {
      const names = [field.floor, field.ours, ...(base === undefined ? [] : [field.base])];
      const peaks = new Map(names.map((name) => [name, [] as number[]]));
      for (let round = 0; round < rounds; round++)
        for (const [name, values] of peaks) values.push(await peakOf(field, name, cell));
      const least = figure(peaks.get(field.floor) ?? []).median;
      for (const [name, values] of peaks) {
        const { median, spread } = figure(values);
        const figures = [`${median.toFixed(0)} ±${(spread * 100).toFixed(0)} %`, (median / least).toFixed(2)];
        rows.push([`${field.runtime}, ${cell.name}`, name, ...figures]);
      }
    },
  );
});

/** The peak of one task; what there is to read in a folder has been written by another process. */
async function peakOf(field: MemoryField, name: string, cell: Cell): Promise<number> {
  if (!field.folder) return peakAfter(field, name, cell, server.endpoint);
  const own = await mkdtemp(join("/dev/shm", "unbucket-bench-"));
  try {
    if (cell.verb === "down") await peakAfter(field, name, { ...cell, verb: "up" }, own);
    return await peakAfter(field, name, cell, own);
  } finally {
    await rm(own, { recursive: true });
  }
}

/** A process of its own each time: the system keeps the peak of a process for its whole life. */
async function peakAfter({ runtime }: MemoryField, name: string, cell: Cell, place: string): Promise<number> {
  const client = await start(runtime, name, place, program);
  try {
    await client.run({ ...cell, milliseconds: 1 });
    return peakMemory(client.pid);
  } finally {
    await client.stop();
  }
}
