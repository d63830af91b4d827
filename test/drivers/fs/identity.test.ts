import { expect, it, onTestFinished, vi } from "vitest";
import { etagOf, isSame, mayHaveRecord, nextStamp, renumbers, stampAfter } from "../../../drivers/fs/identity.ts";

it("nextStamp never repeats a microsecond and stays at the present", () => {
  const seen = new Set<number>();
  let last = 0;
  for (let count = 0; count < 30_000; count++) {
    // As runtimes cut it, in nanoseconds of which the last three are lost.
    last = Math.floor(Number(nextStamp(count % 3 === 0)) * 1e6);
    seen.add(last);
  }
  expect(seen.size).toBe(30_000);
  expect(Math.abs(last / 1000 - Date.now())).toBeLessThan(1000);
});

it("nextStamp goes by the clock again when that was put far ahead and back, and passes over a small step", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  for (const recorded of [false, true]) {
    const now = Date.now();
    const ahead = (milliseconds: number): number => {
      vi.setSystemTime(now + milliseconds);
      return Number(nextStamp(recorded)) * 1000 - now;
    };
    expect(ahead(86_400_000)).toBeGreaterThanOrEqual(86_400_000);
    expect(Math.abs(ahead(0))).toBeLessThan(10);
    const before = ahead(59_000);
    const after = ahead(0);
    expect(after).toBeGreaterThan(before);
    expect(after - before).toBeLessThan(10);
    // Nor is it ever far ahead, however small the steps back are.
    for (let step = 1; step <= 10; step++) expect(ahead(59_000 - step * 30_000)).toBeLessThan(120_000 - step * 30_000);
    vi.setSystemTime(now);
  }
});

it("etagOf passes over the numbers of files behind a mount that changes them, but where times are whole seconds, which two versions may share", () => {
  renumbers(99n);
  const fine = { mtimeNs: 1_700_000_000_123_456_000n, size: 10n, ino: 7n, dev: 99n };
  const cut = { ...fine, mtimeNs: 1_700_000_000_000_000_000n };
  for (const [version, same] of [
    [fine, true],
    [cut, false],
    [{ ...fine, dev: 98n }, false],
  ] as const) {
    const other = { ...version, ino: 8n };
    expect([isSame(version, other), etagOf(version) === etagOf(other)]).toEqual([same, same]);
  }
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
});

it("L18: mayHaveRecord goes by what a copy or a runtime has left of such a time: its milliseconds, but nothing of seconds", () => {
  const version = (mtimeNs: bigint) => ({ mtimeNs, size: 1n, ino: 1n });
  for (let count = 0; count < 20_000; count++) {
    const recorded = count % 2 === 0;
    const us = BigInt(Math.floor(Number(nextStamp(recorded)) * 1e6));
    const cut = us - (us % 1000n);
    if (cut % 1_000_000n !== 0n) expect([us, mayHaveRecord(version(cut * 1000n))]).toEqual([us, recorded]);
    // Rounded, or a microsecond beside it, by a copy that counts in doubles.
    const rounded = ((us + 500n) / 1000n) * 1000n;
    if (recorded)
      for (const time of [rounded, rounded - 1n])
        expect([us, mayHaveRecord(version(time * 1000n))]).toEqual([us, true]);
    const second = us - (us % 1_000_000n);
    expect(mayHaveRecord(version(second * 1000n))).toBe(true);
  }
});

it("L18, L20: stampAfter makes a version later than the one it replaces, of its kind, unless that is a file of another program", () => {
  const version = (us: number) => ({ mtimeNs: BigInt(us) * 1000n, size: 1n, ino: 1n });
  for (let count = 0; count < 2000; count++) {
    const recorded = count % 2 === 0;
    const own = Math.floor(Number(nextStamp(recorded)) * 1e6);
    for (const ahead of [0, 1, count, 59_999_000]) {
      const stamp = Math.floor(Number(stampAfter(version(own + ahead), version(own), recorded)) * 1e6);
      expect(stamp).toBeGreaterThan(own + ahead);
      expect(stamp - own - ahead).toBeLessThan(3000);
      expect(mayHaveRecord(version(stamp))).toBe(recorded);
    }
    for (const ahead of [-1, -count - 1, 60_000_001])
      expect(stampAfter(version(own + ahead), version(own), recorded)).toBe(null);
  }
});

it("L20: a time that stampAfter has given is given to no version after it, and one that lies far ahead moves none of those", () => {
  const version = (us: number) => ({ mtimeNs: BigInt(us) * 1000n, size: 1n, ino: 1n });
  const micros = (stamp: number | Date | null) => Math.floor(Number(stamp) * 1e6);
  for (const recorded of [false, true]) {
    const own = micros(nextStamp(recorded));
    expect(micros(stampAfter(version(own + 30_000_000), version(own), recorded))).toBeGreaterThan(own + 30_000_000);
    const present = micros(nextStamp(recorded));
    // Against the one before, since all that this file has asked for may lie ahead of the clock.
    expect(present - own).toBeLessThan(1_000_000);
    const given = micros(stampAfter(version(present + 500_000), version(present), recorded));
    const next = micros(nextStamp(recorded));
    expect(next).toBeGreaterThan(given);
    stampAfter(version(present), version(present), recorded);
    expect(micros(nextStamp(recorded))).toBeGreaterThan(next);
  }
});
