import { expect, it } from "vitest";
import * as providers from "../../../drivers/s3/providers.ts";

it("profiles has a profile for every function that gives options, and the other way round", () => {
  const { profiles, ...functions } = providers;
  expect(Object.keys(profiles).sort()).toEqual(Object.keys(functions).sort());
  expect(new Set(Object.values(profiles).map(({ name }) => name)).size).toBe(12);
});

it("profiles are plain data", () => {
  expect(JSON.parse(JSON.stringify(providers.profiles))).toEqual(providers.profiles);
});
