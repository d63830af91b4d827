import { expect, it } from "vitest";
import { tableOf } from "./table.ts";

it("tableOf shows what a run saw, and what it did not as before", () => {
  const before = tableOf(["bun", "deno"], [{ runtime: "deno", store: "r2", met: 1, total: 2 }], "");
  const after = tableOf(["bun", "deno"], [{ runtime: "bun", store: "fs", met: 3, total: 4 }], before);
  expect(after).toBe(`| cases met | memory | folder | gateway | MinIO | SeaweedFS | R2 |
|---|---|---|---|---|---|---|
| bun |  | 3 of 4 |  |  |  |  |
| deno |  |  |  |  |  | 1 of 2 |
`);
});
