import { expect, it } from "vitest";
import { payload, versionOf } from "./payload.ts";

it("versionOf knows each payload again", () => {
  for (const version of [1, 2, 7, 39]) expect(versionOf("a/b", payload("a/b", version))).toBe(version);
});

it("versionOf sees a byte too few, a byte that is another, and another key's bytes", () => {
  const bytes = payload("k", 7);
  expect(versionOf("k", bytes.subarray(0, -1))).toBe("version 7 is torn");
  bytes[500_000] = (bytes[500_000] ?? 0) ^ 1;
  expect(versionOf("k", bytes)).toBe("version 7 is torn");
  expect(versionOf("k", payload("j", 7))).toBe('the body begins with "j 7"');
  expect(versionOf("k", new Uint8Array())).toBe('the body begins with ""');
});
