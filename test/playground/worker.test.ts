import { expect, it } from "vitest";
import { bundled } from "./worker-bundle.ts";

it("the Worker is a bundle without Node, sharp, libSQL and the folder", async () => {
  const { imports } = await bundled();
  expect(imports.filter((path) => /^node:|sharp|libsql|drivers\/fs/.test(path))).toEqual([]);
  expect(imports.some((path) => /drivers\/r2/.test(path))).toBe(true);
});
