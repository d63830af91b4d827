import { expect, it } from "vitest";
import { withLock } from "../../../drivers/fs/lock.ts";

it("withLock runs work of one name in turn, after failures too, and of other names beside it", async () => {
  const order: string[] = [];
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const first = withLock("a", async () => {
    await gate;
    order.push("first");
    throw new Error("failed");
  }).catch(() => {});
  const second = withLock("a", async () => void order.push("second"));
  await withLock("b", async () => void order.push("other"));
  open();
  await Promise.all([first, second]);
  expect(order).toEqual(["other", "first", "second"]);
});
