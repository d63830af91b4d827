/** Writers and readers over the drivers of all nodes, and a count of what they were told. */
import type { Driver } from "../../src/driver.ts";
import { StorageError } from "../../src/error.ts";
import type { Ledger, Outcome } from "./ledger.ts";
import { payload, versionOf } from "./payload.ts";

/** What the workers share. */
export interface Run {
  /** One for each node; a worker has one of them. */
  readonly drivers: readonly Driver[];
  readonly ledger: Ledger;
  readonly tally: Tally;
  /** What is being done to the store. */
  phase: string;
  readonly signal: AbortSignal;
}

/** What one run was told, and what was wrong with it. */
export interface Tally {
  /** Writes by what came of them. */
  readonly writes: Record<Outcome, number>;
  /** Reads that found what they should, and that were told that it cannot be read now. */
  readonly reads: { verified: number; failed: number };
  /** Reads of something acknowledged that were told that it is not there, by phase. */
  readonly absent: Map<string, number>;
  /** Error codes with their number, of writes and of reads. */
  readonly codes: Map<string, number>;
  /** Milliseconds that a call took at most. */
  readonly longest: { write: number; read: number };
  /** What was read and must not be: torn bodies, versions older than an acknowledged one. */
  readonly wrong: string[];
}

/** Keys that a writer writes over, again and again; every fourth write makes a new one, which some stores treat otherwise. */
const keysEach = 12;

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    writes: { acknowledged: 0, refused: 0, uncertain: 0 },
    reads: { verified: 0, failed: 0 },
    absent: new Map(),
    codes: new Map(),
    longest: { write: 0, read: 0 },
    wrong: [],
  };
}

/** Runs as many writers and as many readers until the signal ends them. */
export async function work(run: Run, workers: number): Promise<void> {
  const { drivers } = run;
  const all = Array.from({ length: workers }, (_, index) => {
    const driver = drivers[index % drivers.length] as Driver;
    return [write(run, driver, index), read(run, driver, index)];
  });
  await Promise.all(all.flat());
}

async function write({ ledger, tally, signal }: Run, driver: Driver, writer: number): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const key = `writer-${writer}/${turn % 4 === 3 ? `new-${turn}` : `key-${turn % keysEach}`}`;
    const { version, end } = ledger.begin(key);
    const since = performance.now();
    const outcome = await driver.upload(key, payload(key, version)).then(
      (): Outcome => "acknowledged",
      (error: unknown) => outcomeOf(expected(tally, "write", error)),
    );
    end(outcome);
    tally.writes[outcome]++;
    tally.longest.write = Math.max(tally.longest.write, performance.now() - since);
    await breath();
  }
}

async function read(run: Run, driver: Driver, reader: number): Promise<void> {
  const { ledger, tally, signal } = run;
  for (let turn = reader; !signal.aborted; turn++) {
    const keys = ledger.keys();
    const key = keys[(turn * 31) % Math.max(1, keys.length)];
    if (key !== undefined) {
      const since = performance.now();
      try {
        const problem = await look(driver, key, ledger);
        if (problem === undefined) tally.reads.verified++;
        else tally.wrong.push(problem);
      } catch (error) {
        if (expected(tally, "read", error).code === "not-found") count(tally.absent, run.phase);
        else tally.reads.failed++;
      }
      tally.longest.read = Math.max(tally.longest.read, performance.now() - since);
    }
    await breath();
  }
}

/** Reads a key and says what is wrong with what is there; rejects when it cannot be read. */
export async function look(driver: Driver, key: string, ledger: Ledger): Promise<string | undefined> {
  const judge = ledger.judge(key);
  const found = versionOf(key, await (await driver.download(key)).bytes());
  const problem = typeof found === "string" ? found : judge(found);
  return problem && `${key}: ${problem}`;
}

/** Whether the store itself said no. Without an answer, or with a 5xx, the write may have been stored. */
function outcomeOf(error: StorageError): Outcome {
  return ["ambiguous", "timeout", "unavailable"].includes(error.code) ? "uncertain" : "refused";
}

/** Counts an error that a store may cause; any other ends the run. */
function expected(tally: Tally, operation: string, error: unknown): StorageError {
  if (!StorageError.is(error)) throw error;
  count(tally.codes, `${operation}: ${error.code}, ${error.response?.status ?? "no answer"}`);
  return error;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Lets the other workers in, also when calls fail at once. */
function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
