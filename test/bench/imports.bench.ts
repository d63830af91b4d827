/** Imports each public subpath in a process of its own on Node, beside aws4fetch and the AWS SDK: time and memory. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, test } from "vitest";
import { installed } from "../runtimes/install.ts";
import { figure, markdown, ratio } from "./figures.ts";
import { setting, wanted } from "./plan.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const rounds = setting("BENCH_ROUNDS", 15);

interface Measured {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of processor time, all threads. */
  readonly cpu: number;
  /** Resident memory after the import, in MiB. */
  readonly memory: number;
}

interface Subject {
  readonly name: string;
  /** Where its name is resolved from. */
  readonly from: string;
}

const nothing = "data:text/javascript,";
const floors: readonly Subject[] = [nothing, "aws4fetch", "@aws-sdk/client-s3"].map((name) => ({ name, from: here }));

/** The package by its own name, as `exports` has it. */
function subpaths(): Subject[] {
  const { exports } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as { readonly exports: object };
  const code = Object.keys(exports).filter((path) => !path.endsWith(".json"));
  return code.map((path) => ({ name: path.replace(".", "unbucket"), from: root }));
}

const subjects = subpaths().filter(({ name }) => wanted("imports", name));
const seen = new Map<string, Measured[]>();

beforeAll(async () => void (await installed(here)));
afterAll(() => {
  const rows = [...floors.slice(1), ...subjects].map(({ name }) => row(name));
  console.log(`\n${markdown(["", "CPU ms", "wall ms", "of aws4fetch", "of the SDK", "MiB"], rows)}\n`);
});

describe("imports", () => {
  test("in fresh processes, interleaved", { timeout: 3_600_000 }, async () => {
    const all = [...floors, ...subjects];
    // The first round fills the cache of files, and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (let turn = 0; turn < all.length; turn++) {
        const subject = all[(turn + round) % all.length] as Subject;
        const measured = await imported(subject);
        if (round > 0) seen.set(subject.name, [...(seen.get(subject.name) ?? []), measured]);
      }
    }
  });
});

async function imported({ name, from }: Subject): Promise<Measured> {
  const script = `
    const [start, before] = [performance.now(), process.cpuUsage()];
    await import(${JSON.stringify(name)});
    const { user, system } = process.cpuUsage(before);
    const wall = performance.now() - start;
    console.log(JSON.stringify({ wall, cpu: (user + system) / 1000, memory: process.memoryUsage.rss() / 2 ** 20 }));`;
  const args = ["--no-warnings", "--input-type=module", "--eval", script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: from });
  return JSON.parse(stdout) as Measured;
}

/** Each round less the empty import of the same round. */
function net(name: string, what: keyof Measured): number[] {
  const empty = seen.get(nothing) ?? [];
  return (seen.get(name) ?? []).map((measured, round) => measured[what] - (empty[round]?.[what] ?? Number.NaN));
}

function row(name: string): string[] {
  const { median, spread } = figure(net(name, "cpu"));
  const beside = (floor: string): string => ratio(net(name, "cpu"), net(floor, "cpu")).median.toFixed(2);
  return [
    name,
    `${median.toFixed(1)} ±${(spread * 100).toFixed(0)} %`,
    figure(net(name, "wall")).median.toFixed(1),
    beside("aws4fetch"),
    beside("@aws-sdk/client-s3"),
    figure(net(name, "memory")).median.toFixed(1),
  ];
}
