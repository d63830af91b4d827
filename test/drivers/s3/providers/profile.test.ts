import { expect, it } from "vitest";
import { FEATURE_NAMES } from "../../../../drivers/s3/probe/feature.ts";
import { profile } from "../../../../drivers/s3/providers/profile.ts";

const made = profile("Store", {
  ran: { version: "1.2", yes: [["crc32", "crc32c"]], no: ["sha256"] },
  documented: {
    "https://first.example": { yes: ["delimiter", "sha256"], no: ["crc64nvme"], limits: { parts: 1000 } },
    "https://second.example": { no: ["delimiter"], limits: { parts: 10, object: 5 } },
  },
});

it("profile says of each fact where it is known from, and unknown of what is in no source", () => {
  expect(made.facts.crc32c).toEqual({ how: "ran", answer: "yes", version: "1.2" });
  expect(made.facts.crc64nvme).toEqual({ how: "documented", answer: "no", page: "https://first.example" });
  expect(made.facts["list-below"]).toEqual({ how: "unknown", answer: "unknown" });
  expect(Object.keys(made.facts)).toEqual(FEATURE_NAMES);
});

it("profile prefers what ran to what is written, and the first of two pages", () => {
  expect(made.facts.sha256).toEqual({ how: "ran", answer: "no", version: "1.2" });
  expect(made.facts.delimiter).toMatchObject({ answer: "yes", page: "https://first.example" });
  expect(made.limits.parts).toEqual({ value: 1000, page: "https://first.example" });
  expect(made.limits.object).toEqual({ value: 5, page: "https://second.example" });
  expect(made.limits.leastPart).toBeUndefined();
});
