import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { adoptable, mayHaveRecord, timesBefore } from "../../../drivers/fs/adopt.ts";
import { nextStamp } from "../../../drivers/fs/identity.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

const S = 1_000_000_000n;

describe("timesBefore", () => {
  it("is what a copy can have cut or rounded, and nothing for times that the driver sets", () => {
    const half = 500_000n;
    expect(timesBefore(2n * S)).toEqual([2n * S - half, 4n * S]);
    expect(timesBefore(3n * S)).toEqual([3n * S - half, 4n * S]);
    const rounded = 3n * S + 5_000_000n;
    for (const time of [rounded, rounded - 1000n])
      expect(timesBefore(time)).toEqual([rounded - half, rounded + 2n * half]);
    for (const time of [rounded + 1000n, rounded - 2000n]) expect(timesBefore(time)).toBe(null);
    for (let count = 0; count < 20_000; count++)
      expect(timesBefore(BigInt(Math.floor(Number(nextStamp(false)) * 1e6)) * 1000n)).toBe(null);
  });
});

describe("adoptable", () => {
  it.each<[string, bigint, bigint, string | null]>([
    ["a time cut to the second", 1001n * S, 7n, "1001999999000-7"],
    ["a time cut to two seconds", 2000n * S, 7n, "2001500000000-7"],
    ["a time cut to the millisecond", 3000n * S + 123_000_000n, 7n, "3000123456000-7"],
    ["a time rounded to the next millisecond", 3000n * S + 223_999_000n, 7n, "3000223556000-7"],
    ["a time that is whole, but earlier", 1000n * S - 1n * S, 7n, null],
    ["a time that is not cut", 1001n * S + 1n, 7n, null],
    ["another size", 1001n * S, 8n, null],
    ["two that fit", 4001n * S, 7n, null],
    ["one of another key", 5001n * S, 7n, null],
  ])("finds by %s", async (_, mtimeNs, size, found) => {
    const root = rootAt(await emptyFolder());
    await mkdir(join(root.base, "meta/aa"), { recursive: true });
    const names = [
      "aa1-1001999999000-7",
      "aa1-2001500000000-7",
      "aa1-3000123456000-7",
      "aa1-3000223556000-7",
      "aa2-5001000001000-7",
    ];
    for (const name of [...names, "aa1-4001000001000-7", "aa1-4001000002000-7", "aa1-x-7"])
      await writeFile(join(root.base, `meta/aa/${name}.json`), "");
    await root.exists();
    expect(await adoptable(root, "meta/aa/aa1-", { mtimeNs, size, ino: 1n })).toBe(
      found && `meta/aa/aa1-${found}.json`,
    );
  });
});

describe("mayHaveRecord", () => {
  it("L18: mayHaveRecord tells by the time whether the driver has set it for a version with a record, and asks where a copy has cut it", () => {
    const version = (mtimeNs: bigint) => ({ mtimeNs, size: 1n, ino: 1n });
    for (let count = 0; count < 20_000; count++) {
      const recorded = count % 2 === 0;
      // As runtimes give it on: cut to microseconds, or with what a double holds of the rest.
      for (const rest of [0, 250, 376]) {
        const time = BigInt(Math.floor(Number(nextStamp(recorded)) * 1e6)) * 1000n + BigInt(rest);
        expect([time, mayHaveRecord(version(time))]).toEqual([time, recorded]);
      }
    }
    for (const cut of [1_700_000_000n * 1_000_000_000n, 1_700_000_000_123n * 1_000_000n])
      expect(mayHaveRecord(version(cut))).toBe(true);
  });
});
