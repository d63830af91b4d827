/** Changes that a driver reports. */
import { ok, soon } from "./assert.ts";
import type { Case } from "./case.ts";
import { kvKey } from "./kv.ts";

/** Watching. */
export const watchCases: readonly Case[] = [
  {
    name: "watch: a write and a removal are told by their key-value key",
    needs: ["watch"],
    async run({ driver, prefix }) {
      const { watch } = driver;
      ok(watch !== undefined, "the driver must have watch: pass watch to toDriver");
      const told = new Set<string>();
      const waiting = new Set<() => void>();
      const stop = await watch((event, key) => {
        told.add(`${event} ${key}`);
        for (const wake of waiting) wake();
      });
      /** Resolves once the event has come; others may come before. */
      const comes = (event: string): Promise<void> =>
        new Promise((resolve) => {
          const look = (): void => void (told.has(event) && resolve());
          waiting.add(look);
          look();
        });
      try {
        const key = kvKey(prefix, "seen");
        await driver.upload(`${prefix}seen`, "x");
        await soon(comes(`update ${key}`), `update of ${key}`);
        await driver.delete(`${prefix}seen`);
        await soon(comes(`remove ${key}`), `remove of ${key}`);
      } finally {
        await stop();
      }
    },
  },
];
