import { expect, it } from "vitest";
import folder from "../../../drivers/env/folder.fs.ts";
import fs from "../../../drivers/fs.ts";

it("folder with a file system is the folder driver itself", () => {
  expect(folder).toBe(fs);
});
