/** Requests per second and bulk transfer, beside the floor of each runtime and beside other clients, on a null server. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { contest } from "./contest.ts";
import { type NullServer, nullServer } from "./null-server.ts";
import { BASE, type Cell, CELLS, FIELDS, type Field, OURS, setting, wanted } from "./plan.ts";
import { start } from "./running.ts";
import { base, stage } from "./stage.ts";

let server: NullServer;
let folder: string;
beforeAll(async () => {
  folder = await stage();
  server = await nullServer();
}, 600_000);
afterAll(() => server?.stop());

describe("requests beside the floor", () => {
  const fields = FIELDS.map((field) => ({
    ...field,
    cells: CELLS.filter((cell) => clientsOf(field, cell).length > 1),
  }));
  test.each(fields.filter(({ cells }) => cells.length > 0))("$runtime", { timeout: 3_600_000 }, async (field) => {
    const tables = await contest({
      title: field.runtime,
      floor: field.floor,
      ours: OURS,
      cells: field.cells,
      clients: (cell) => clientsOf(field, cell),
      start: (client) => start(field.runtime, client, server.endpoint, folder),
      server: { name: "null server", busy: () => server.busy() },
      rounds: setting("BENCH_ROUNDS", 7),
      milliseconds: setting("BENCH_MILLISECONDS", 400),
    });
    console.log(tables);
  });
});

/** The floor, and who is measured beside it in a cell. */
function clientsOf({ runtime, floor, peers }: Field, { name: cell }: Cell): string[] {
  const all = [OURS, ...(base === undefined ? [] : [BASE]), ...peers];
  return [floor, ...all.filter((name) => wanted(runtime, name, cell))];
}
