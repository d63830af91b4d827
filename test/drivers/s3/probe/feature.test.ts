import { expect, it } from "vitest";
import { FEATURE_NAMES, FEATURES } from "../../../../drivers/s3/probe/feature.ts";

it("FEATURES are told apart by name and by what they mean", () => {
  expect(FEATURE_NAMES).toHaveLength(31);
  expect(new Set(Object.values(FEATURES)).size).toBe(FEATURE_NAMES.length);
  for (const name of FEATURE_NAMES) expect(name).toMatch(/^[a-z]+[a-z0-9]*(-[a-z0-9]+)*$/);
});
