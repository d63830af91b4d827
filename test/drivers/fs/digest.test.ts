import { createHash } from "node:crypto";
import { expect, it, vi } from "vitest";
import { sha256 } from "../../../drivers/fs/digest.ts";

const host = vi.hoisted(() => ({ hash: true }));
vi.mock("node:crypto", async (importOriginal) => {
  const crypto = await importOriginal<typeof import("node:crypto")>();
  return {
    ...crypto,
    get hash() {
      return host.hash ? crypto.hash : undefined;
    },
  };
});

it.each([true, false])("sha256 is that of the text, whether the runtime has a quick one (%s) or not", (hash) => {
  host.hash = hash;
  for (const text of ["", "a/b", "ü\u{1F600}", "x".repeat(1024)])
    expect(sha256(text)).toBe(createHash("sha256").update(text, "utf8").digest("hex"));
});
