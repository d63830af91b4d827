import { expect, it } from "vitest";
import { isTwin, refuseReplaced, refuseTwin } from "../../src/twin.ts";

const seen = { etag: '"e"', size: 3, lastModified: new Date(1000), versionId: "v" };

it.each([
  ["itself", {}, true],
  ["a view without version", { versionId: undefined }, true],
  ["another ETag", { etag: '"f"' }, false],
  ["another size", { size: 4 }, false],
  ["another time", { lastModified: new Date(2000) }, false],
  ["no time", { lastModified: undefined }, false],
  ["another version", { versionId: "w" }, false],
])("isTwin of %s", (_, other, same) => {
  expect(isTwin(seen, { ...seen, ...other } as typeof seen)).toBe(same);
});

it("refuseTwin and refuseReplaced reject conflict with the key, and take what is absent", () => {
  const changed = { ...seen, etag: '"f"' };
  expect(() => refuseTwin(seen, seen, "k")).toThrow(expect.objectContaining({ code: "conflict", key: "k" }));
  expect(() => refuseReplaced(seen, changed, "k")).toThrow(expect.objectContaining({ code: "conflict", key: "k" }));
  for (const found of [null, changed]) expect(() => refuseTwin(seen, found)).not.toThrow();
  for (const found of [null, seen]) expect(() => refuseReplaced(seen, found)).not.toThrow();
});
