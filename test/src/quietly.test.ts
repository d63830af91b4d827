import { expect, it } from "vitest";
import { quietly } from "../../src/quietly.ts";

it("quietly leaves a timer alone that is a number, as those of jsdom", () => {
  expect(quietly(7 as unknown as NodeJS.Timeout)).toBe(7);
  const timer = quietly(setTimeout(() => {}, 1000));
  expect(timer.hasRef()).toBe(false);
  clearTimeout(timer);
});
