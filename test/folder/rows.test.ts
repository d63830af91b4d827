import { expect, it } from "vitest";
import { sources } from "../architecture/tree.ts";
import { rows } from "./rows.ts";

/** The rows that the name of a test begins with. */
const ROWS = /\b(?:it|test)(?:\.each\b[^]*?\)\(|\()\s*["`]((?:[A-Z]\d+(?:, )?)+): /g;

const named = sources("test/folder", "test/drivers").flatMap(({ path, text }) =>
  [...text.matchAll(ROWS)].flatMap(([, list = ""]) => list.split(", ").map((row) => ({ path, row }))),
);

it("every row has a case, L1 to L32 without a gap, and every case a row that there is", () => {
  const proven = new Set(named.map(({ row }) => row));
  expect(Object.keys(rows).filter((row) => !proven.has(row))).toEqual([]);
  expect(Object.keys(rows).filter((row) => row.startsWith("L"))).toEqual(
    Array.from({ length: 32 }, (_, index) => `L${index + 1}`),
  );
  expect(named.filter(({ row }) => !(row in rows))).toEqual([]);
  expect(named.length).toBeGreaterThan(60);
});
