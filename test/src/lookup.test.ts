import { expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { answerLookup, type Lookup, lookupOptions } from "../../src/lookup.ts";

it("answerLookup fills in driver and key for options that carry a lookup", () => {
  const driver = memory();
  const lookup: Lookup = {};
  expect(answerLookup({ ...lookupOptions(lookup) } as Record<string, unknown>, driver, "a:b")).toBe(true);
  expect(lookup.found).toEqual({ driver, key: "a:b" });
});

it.each([undefined, {}, { signal: undefined }, true, "x"])("answerLookup is false for %j", (options) => {
  expect(answerLookup(options as never, memory(), "k")).toBe(false);
});

it("hasItem of a driver answers a lookup without opening its store", async () => {
  const lookup: Lookup = {};
  const driver = memory();
  expect(await driver.hasItem("x:y", lookupOptions(lookup) as never)).toBe(false);
  expect(lookup.found).toEqual({ driver, key: "x:y" });
});
