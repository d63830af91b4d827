import { expect, it } from "vitest";
import { listedParts } from "../../src/listed.ts";

const stored = [1, 2, 3].map((partNumber) => ({ partNumber, etag: `"${partNumber}"`, size: 10 * partNumber }));
const [one, two, three] = stored.map(({ partNumber, etag }) => ({ partNumber, etag })) as [Part, Part, Part];
type Part = { partNumber: number; etag: string };

it("listedParts gives the stored parts that are named, some or all", () => {
  expect(listedParts([one, two, three], stored)).toEqual(stored);
  expect(listedParts([two], stored.toReversed())).toEqual([stored[1]]);
});

it.each([
  [[], "must not be empty"],
  [[two, one], "ascending"],
  [[one, one], "ascending"],
  [[one, { partNumber: 4, etag: '"4"' }], "part 4, which is not stored"],
  [[one, { partNumber: 2, etag: '"1"' }], 'part 2, which has the ETag "2", not "1"'],
])("listedParts refuses %j: %s", (list, why) => {
  const refusal = { code: "invalid-option", message: expect.stringContaining(why) as string };
  expect(() => listedParts(list, stored)).toThrow(expect.objectContaining(refusal));
});
