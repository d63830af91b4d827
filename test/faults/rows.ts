/** The list of failure modes that the cases prove, by row. */
import type { FaultCase } from "./rig.ts";

/** Rows of a store and its network, and the last number of each topic. */
const LAST: Readonly<Record<string, number>> = { A: 8, B: 16, C: 11, D: 11, E: 13, F: 11, G: 5, H: 3, I: 4 };
// No E14: virtual-host keys below `soap/` on AWS are a matter of documents. Of the rows of security, S1 to S13 and S22 to S25
// are about what an app serves, and have their tests with `respond`, `guard` and the folder.
const SECURITY = ["S14", "S15", "S16", "S17", "S18", "S19", "S20", "S21", "S26"];

/** Every row. */
export const rows: readonly string[] = [
  ...Object.entries(LAST).flatMap(([topic, last]) =>
    Array.from({ length: last }, (_, index) => `${topic}${index + 1}`),
  ),
  "B3b",
  ...SECURITY,
];

/** Rows that have no case, and rows of cases that the list does not have. */
export function uncovered(cases: readonly FaultCase[]): string[] {
  const proven = new Set(cases.map(({ row }) => row));
  const listed = new Set(rows);
  return [...rows.filter((row) => !proven.has(row)), ...[...proven].filter((row) => !listed.has(row))];
}
