import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { compareBytes } from "../../../drivers/fs/order.ts";
import { compareKeys } from "../../../src/key.ts";
import { seeded, UGLY_KEYS, uglyKey } from "./folder.ts";

it("compareKeys and compareBytes agree with Buffer.compare", () => {
  const random = seeded(3);
  const keys = [...UGLY_KEYS, ...Array.from({ length: 300 }, () => uglyKey(random))];
  for (const a of keys) {
    for (const b of keys) {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      expect(Math.sign(compareKeys(a, b))).toBe(expected);
      expect(Math.sign(compareBytes(Buffer.from(a), Buffer.from(b)))).toBe(expected);
    }
  }
});
