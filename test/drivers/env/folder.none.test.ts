import { describe, expect, it } from "vitest";
import folder from "../../../drivers/env/folder.none.ts";

describe("folder without a file system", () => {
  it("is made without a complaint and rejects each call with what to do", async () => {
    const driver = folder({ base: "./uploads" });
    for (const call of [
      () => driver.upload("a", "b"),
      () => driver.exists("a"),
      () => driver.getItem("a"),
      () => driver.getKeys("", {}),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringContaining("set STORAGE_BACKEND=s3"),
      });
    }
  });
});
