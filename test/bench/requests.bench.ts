/** Requests per second and bulk transfer, beside the floor of each runtime and beside other clients, on a null server. */
import { afterAll, beforeAll, describe, test } from "vitest";
import { type Figure, figure, markdown, ratio } from "./figures.ts";
import { type NullServer, nullServer } from "./null-server.ts";
import { BASE, type Cell, CELLS, FIELDS, type Field, OURS, setting, wanted } from "./plan.ts";
import { cpuSeconds } from "./process.ts";
import { type Running, start } from "./running.ts";
import { base, stage } from "./stage.ts";

const rounds = setting("BENCH_ROUNDS", 7);
const milliseconds = setting("BENCH_MILLISECONDS", 400);
const MIB = 1024 * 1024;

let server: NullServer;
let folder: string;
beforeAll(async () => {
  folder = await stage();
  server = await nullServer();
}, 600_000);
afterAll(() => server?.stop());

/** What one client did in one cell in one round. */
interface Round {
  /** Requests per second. */
  readonly speed: number;
  /** Requests per second of the client's own processor time: what a machine with other work to do still shows. */
  readonly thrift: number;
  /** The null server's share of one core. */
  readonly busy: number;
}

/** Rounds by client in one cell. */
type Rounds = Map<string, Round[]>;

describe("requests beside the floor", () => {
  const fields = FIELDS.map((field) => ({
    ...field,
    cells: CELLS.filter(({ name }) => namesOf(field, name).length > 1),
  }));
  test.each(fields.filter(({ cells }) => cells.length > 0))("$runtime", { timeout: 3_600_000 }, async (field) => {
    const failures: string[] = [];
    const running = new Map<string, Running>();
    const results = new Map<Cell, Rounds>(field.cells.map((cell) => [cell, new Map()]));
    try {
      for (const name of new Set(field.cells.flatMap((cell) => namesOf(field, cell.name)))) {
        running.set(name, await start(field.runtime, name, server.endpoint, folder));
      }
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        for (const [cell, done] of results) {
          for (const name of rotated(namesOf(field, cell.name), round)) {
            const client = running.get(name);
            if (!client || (round > 0 && !done.has(name))) continue;
            try {
              const result = await once(client, cell);
              if (round === 0) done.set(name, []);
              else done.get(name)?.push(result);
            } catch (error) {
              if (name === field.floor || name === OURS) throw error;
              failures.push(`${name}, ${cell.name}: ${String(error).slice(0, 200)}`);
              done.delete(name);
            }
          }
        }
      }
    } finally {
      await Promise.all([...running.values()].map((client) => client.stop()));
    }
    const bySpeed = [`\n## ${field.runtime}: speed\n`, table(field, results, ({ speed }) => speed)];
    const byThrift = [`\n## ${field.runtime}: by processor time\n`, table(field, results, ({ thrift }) => thrift)];
    console.log([...bySpeed, ...byThrift, "", ...failures].join("\n"));
  });
});

/** The floor, and who is measured beside it in a cell. */
function namesOf({ runtime, floor, peers }: Field, cell: string): string[] {
  const all = [OURS, ...(base === undefined ? [] : [BASE]), ...peers];
  return [floor, ...all.filter((name) => wanted(runtime, name, cell))];
}

/** Nobody comes after the same neighbour every time. */
function rotated(names: readonly string[], by: number): string[] {
  const from = by % names.length;
  return [...names.slice(from), ...names.slice(0, from)];
}

async function once(client: Running, cell: Cell): Promise<Round> {
  const [busy, used, begun] = [server.busy(), cpuSeconds(client.pid), performance.now()];
  const measured = await client.run({ ...cell, milliseconds });
  const seconds = (performance.now() - begun) / 1000;
  return {
    speed: measured.count / (measured.milliseconds / 1000),
    thrift: measured.count / (cpuSeconds(client.pid) - used),
    busy: (server.busy() - busy) / seconds,
  };
}

function table(field: Field, results: ReadonlyMap<Cell, Rounds>, of: (round: Round) => number): string {
  const row = (label: string, text: (rounds: Rounds, cell: Cell) => string): string[] => [
    label,
    ...[...results].map(([cell, rounds]) => text(rounds, cell)),
  ];
  const floor = (rounds: Rounds): Round[] => rounds.get(field.floor) ?? [];
  const names = new Set([...results.values()].flatMap((rounds) => [...rounds.keys()]));
  names.delete(field.floor);
  return markdown(
    ["", ...[...results.keys()].map(({ name }) => name)],
    [
      row(`${field.floor}, absolute`, (rounds, cell) => absolute(cell, figure(floor(rounds).map(of)))),
      row(
        "null server, busy",
        (rounds) => `${(figure(floor(rounds).map(({ busy }) => busy)).median * 100).toFixed(0)} %`,
      ),
      ...[...names].map((name) =>
        row(name, (rounds) => {
          const own = rounds.get(name);
          return own ? relative(ratio(own.map(of), floor(rounds).map(of))) : "";
        }),
      ),
    ],
  );
}

function absolute({ size }: Cell, { median, spread }: Figure): string {
  const text = size >= MIB ? `${((median * size) / 1e6).toFixed(0)} MB/s` : `${median.toFixed(0)}/s`;
  return `${text} ±${(spread * 100).toFixed(0)} %`;
}

function relative({ median, spread }: Figure): string {
  return `${median.toFixed(2)} ±${(spread * 100).toFixed(0)} %`;
}
