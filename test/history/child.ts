/** What a process that plays does: begins when all have come, and reports what its players have written down. */
import { closeSync, existsSync, fstatSync, openSync, writeFileSync, writeSync } from "node:fs";
import fs from "../../drivers/fs.ts";
import { Player } from "./player.ts";

/** What a process is told. */
export interface Errand {
  readonly base: string;
  readonly durable: boolean;
  /** The file that is all processes' clock; where `ticks` are asked for, what the names of the files begin with by which they say that they have come. */
  readonly clock: string;
  /** Whether the system's own ticks tell the time, where a file takes bytes of several processes for one (Wine). */
  readonly ticks?: boolean;
  /** The file that takes what was written down. */
  readonly report: string;
  /** Of how many processes, and which of them. */
  readonly processes: number;
  readonly number: number;
  readonly players: number;
  readonly seed: number;
  readonly calls: number;
  readonly keys: readonly string[];
  readonly bare: boolean;
}

/** What tells when. */
interface Clock {
  now(): number;
  /** How many processes have come; each does by its first `now`. */
  come(): number;
  close(): void;
}

/** An instant is a tick of the system, which all of its processes share, and none twice of one of them. */
function tickClock(path: string, number: number, processes: number): Clock {
  let last = 0;
  return {
    now() {
      if (last === 0) writeFileSync(`${path}.${number}`, "");
      last = Math.max(last + 1, Number(process.hrtime.bigint() / 10n));
      return last * processes + number;
    },
    come: () => Array.from({ length: processes }, (_, at) => existsSync(`${path}.${at}`)).filter(Boolean).length,
    close: () => {},
  };
}

/** An instant is the length of a file to which each who asks adds a byte: an order that all runtimes share. */
export function fileClock(path: string): Clock {
  const file = openSync(path, "a+");
  const come = (): number => fstatSync(file).size;
  const now = (): number => {
    writeSync(file, "x");
    return come();
  };
  return { now, come, close: () => closeSync(file) };
}

/** Plays, reports, and ends the process. */
export async function play({
  base,
  durable,
  processes,
  number,
  seed,
  calls,
  keys,
  bare,
  ...errand
}: Errand): Promise<void> {
  const clock = errand.ticks ? tickClock(errand.clock, number, processes) : fileClock(errand.clock);
  const store = fs({ base, durable });
  const players = Array.from({ length: errand.players }, (_, index) => {
    const name = `${number}${"abcdefgh"[index]}`;
    return new Player({
      store,
      name,
      seed: seed * 1000 + number * 10 + index,
      keys,
      clock: clock.now,
      bare,
      without: bare ? ["parts"] : [],
    });
  });
  clock.now();
  while (clock.come() < processes) await new Promise((resolve) => setTimeout(resolve, 1));
  await Promise.all(players.map((player) => player.play(calls)));
  await store.dispose();
  clock.close();
  // Not all runtimes wait with their end until a pipe has taken everything.
  writeFileSync(errand.report, JSON.stringify(players.flatMap(({ acts }) => acts)));
  process.exit(0);
}
