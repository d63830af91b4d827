/** What every question must do: find what is there, and find when it, alone, is not. */
import { expect, it } from "vitest";
import { probe } from "../../../../drivers/s3/probe.ts";
import { type Feature, FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";
import { Store } from "./store.ts";

/** One test for each feature. What a driver with the bucket in the path cannot ask is not counted. */
export function asks(...features: readonly Feature[]): void {
  it.each(features)("%s is a no where the store lacks it, and nothing else is", async (feature) => {
    const { findings } = await probe(new Store([feature]).driver());
    expect(findings[feature]).toMatchObject({ answer: "no", said: expect.stringMatching(/\d{3}/) });
    const others = FEATURE_NAMES.filter((name) => findings[name].answer !== "yes" && name !== "virtual-host");
    expect(others).toEqual([feature]);
  });
}
