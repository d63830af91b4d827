import { expect, it } from "vitest";
import { checkPresent } from "../../../drivers/fs/conditions.ts";
import type { Found } from "../../../drivers/fs/find.ts";
import { folder } from "./folder.ts";
import { etagOf } from "../../../drivers/fs/identity.ts";
import { lstatSync } from "node:fs";
import { join } from "node:path";

it.each([
  ["no condition", {}, true, true],
  ["ifNoneMatch *", { ifNoneMatch: "*" }, false, true],
  ["ifMatch *", { ifMatch: "*" }, true, false],
  ["its own ETag", { ifMatch: "own" }, true, false],
  ["another ETag", { ifMatch: '"other"' }, false, false],
] as const)("%s", async (_, conditions, there, absent) => {
  const { base, put } = await folder();
  await put("k", "x");
  const stats = lstatSync(join(base, "k"), { bigint: true });
  const found: Found = { candidate: { path: "k" } as Found["candidate"], stats };
  const asked = "ifMatch" in conditions && conditions.ifMatch === "own" ? { ifMatch: etagOf(stats) } : conditions;
  const refused = expect.objectContaining({ code: "precondition-failed", key: "k" });
  for (const [present, passes] of [
    [found, there],
    [undefined, absent],
  ] as const) {
    const check = (): void => checkPresent("k", present, asked);
    if (passes) check();
    else expect(check).toThrow(refused);
  }
});
