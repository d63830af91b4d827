/** The key-value verbs: listing, clearing and watching keys. */
import { ok, rejects, same, soon } from "./assert.ts";
import type { Case, Context } from "./case.ts";
import { kvKey } from "./kv.ts";

async function fill({ driver, prefix }: Context, names: readonly string[]): Promise<void> {
  // One after another: SeaweedFS does not list an object that it stores while it makes a folder of the same name.
  for (const name of names) await driver.setItem(kvKey(prefix, name), name);
}

/** Names below the prefix, sorted. */
async function names(
  { driver, prefix }: Context,
  base = "",
  options?: Record<string, unknown>,
): Promise<readonly string[]> {
  const root = kvKey(prefix, "");
  const found = await driver.getKeys(root + base, options);
  for (const key of found) ok(key.startsWith(root), `getKeys gave ${key}, which is not below ${root}`);
  return found.map((key) => key.slice(root.length)).sort();
}

const TREE = ["a", "foo:1", "foo:2", "foo:deep:3", "foobar:4", "foobaz"];

/** Base and depth in {@link TREE}, with the expected keys. */
const VIEWS: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  "without base gives all": ["", TREE],
  "of a base gives what is below it": ["foo:", ["foo:1", "foo:2", "foo:deep:3"]],
  "of a base without colon gives the same": ["foo", ["foo:1", "foo:2", "foo:deep:3"]],
  "of a deeper base": ["foo:deep:", ["foo:deep:3"]],
  "of a base that is an item gives nothing": ["foobaz:", []],
  "of a base that nothing has": ["nothing:", []],
};

/** Object keys that unstorage would change. */
const NOT_NORMAL = ["dir/", "x//y", "q?a=1", "back\\slash", "co:lon"];

/** Verbs on sets of keys. */
export const kvKeyCases: readonly Case[] = [
  ...Object.entries(VIEWS).map(([name, [base, expected]]): Case => ({
    name: `kv: getKeys ${name}`,
    async run(context) {
      await fill(context, TREE);
      same(await names(context, base), expected, "keys");
    },
  })),
  {
    name: "kv: getKeys honours maxDepth, counted from the root",
    async run(context) {
      await fill(context, ["a", "b:c", "b:d:e"]);
      const here = context.prefix.split("/").length - 1;
      same(await names(context, "", { maxDepth: here }), ["a"], "this level");
      same(await names(context, "", { maxDepth: here + 1 }), ["a", "b:c"], "one level deeper");
      same(await names(context, "b:", { maxDepth: here + 1 }), ["b:c"], "one level deeper, below a base");
      same(await names(context, "", { maxDepth: here + 9 }), ["a", "b:c", "b:d:e"], "far deeper");
      if (here > 0) same(await names(context, "", { maxDepth: 0 }), [], "above");
    },
  },
  {
    name: "kv: getKeys gives every key once when there are many",
    async run(context) {
      const all = Array.from({ length: 120 }, (_, at) => `n${String(at).padStart(3, "0")}`);
      await fill(context, all);
      same(await names(context), all, "keys");
    },
  },
  ...NOT_NORMAL.map((name): Case => ({
    name: `kv: the object key ${JSON.stringify(name)} is not in getKeys, which could not name it`,
    async run(context) {
      await context.driver.upload(context.prefix + name, "x");
      await fill(context, ["plain"]);
      same(await names(context), ["plain"], "keys");
      same(await context.driver.exists(context.prefix + name), true, "the object itself");
    },
  })),
  {
    name: "kv: keys with odd characters come back as they were",
    async run(context) {
      const all = ["a b", "é", "100%", "a%2Fb", "a+b", "a#b", "😀", "a$b", ".hidden", "a..b"].sort();
      await fill(context, all);
      same(await names(context), all, "keys");
      for (const name of all) same(await context.driver.getItem(kvKey(context.prefix, name)), name, `item ${name}`);
    },
  },
  {
    name: "kv: clear of a base clears it, exactly",
    async run(context) {
      await fill(context, TREE);
      await context.driver.clear(kvKey(context.prefix, "foo:"));
      same(await names(context), ["a", "foobar:4", "foobaz"], "keys that stay");
      await context.driver.clear(kvKey(context.prefix, "foobar"));
      same(await names(context), ["a", "foobaz"], "keys that stay after a base without colon");
    },
  },
  {
    name: "kv: clear takes what getKeys cannot name, and can be repeated",
    async run(context) {
      for (const name of NOT_NORMAL.slice(2)) await context.driver.upload(`${context.prefix}in/${name}`, "x");
      await fill(context, ["in:plain", "out"]);
      await context.driver.clear(kvKey(context.prefix, "in:"));
      await context.driver.clear(kvKey(context.prefix, "in:"));
      const left = [];
      for await (const entry of context.driver.list({ prefix: context.prefix })) left.push(entry.key);
      same(left, [`${context.prefix}out`], "objects that stay");
    },
  },
  {
    name: "kv: clear takes an item and what lies below it",
    async run(context) {
      await fill(context, ["in:a", "in:a:b", "in:a:b:c", "out"]);
      await context.driver.clear(kvKey(context.prefix, "in:"));
      const seen = ["in:a", "in:a:b", "in:a:b:c", "out"].map((name) =>
        context.driver.hasItem(kvKey(context.prefix, name)),
      );
      same(await Promise.all(seen), [false, false, false, true], "hasItem");
    },
  },
  {
    name: "kv: a base with a dot-dot segment is refused",
    async run(context) {
      await fill(context, ["a"]);
      await rejects("invalid-key", () => context.driver.getKeys(kvKey(context.prefix, "..:")), "getKeys");
      await rejects("invalid-key", () => context.driver.clear(kvKey(context.prefix, "..:")), "clear");
      same(await names(context), ["a"], "keys");
    },
  },
  {
    name: "kv: watch tells of an update and a removal",
    needs: ["watch"],
    async run({ driver, prefix }) {
      const key = kvKey(prefix, "watched");
      ok(driver.watch !== undefined, "the driver must have watch");
      let saw: (event: string) => void = () => {};
      const stop = await driver.watch((event, seen) => {
        if (seen === key) saw(event);
      });
      const next = (): Promise<string> => new Promise((resolve) => (saw = resolve));
      try {
        const update = next();
        await driver.setItem(key, "x");
        same(await soon(update, "update"), "update", "event of setItem");
        const removal = new Promise<void>((resolve) => (saw = (event) => void (event === "remove" && resolve())));
        await driver.removeItem(key);
        await soon(removal, "remove");
      } finally {
        await stop();
      }
    },
  },
];
