import { expect, it } from "vitest";
import { probe } from "../../../../drivers/s3/probe.ts";
import { CHECKS } from "../../../../drivers/s3/probe/checks.ts";
import { FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";
import { Store } from "./store.ts";

it("CHECKS answers every question, and no other", () => {
  expect(Object.keys(CHECKS).sort()).toEqual([...FEATURE_NAMES].sort());
});

it("CHECKS are all a yes on a store that does all of it", async () => {
  const { findings } = await probe(new Store().driver());
  expect(FEATURE_NAMES.filter((name) => findings[name].answer !== "yes")).toEqual(["virtual-host"]);
});
