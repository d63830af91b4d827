/** The fault cases as plain jobs: each with a bucket of its own, so that they run in any order. */
import { ok, same } from "../../src/conformance/assert.ts";
import type { Job, Seams } from "../suite/jobs.ts";
import { cases } from "./cases.ts";
import type { LabAddress } from "./protocol.ts";
import { Rig } from "./rig.ts";
import { uncovered } from "./rows.ts";
import type { Inspect } from "./secrets.ts";

/** The lab to run the cases against: plain data, so that it can be handed to any runtime. */
export interface FaultConfig {
  readonly name: string;
  readonly seams: Seams;
  readonly lab: LabAddress;
  /** Name of a case to the reason why this runtime cannot meet it: these must fail. */
  readonly deviations: Readonly<Record<string, string>>;
  /** A regular expression that row and name must match; default all. */
  readonly only?: string;
}

/** Connections that may stay: those of the case that has most requests at a time. */
const PLATEAU = 48;
const unhandled: string[] = [];

/** One job per case, and one at the end for what all of them must leave in order. */
export function faultJobs({ lab, deviations, only = "" }: FaultConfig, inspect: Inspect): Job[] {
  watchRejections();
  const names = cases.map(({ row, name }) => `${row}: ${name}`);
  same([...new Set(names)], names, "names, which must differ");
  same(
    names.filter((name) => !/^[A-IS]\d+b?: \S/.test(name)),
    [],
    "names without a row",
  );
  const jobs = cases.flatMap(({ row, name, run }, at): Job[] => {
    if (!new RegExp(only).test(`${row}: ${name}`)) return [];
    const met = async (): Promise<void> => {
      const rig = new Rig(lab, `case-${at}-${row.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`, inspect);
      await rig.set({ rules: [] });
      try {
        await run(rig);
      } finally {
        await rig.close();
      }
      // A rejection that nobody hears of is reported a turn later.
      await new Promise((resolve) => setTimeout(resolve, 0));
      same(unhandled.splice(0), [], "unhandled rejections");
    };
    const reason = deviations[`${row}: ${name}`];
    if (reason === undefined) return [{ name: `${row}: ${name}`, run: met }];
    return [{ name: `${row}: ${name} (not here: ${reason})`, run: () => fails(met) }];
  });
  const plateau = async (): Promise<void> => {
    let open = Infinity;
    for (let turn = 0; turn < 40 && open > PLATEAU; turn++) {
      if (turn > 0) await new Promise((resolve) => setTimeout(resolve, 50));
      open = (await (await fetch(`${lab.control}/sockets`)).json()) as number;
    }
    ok(open <= PLATEAU, `${open} connections are open after all cases`);
    same(unhandled, [], "unhandled rejections");
  };
  const covered = async (): Promise<void> => same(uncovered(cases), [], "rows without a case");
  return [
    { name: "every row has a case", run: covered },
    ...jobs,
    { name: "I2 I3: connections and rejections after all cases", run: plateau },
  ];
}

/** Rejects when a case that cannot be met here is: a deviation that is no longer one must leave its table. */
async function fails(run: () => Promise<void>): Promise<void> {
  const failed = await run().then(
    () => false,
    () => true,
  );
  if (!failed) throw new Error("this case is met after all: take it off the table of deviations");
}

function watchRejections(): void {
  const hear = (event: Event): void => {
    unhandled.push(String((event as PromiseRejectionEvent).reason));
    event.preventDefault();
  };
  const { process } = globalThis as { process?: { on?(name: string, listener: (reason: unknown) => void): void } };
  // Node has no such event; elsewhere `process` may be an imitation that never calls.
  if (process?.on && !("Deno" in globalThis))
    process.on("unhandledRejection", (reason) => unhandled.push(String(reason)));
  else globalThis.addEventListener("unhandledrejection", hear);
}
