import { expect, it } from "vitest";
import { etagOf, isSame, nextStamp } from "../../../drivers/fs/identity.ts";

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
