import { setTimeout as delay } from "node:timers/promises";

/** The count once it is more than this, or what it is when patience ends. */
export async function until(count: () => number, more: number, patience: number): Promise<number> {
  const limit = Date.now() + patience;
  while (count() <= more && Date.now() < limit) await delay(20);
  return count();
}
