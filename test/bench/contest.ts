/** Clients in turn, round by round, beside a floor: what `measure` counts, as tables of speed and of processor time. */
import type { Cell } from "./plan.ts";
import { type Figure, figure, markdown, ratio } from "./figures.ts";
import { cpuSeconds } from "./process.ts";
import type { Running } from "./running.ts";

const MIB = 1024 * 1024;

/** Who is measured, and in what. */
export interface Contest {
  readonly title: string;
  readonly floor: string;
  /** Whose failure is a failure of the benchmark; others' are told below the tables. */
  readonly ours: string;
  readonly cells: readonly Cell[];
  /** The floor first, and who is measured beside it in a cell. */
  readonly clients: (cell: Cell) => readonly string[];
  readonly start: (client: string) => Promise<Running>;
  /** What else was busy beside the floor, in seconds of processor time so far. */
  readonly server?: { readonly name: string; readonly busy: () => number };
  /** Rounds that count. */
  readonly rounds: number;
  /** Of each client in each cell and round. */
  readonly milliseconds: number;
}

/** What one client did in one cell in one round. */
interface Round {
  /** Requests per second. */
  readonly speed: number;
  /** Requests per second of the client's own processor time: what a machine with other work to do still shows. */
  readonly thrift: number;
  /** The server's share of one core. */
  readonly busy: number;
}

/** Rounds by client in one cell. */
type Rounds = Map<string, Round[]>;

/** Runs all rounds; gives the tables. */
export async function contest(of: Contest): Promise<string> {
  const failures: string[] = [];
  const running = new Map<string, Running>();
  const results = new Map<Cell, Rounds>(of.cells.map((cell) => [cell, new Map()]));
  try {
    for (const name of new Set(of.cells.flatMap(of.clients))) running.set(name, await of.start(name));
    // The first round warms up.
    for (let round = 0; round <= of.rounds; round++) {
      for (const [cell, done] of results) {
        for (const name of rotated(of.clients(cell), round)) {
          const client = running.get(name);
          if (!client || (round > 0 && !done.has(name))) continue;
          try {
            const result = await once(of, client, cell);
            if (round === 0) done.set(name, []);
            else done.get(name)?.push(result);
          } catch (error) {
            if (name === of.floor || name === of.ours) throw error;
            failures.push(`${name}, ${cell.name}: ${String(error).slice(0, 200)}`);
            done.delete(name);
          }
        }
      }
    }
  } finally {
    await Promise.all([...running.values()].map((client) => client.stop()));
  }
  const bySpeed = [`\n## ${of.title}: speed\n`, table(of, results, ({ speed }) => speed)];
  const byThrift = [`\n## ${of.title}: by processor time\n`, table(of, results, ({ thrift }) => thrift)];
  return [...bySpeed, ...byThrift, "", ...failures].join("\n");
}

/** Nobody comes after the same neighbour every time. */
function rotated(names: readonly string[], by: number): string[] {
  const from = by % names.length;
  return [...names.slice(from), ...names.slice(0, from)];
}

async function once({ server, milliseconds }: Contest, client: Running, cell: Cell): Promise<Round> {
  const [busy, used, begun] = [server?.busy() ?? 0, cpuSeconds(client.pid), performance.now()];
  const measured = await client.run({ ...cell, milliseconds });
  const seconds = (performance.now() - begun) / 1000;
  return {
    speed: measured.count / (measured.milliseconds / 1000),
    thrift: measured.count / (cpuSeconds(client.pid) - used),
    busy: ((server?.busy() ?? 0) - busy) / seconds,
  };
}

function table(of: Contest, results: ReadonlyMap<Cell, Rounds>, value: (round: Round) => number): string {
  const row = (label: string, text: (rounds: Rounds, cell: Cell) => string): string[] => [
    label,
    ...[...results].map(([cell, rounds]) => text(rounds, cell)),
  ];
  const floor = (rounds: Rounds): Round[] => rounds.get(of.floor) ?? [];
  const busy = (rounds: Rounds): string =>
    `${(figure(floor(rounds).map((round) => round.busy)).median * 100).toFixed(0)} %`;
  const names = new Set([...results.values()].flatMap((rounds) => [...rounds.keys()]));
  names.delete(of.floor);
  return markdown(
    ["", ...[...results.keys()].map(({ name }) => name)],
    [
      row(`${of.floor}, absolute`, (rounds, cell) => absolute(cell, figure(floor(rounds).map(value)))),
      ...(of.server ? [row(`${of.server.name}, busy`, busy)] : []),
      ...[...names].map((name) =>
        row(name, (rounds) => {
          const own = rounds.get(name);
          return own ? relative(ratio(own.map(value), floor(rounds).map(value))) : "";
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
