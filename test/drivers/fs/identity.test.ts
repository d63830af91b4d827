import { expect, it } from "vitest";
import { etagOf, isSame, mayHaveRecord, nextStamp } from "../../../drivers/fs/identity.ts";

it("nextStamp never repeats a microsecond and stays at the present", () => {
  const seen = new Set<number>();
  let last = 0;
  for (let count = 0; count < 100_000; count++) {
    // As runtimes cut it, in nanoseconds of which the last three are lost.
    last = Math.floor(Number(nextStamp(count % 3 === 0)) * 1e6);
    seen.add(last);
  }
  expect(seen.size).toBe(100_000);
  expect(Math.abs(last / 1000 - Date.now())).toBeLessThan(1000);
});

it("etagOf and isSame tell versions apart by time, size and inode", () => {
  const version = { mtimeNs: 1_700_000_000_000_000_001n, size: 10n, ino: 7n };
  const others = [
    { ...version, mtimeNs: version.mtimeNs + 1n },
    { ...version, size: 11n },
    { ...version, ino: 8n },
  ];
  expect(etagOf(version)).toMatch(/^"[0-9a-f]+-a-7"$/);
  for (const other of others)
    expect([isSame(version, other), etagOf(version) === etagOf(other)]).toEqual([false, false]);
  expect(isSame(version, { ...version })).toBe(true);
});

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
