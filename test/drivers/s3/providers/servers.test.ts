import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";
import { profiles } from "../../../../drivers/s3/providers.ts";

const ran = ["minio", "seaweedfs", "versitygw", "ceph"] as const;
const source = (name: string): string => readFileSync(new URL(`../../../servers/${name}.ts`, import.meta.url), "utf8");

it.each(ran)("%s ran with one version, and all that the probe can ask there was asked", (name) => {
  const { facts } = profiles[name];
  const asked = FEATURE_NAMES.filter((feature) => feature !== "virtual-host");
  const versions = new Set(asked.map((feature) => (facts[feature] as { readonly version?: string }).version));
  expect([...versions]).toHaveLength(1);
  expect(asked.filter((feature) => facts[feature].how !== "ran")).toEqual([]);
});

it.each(["minio", "seaweedfs", "versitygw"] as const)("%s has the version that the tests start", (name) => {
  const { facts } = profiles[name];
  expect(source(name)).toContain((facts.crc32 as { readonly version: string }).version);
});

it("Garage did not run", () => {
  const how = FEATURE_NAMES.map((feature) => profiles.garage.facts[feature].how);
  expect(how).not.toContain("ran");
  expect(how).toContain("documented");
});
