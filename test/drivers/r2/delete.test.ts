import { expect, it } from "vitest";
import { deleteInBatches } from "../../../drivers/r2/delete.ts";
import type { Key } from "../../../src/backend.ts";
import { StorageError } from "../../../src/error.ts";

const keys = Array.from({ length: 2100 }, (_, index) => `k${index}` as Key);

/** Deletes unless a key is refused; tells how many were asked for at a time. */
async function deleting(code: "invalid-key" | "denied", refused: readonly string[], signal?: AbortSignal) {
  const [asked, deleted]: [number[], string[]] = [[], []];
  const outcome = await deleteInBatches(keys, { signal }, async (some) => {
    asked.push(some.length);
    if (some.some((key) => refused.includes(key))) throw new StorageError(code, "no");
    deleted.push(...some);
  }).catch((error: unknown) => error);
  return { asked, deleted, outcome };
}

it("deleteInBatches deletes a thousand at a time", async () => {
  const { asked, deleted, outcome } = await deleting("denied", []);
  expect([asked, deleted, outcome]).toEqual([[1000, 1000, 100], keys, []]);
});

it("deleteInBatches finds the keys that are refused by their names, and deletes the others", async () => {
  const { asked, deleted, outcome } = await deleting("invalid-key", ["k0", "k1500", "k2099"]);
  expect(outcome).toMatchObject(["k0", "k1500", "k2099"].map((key) => ({ key, error: { code: "invalid-key" } })));
  expect(deleted).toHaveLength(2097);
  expect(asked.length).toBeLessThan(70);
});

it("deleteInBatches tells all keys of a batch that failed otherwise, and goes on with the next", async () => {
  const { asked, deleted, outcome } = await deleting("denied", ["k7"]);
  expect([asked, deleted.length]).toEqual([[1000, 1000, 100], 1100]);
  expect(outcome).toHaveLength(1000);
});

it("deleteInBatches rejects on abort", async () => {
  const { asked, outcome } = await deleting("invalid-key", ["k7"], AbortSignal.abort());
  expect([asked, outcome]).toMatchObject([[1000], { code: "invalid-key" }]);
});
