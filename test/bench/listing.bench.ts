/** Lists and deletes in folders, on a file system in memory and on the disk, beside the same by hand. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, test } from "vitest";
import { figure, markdown, ratio } from "./figures.ts";
import { cursorsOf } from "./listing.ts";
import { setting, wanted } from "./plan.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const rounds = setting("BENCH_ROUNDS", 3);
const places = [
  ["memory", "/dev/shm"],
  ["disk", tmpdir()],
] as const;

/** Folders of equally many files, `d0000/f0000` and so on; one folder is the base itself. */
interface Tree {
  readonly folders: number;
  readonly each: number;
}

/** A job and its floor, with what each is given besides the base. */
interface Cell {
  readonly name: string;
  readonly job: string;
  readonly floor?: string;
  /** Where in the tree, from 0 to 1: a page begins there. */
  readonly at?: number;
  /** Leaves no files behind. */
  readonly deletes?: boolean;
}

const page = (name: string, at: number): Cell => ({ name, job: "page", floor: "bare page", at });
const whole: Cell = { name: "all", job: "list", floor: "bare list" };

const PLAN: readonly (Tree & { readonly cells: readonly Cell[] })[] = [
  {
    folders: 1000,
    each: 100,
    cells: [
      whole,
      { name: "names alone, readdir recursive", job: "readdir recursive", floor: "bare list" },
      page("a page in the middle", 0.5),
    ],
  },
  { folders: 10_000, each: 100, cells: [page("the first page", 0), page("the last page", 1), whole] },
  {
    folders: 1,
    each: 100_000,
    cells: [
      page("a page in the middle", 0.5),
      whole,
      { name: "page by page", job: "page by page", floor: "bare list" },
    ],
  },
  {
    folders: 100,
    each: 100,
    cells: [{ name: "deletePrefix", job: "deletePrefix", floor: "bare deletePrefix", deletes: true }],
  },
  {
    folders: 10,
    each: 100,
    cells: [
      { name: "delete, one by one", job: "delete", floor: "bare delete", deletes: true },
      { name: "delete, all at once", job: "delete many", floor: "bare delete many", deletes: true },
    ],
  },
];

interface Measured {
  readonly milliseconds: number;
  /** Milliseconds of processor time, which says more on a machine that does other things. */
  readonly cpu: number;
  /** In MiB. */
  readonly peak: number;
}

let scratch = "";
let program = "";
const rows: string[][] = [];

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "unbucket-bench-"));
  program = join(scratch, "job.mjs");
  const contents = `
    import { readFileSync } from "node:fs";
    import { JOBS } from "./listing.ts";
    const [job, base, at, wanted, times] = process.argv.slice(2);
    const taken = [];
    for (let time = 0; time < Number(times); time++) {
      const [start, before] = [performance.now(), process.cpuUsage()];
      const count = await JOBS[job](base, at);
      const { user, system } = process.cpuUsage(before);
      taken.push({ milliseconds: performance.now() - start, cpu: (user + system) / 1000 });
      if (count < Number(wanted)) throw new Error(job + " found " + count + " objects instead of " + wanted);
    }
    const peak = Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024;
    console.log(JSON.stringify({ ...taken.at(-1), peak }));`;
  await build({
    stdin: { contents, resolveDir: here, loader: "ts" },
    alias: { "#digest": fileURLToPath(new URL("../../src/sigv4/digest.node.ts", import.meta.url)) },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  if (rows.length > 0)
    console.log(`\n${markdown(["", "", "", "ms", "by hand", "ratio", "CPU ratio", "MiB", "by hand"], rows)}\n`);
});

describe.each(places)("%s", (place, path) => {
  const cells = PLAN.flatMap(({ folders, each, cells }) => cells.map((cell) => ({ ...cell, folders, each })));
  const asked = cells.filter(({ name, folders, each }) => wanted(place, `${folders * each} in ${folders}`, name));
  test.each(asked)("$folders folders of $each: $name", { timeout: 3_600_000 }, async (cell) => {
    const base = mkdtempSync(join(path, "unbucket-bench-"));
    try {
      if (!cell.deletes) plant(base, cell);
      const cursors = cell.at === undefined ? [] : ["", ...(await cursorsOf(base))];
      const cursor = cursors[Math.floor((cell.at ?? 0) * (cursors.length - 1))] ?? "";
      const ours: Measured[] = [];
      const floors: Measured[] = [];
      for (let round = 0; round < rounds; round++) {
        for (const [job, into] of [
          [cell.floor, floors],
          [cell.job, ours],
        ] as const) {
          if (job === undefined) continue;
          if (cell.deletes) plant(base, cell);
          const at = cell.at === undefined ? "" : job === cell.job ? cursor : keyOf(cursor);
          into.push(await measured(job, base, at, cell));
        }
      }
      rows.push(row(place, cell, ours, floors));
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  });
});

function plant(base: string, { folders, each }: Tree): void {
  for (let folder = 0; folder < folders; folder++) {
    const path = folders === 1 ? base : join(base, `d${String(folder).padStart(5, "0")}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < each; file++) writeFileSync(join(path, `f${String(file).padStart(5, "0")}`), "");
  }
  // What is still to be written would be written while somebody is measured.
  execFileSync("sync");
}

/** The key in a cursor of the folder driver. */
function keyOf(cursor: string): string {
  return Buffer.from(cursor.slice(cursor.indexOf(".") + 1), "base64url")
    .toString()
    .slice(1);
}

async function measured(
  job: string,
  base: string,
  at: string,
  { folders, each, ...cell }: Tree & Cell,
): Promise<Measured> {
  const count = cell.at === undefined ? folders * each : 1000;
  // A page is too short for a program that has just begun.
  const times = cell.at === undefined ? 1 : 5;
  const args = [program, job, base, at, String(count), String(times)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Measured;
}

function row(place: string, { folders, each, name }: Tree & Cell, ours: Measured[], floors: Measured[]): string[] {
  const of = (all: readonly Measured[], what: keyof Measured): number[] => all.map((measured) => measured[what]);
  const told = (all: readonly Measured[]): string => {
    const { median, spread } = figure(of(all, "milliseconds"));
    return `${median.toFixed(median < 100 ? 1 : 0)} ±${(spread * 100).toFixed(0)} %`;
  };
  return [
    place,
    `${(folders * each).toLocaleString("en")} in ${folders.toLocaleString("en")}`,
    name,
    told(ours),
    told(floors),
    ...(["milliseconds", "cpu"] as const).map((what) => ratio(of(ours, what), of(floors, what)).median.toFixed(2)),
    ...[ours, floors].map((all) => figure(of(all, "peak")).median.toFixed(0)),
  ];
}
