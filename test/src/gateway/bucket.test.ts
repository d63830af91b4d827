import { describe, expect, it } from "vitest";
import { asking } from "./asked.ts";

describe("listBuckets", () => {
  it.each([
    ["", true],
    ["?prefix=buck", true],
    ["?prefix=other", false],
    ["?bucket-region=us-east-1", true],
    ["?bucket-region=eu-west-1", false],
  ])("names the bucket where it is among those that are asked for: %s", async (query, named) => {
    const { ask } = asking();
    const text = await (await ask("GET", query)).text();
    expect(text.includes("<Name>bucket</Name>")).toBe(named);
  });
});
