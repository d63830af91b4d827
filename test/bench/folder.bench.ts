/** Objects and streams on a folder, beside the raw calls by hand and beside other libraries, in memory and on the disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { contest } from "./contest.ts";
import { figure, markdown } from "./figures.ts";
import { KEYS } from "./measure.ts";
import {
  type Cell,
  FILE_CELLS,
  FILE_STREAMS,
  FOLDER,
  FOLDER_BASE,
  FOLDER_FIELDS,
  READER,
  setting,
  wanted,
} from "./plan.ts";
import { peakMemory } from "./process.ts";
import { type Running, start } from "./running.ts";
import { base, stage } from "./stage.ts";

/** A file system in memory, where calls cost what the runtime costs, and the disk of the temporary folder. */
const PLACES = [
  ["memory", "/dev/shm"],
  ["disk", tmpdir()],
] as const;

const FIELDS = FOLDER_FIELDS.flatMap((field) => PLACES.map(([place, folder]) => ({ ...field, place, folder })));
type Field = (typeof FIELDS)[number];

const ours = [FOLDER, ...(base === undefined ? [] : [FOLDER_BASE])];
const folders: string[] = [];
const peaks: string[][] = [];

let program: string;
beforeAll(async () => {
  program = await stage();
}, 600_000);
afterAll(async () => {
  if (peaks.length > 0) console.log(`\n## Folder: peak memory\n\n${markdown(["", "client", "MiB", "ratio"], peaks)}\n`);
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

describe("a folder beside the raw calls", () => {
  test.each(having(FILE_CELLS, (field) => [...ours, ...field.peers]))(
    "objects, $runtime, $place",
    { timeout: 3_600_000 },
    async ({ field, runtime, place, cells, names }) => {
      const tables = await contest({
        ...{ title: `${runtime}, folder in ${place}`, floor: field.floor, ours: FOLDER, cells },
        clients: ({ name }) => names(name),
        start: async (client) => {
          const running = await startIn(field, client);
          // All keys are there before one is read.
          await running.run({ verb: "put", size: cells[0]?.size ?? 0, flight: KEYS, milliseconds: 0 });
          return running;
        },
        rounds: setting("BENCH_ROUNDS", 7),
        milliseconds: setting("BENCH_MILLISECONDS", 400),
      });
      console.log(tables);
    },
  );

  const fields = having(FILE_STREAMS, () => [...ours, READER]);
  const rounds = setting("BENCH_ROUNDS", 3);
  test.each(fields)(
    "streams, $runtime, $place",
    { timeout: 3_600_000 },
    async ({ field, runtime, place, cells, names }) => {
      const tables = await contest({
        ...{ title: `${runtime}, streams in ${place}`, floor: field.floor, ours: FOLDER, cells },
        clients: ({ name }) => names(name),
        start: (client) => startIn(field, client),
        rounds,
        milliseconds: 1,
      });
      console.log(tables);
    },
  );

  // Memory is the same wherever the bytes go.
  test.each(fields.filter(({ place }) => place === "memory"))(
    "peak memory, $runtime",
    { timeout: 3_600_000 },
    async ({ field, runtime, cells, names }) => {
      for (const cell of cells) {
        const found = new Map(names(cell.name).map((name) => [name, [] as number[]]));
        for (let round = 0; round < rounds; round++)
          for (const [name, values] of found) values.push(await peakOf(field, name, cell));
        const least = figure(found.get(field.floor) ?? []).median;
        for (const [name, values] of found) {
          const { median, spread } = figure(values);
          const figures = [`${median.toFixed(0)} ±${(spread * 100).toFixed(0)} %`, (median / least).toFixed(2)];
          peaks.push([`${runtime}, ${cell.name}`, name, ...figures]);
        }
      }
    },
  );
});

/** The fields that somebody is wanted in, beside the floor, with their cells. */
function having(all: readonly Cell[], clients: (field: Field) => readonly string[]) {
  return FIELDS.map((field) => {
    const { runtime, place, floor } = field;
    const names = (cell: string): string[] => [
      floor,
      ...clients(field).filter((name) => wanted(runtime, place, name, cell)),
    ];
    const cells = all.filter(({ name }) => names(name).length > 1);
    return { field, runtime, place, cells, names };
  }).filter(({ cells }) => cells.length > 0);
}

/** A client on a folder of its own. */
async function startIn({ runtime, folder }: Field, client: string): Promise<Running> {
  const own = await mkdtemp(join(folder, "unbucket-bench-"));
  folders.push(own);
  return start(runtime, client, own, program);
}

/** The peak of one task, for which another process has written what there is to read. */
async function peakOf(field: Field, name: string, cell: Cell): Promise<number> {
  const own = await mkdtemp(join(field.folder, "unbucket-bench-"));
  try {
    if (cell.verb === "down") await peakAfter(field, name, { ...cell, verb: "up" }, own);
    return await peakAfter(field, name, cell, own);
  } finally {
    await rm(own, { recursive: true });
  }
}

/** A process of its own each time: the system keeps the peak of a process for its whole life. */
async function peakAfter(field: Field, name: string, cell: Cell, folder: string): Promise<number> {
  const client = await start(field.runtime, name, folder, program);
  try {
    await client.run({ ...cell, milliseconds: 1 });
    return peakMemory(client.pid);
  } finally {
    await client.stop();
  }
}
