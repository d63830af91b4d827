/** Changes that a driver reports. */
import type { Driver } from "../driver.ts";
import { ok, rejects, same, soon } from "./assert.ts";
import type { Case } from "./case.ts";
import { kvKey } from "./kv.ts";

/** The reported events, in order. */
interface Watched {
  readonly told: readonly string[];
  /** Resolves once the event was reported, before or now. */
  comes(event: string): Promise<void>;
  stop(): Promise<void>;
}

async function watching(driver: Driver): Promise<Watched> {
  const { watch } = driver;
  ok(watch !== undefined, "the driver must have watch: pass watch to toDriver");
  const told: string[] = [];
  const waiting = new Set<() => void>();
  const stop = await watch((event, key) => {
    told.push(`${event} ${key}`);
    for (const wake of waiting) wake();
  });
  const comes = (event: string): Promise<void> =>
    soon(
      new Promise((resolve) => {
        const look = (): void => void (told.includes(event) && resolve());
        waiting.add(look);
        look();
      }),
      event,
    );
  return { told, comes, stop: async () => stop() };
}

/** Watching. */
export const watchCases: readonly Case[] = [
  {
    name: "watch: a write and a removal are told once each, by their key-value key",
    needs: ["watch"],
    async run({ driver, prefix }) {
      const { told, comes, stop } = await watching(driver);
      try {
        const [key, last] = [kvKey(prefix, "seen"), kvKey(prefix, "last")];
        await driver.upload(`${prefix}seen`, "x");
        await comes(`update ${key}`);
        await driver.delete(`${prefix}seen`);
        await comes(`remove ${key}`);
        // A second report would have come before the report of a later write.
        await driver.upload(`${prefix}last`, "x");
        await comes(`update ${last}`);
        const own = told.filter((event) => event.endsWith(` ${key}`));
        same(own, [`update ${key}`, `remove ${key}`], "what was told of the key");
      } finally {
        await stop();
      }
    },
  },
  {
    name: "watch: one that has ended tells nothing, and others go on",
    needs: ["watch"],
    async run({ driver, prefix }) {
      const ended = await watching(driver);
      const other = await watching(driver);
      try {
        await driver.upload(`${prefix}before`, "x");
        await ended.comes(`update ${kvKey(prefix, "before")}`);
        await ended.stop();
        // Two writes: by the time that the other watch reports the second, the first would have been reported.
        for (const name of ["after", "later"]) {
          await driver.upload(prefix + name, "x");
          await other.comes(`update ${kvKey(prefix, name)}`);
        }
        const late = ended.told.filter((event) => /(?:after|later)$/.test(event));
        same(late, [], "what was told after the end");
      } finally {
        await ended.stop();
        await other.stop();
      }
    },
  },
  {
    name: "watch: a driver that cannot be watched has none, or refuses",
    lacks: ["watch"],
    async run({ driver }) {
      const { watch } = driver;
      if (watch !== undefined) await rejects("unsupported", async () => watch(() => {}), "watch");
    },
  },
];
