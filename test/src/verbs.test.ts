import { expect, expectTypeOf, it } from "vitest";
import { optionsOf, type Verb } from "../../src/verbs.ts";

it("optionsOf gives an operation its own options", () => {
  expect(Object.keys(optionsOf("delete")).sort()).toEqual(["headers", "ifMatch", "signal", "versionId"]);
  expect(optionsOf("setItemRaw")).toBe(optionsOf("upload"));
  for (const operation of ["deletePrefix", "completeMultipartUpload", "watch"] as const)
    expect(Object.keys(optionsOf(operation))).toEqual(["signal"]);
  // What has no row takes a signal alone, and has to be a verb.
  expectTypeOf<Verb>().not.toEqualTypeOf<string>();
  expect(optionsOf("rename" as Verb)).toEqual({ signal: 1 });
});
