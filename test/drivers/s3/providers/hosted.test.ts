import { expect, it } from "vitest";
import { profiles } from "../../../../drivers/s3/providers.ts";
import * as hosted from "../../../../drivers/s3/providers/hosted.ts";
import { FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";

it.each(Object.values(hosted))("$name is known from pages alone, since it cannot run here", ({ facts }) => {
  const known = FEATURE_NAMES.map((feature) => facts[feature]).filter(({ how }) => how !== "unknown");
  expect(known.length).toBeGreaterThan(0);
  for (const fact of known) expect(fact).toMatchObject({ how: "documented", page: expect.stringMatching(/^https:/) });
});

it("R2 wants parts of one size, Google has conditions of its own", () => {
  expect(profiles.r2.facts["unequal-parts"].answer).toBe("no");
  expect(profiles.r2.limits.parts).toMatchObject({ value: 10_000 });
  expect(profiles.gcs.facts["put-if-match"].answer).toBe("no");
});
