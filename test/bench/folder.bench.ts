/** Objects and streams on a folder, beside the raw calls by hand and beside other libraries, in memory and on the disk. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { contest } from "./contest.ts";
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

let program: string;
beforeAll(async () => {
  program = await stage();
}, 600_000);
afterAll(async () => {
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
