/**
 * The fault cases on the built package, in every runtime at the same time, each with a lab of its own. `FAULT_CASES="B13|lost"` runs
 * those whose row and name match that expression, `FAULT_RUNTIMES=bun,workerd` those runtimes alone.
 */
import { afterAll, beforeAll, describe, test } from "vitest";
import { isEngine } from "../browser/tab.ts";
import { makeApp, type App } from "../runtimes/app.ts";
import { runtimes, withNode } from "../runtimes/run.ts";
import { startLab } from "./lab.ts";

/** The oldest and the newest Node; those between, and workerd with Node's modules, in the long run. A page reaches no lab. */
const usual = process.env["UNBUCKET_LONG"]
  ? runtimes.map(({ name }) => name).filter((name) => !isEngine(name))
  : ["node 20", "node 26", "bun", "deno", "workerd"];
const named = process.env["FAULT_RUNTIMES"]?.split(",") ?? usual;
const chosen = runtimes.filter(({ name }) => named.includes(name));
const only = process.env["FAULT_CASES"] ?? "";

/** What a runtime's own fetch makes impossible, whoever calls it. */
const ofWorkerd = {
  "F10: an early hint before the answer is passed over": "its fetch takes an interim answer for the answer",
  "C2: answers in small chunks with trailers are read, and a write is not acknowledged in vain":
    "its fetch knows no extensions of chunks",
  ...Object.fromEntries(
    ["fin", "rst"].map((by) => [
      `B8: kept connections that all died (by ${by}) cost no call its attempts, one after the other and at once`,
      "its fetch makes no connection while there is one that it has kept",
    ]),
  ),
};
const deviations: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  workerd: ofWorkerd,
  [withNode]: ofWorkerd,
};

let app: App;
beforeAll(async () => {
  app = await makeApp();
});
afterAll(() => app.remove());

describe("faults met by the built package", () => {
  test.concurrent.for(chosen)("on $name", { timeout: 900_000 }, async ({ name, seams, run }, { expect }) => {
    const lab = await startLab();
    try {
      const begin = performance.now();
      const report = await run(app.folder, { name: "faults", seams, lab, deviations: deviations[name] ?? {}, only });
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.log(`${name}: ${report.passed} passed, ${report.failed.length} failed, ${seconds} s`);
      expect(report.failed).toEqual([]);
      expect(report.passed).toBeGreaterThan(only ? 2 : 200);
    } finally {
      await lab.close();
    }
  });
});
