import { describe, expect, it } from "vitest";
import { checkPartNumber, MAX_PARTS, partSizeFor, usualPlan } from "../../src/plan.ts";

const MIB = 1024 * 1024;

describe("partSizeFor", () => {
  it("is the wanted size as long as 10000 parts suffice", () => {
    expect(partSizeFor(8 * MIB, undefined)).toBe(8 * MIB);
    expect(partSizeFor(8 * MIB, 0)).toBe(8 * MIB);
    expect(partSizeFor(8 * MIB, 8 * MIB * MAX_PARTS)).toBe(8 * MIB);
  });

  it.each([8 * MIB * MAX_PARTS + 1, 5 * 1024 ** 4, 48 * 1024 ** 4 - 1])(
    "is whole MiB and enough for %d bytes",
    (size) => {
      const part = partSizeFor(8 * MIB, size);
      expect(part % MIB).toBe(0);
      expect(Math.ceil(size / part)).toBeLessThanOrEqual(MAX_PARTS);
      expect(Math.ceil(size / (part - MIB))).toBeGreaterThan(MAX_PARTS);
    },
  );

  it("refuses what 10000 parts of 5 GiB do not hold", () => {
    expect(() => partSizeFor(8 * MIB, 5 * 1024 ** 3 * MAX_PARTS + 1)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    expect(partSizeFor(8 * MIB, 5 * 1024 ** 3 * MAX_PARTS)).toBe(5 * 1024 ** 3);
  });
});

it("usualPlan has memory of its own for each driver, which several uploads find room in", async () => {
  const [{ plan, maxPart }, other] = [usualPlan(), usualPlan()];
  expect(plan).toMatchObject({ partSize: 8 * MIB, concurrency: 4 });
  const loans = await Promise.all(Array.from({ length: 5 }, () => plan.memory.take(8 * MIB, 0)));
  expect([plan.memory.used, other.plan.memory.used]).toEqual([40 * MIB, 0]);
  for (const loan of loans) plan.memory.give(loan, true);
  // Those that are sent and the one that is filled meanwhile are kept for the next upload.
  expect([plan.memory.used, plan.memory.held]).toEqual([0, 40 * MIB]);
  expect(maxPart).toBe(64 * MIB);
});

it("checkPartNumber refuses part 10001 and says what helps", () => {
  expect(() => checkPartNumber(MAX_PARTS, 8 * MIB)).not.toThrow();
  expect(() => checkPartNumber(MAX_PARTS + 1, 8 * MIB)).toThrow(/8 MiB; pass size/);
});
