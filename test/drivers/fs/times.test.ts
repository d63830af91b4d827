import { describe, expect, it } from "vitest";
import { nextStamp } from "../../../drivers/fs/identity.ts";
import { microsecondsOf, timesBefore } from "../../../drivers/fs/times.ts";

describe("microsecondsOf", () => {
  it("is the same whatever runtimes, file systems and copies make of the fractions of a stamp", () => {
    for (let count = 0; count < 10_000; count++) {
      const stamp = Number(nextStamp(count % 2 === 0));
      const seconds = BigInt(Math.floor(stamp)) * 1_000_000_000n;
      const kept = seconds + BigInt(Math.floor((stamp % 1) * 1e9));
      const cut = kept - (kept % 1000n);
      // NTFS knows 100 ns; between two doubles of this size lie 238.
      const told = [kept, kept - (kept % 100n), kept - 100n, kept + 100n, cut, cut - 119n, cut + 119n];
      expect(new Set(told.map((mtimeNs) => microsecondsOf({ mtimeNs }))).size).toBe(1);
    }
  });
});

describe("timesBefore", () => {
  const S = 1_000_000n;

  it("is what a copy can have cut or rounded, and nothing for times that the driver sets", () => {
    expect(timesBefore(2n * S)).toEqual([2n * S - 500n, 4n * S]);
    expect(timesBefore(3n * S)).toEqual([3n * S - 500n, 4n * S]);
    const rounded = 3n * S + 5000n;
    for (const time of [rounded, rounded - 1n]) expect(timesBefore(time)).toEqual([rounded - 500n, rounded + 1000n]);
    for (const time of [rounded + 1n, rounded - 2n]) expect(timesBefore(time)).toBe(null);
    for (let count = 0; count < 20_000; count++)
      expect(timesBefore(BigInt(Math.floor(Number(nextStamp(count % 2 === 0)) * 1e6)))).toBe(null);
  });
});
