import { describe, expect, it } from "vitest";
import { figure, markdown, ratio } from "./figures.ts";

describe("figure", () => {
  it("is the median, in any order, with half the distance of the quartiles as its spread", () => {
    expect(figure([30, 10, 20, 50, 40])).toEqual({ median: 30, spread: 1 / 3 });
  });

  it("lies between the two in the middle when there is no middle", () => {
    expect(figure([1, 3]).median).toBe(2);
  });
});

describe("ratio", () => {
  it("compares within a round, so that a round that was slow for both changes nothing", () => {
    expect(ratio([50, 5, 50], [100, 10, 100])).toEqual({ median: 0.5, spread: 0 });
  });
});

describe("markdown", () => {
  it("aligns figures to the right", () => {
    expect(markdown(["", "speed"], [["a client", "1"]])).toBe(
      "|          | speed |\n| -------- | ----: |\n| a client |     1 |",
    );
  });
});
