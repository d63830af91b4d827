import { expect, it } from "vitest";
import memory from "../../drivers/memory.ts";
import { answerProbe, type Probe, probeOptions } from "../../src/probe.ts";

it("answerProbe fills in driver and key for options that carry a probe", () => {
  const driver = memory();
  const probe: Probe = {};
  expect(answerProbe({ ...probeOptions(probe) } as Record<string, unknown>, driver, "a:b")).toBe(true);
  expect(probe.found).toEqual({ driver, key: "a:b" });
});

it.each([undefined, {}, { signal: undefined }, true, "x"])("answerProbe is false for %j", (options) => {
  expect(answerProbe(options as never, memory(), "k")).toBe(false);
});

it("hasItem of a driver answers a probe without opening its store", async () => {
  const probe: Probe = {};
  const driver = memory();
  expect(await driver.hasItem("x:y", probeOptions(probe) as never)).toBe(false);
  expect(probe.found).toEqual({ driver, key: "x:y" });
});
