/** What two machines see of each other's writes, on one folder that each has mounted; prints what was counted. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Order } from "./machine.ts";

const [, , one = "", two = "", rounds = "20"] = process.argv;
const ROUNDS = Number(rounds);
const folder = "objects";
mkdirSync(`${one}/${folder}`);

interface Answer {
  readonly answer?: unknown;
  readonly code?: unknown;
  readonly message?: string;
}

/** Another process, which is asked one thing at a time. */
function machine(mount: string): { readonly process: ChildProcess; ask(...order: Order): Promise<unknown> } {
  const child = fork(fileURLToPath(new URL("./machine.mjs", import.meta.url)), [`${mount}/${folder}/base`]);
  return {
    process: child,
    async ask(...order) {
      child.send(order);
      const [{ answer, code, message }] = (await once(child, "message")) as [Answer];
      if (code !== undefined && code !== "precondition-failed")
        console.log(`result: failed ${order.join(" ")}: ${message}`);
      return code === undefined ? answer : { code };
    },
  };
}

const [a, b] = [machine(one), machine(two)];
const seen: Record<string, number> = {
  "the first object, in a base that was absent": 0,
  "creations with one winner": 0,
  "counted up": 0,
  "heads of what was written a moment ago": 0,
  "bytes of it": 0,
  "its bytes with their own metadata": 0,
  "created, and found": 0,
  "deleted, and not found": 0,
  listed: 0,
};
const count = (name: string, isSo: boolean): void => {
  if (!(name in seen)) throw new Error(`nobody counts ${name}`);
  (seen[name] as number) += Number(isSo);
};

await b.ask("exists", "first");
await a.ask("put", "first", "x");
count("the first object, in a base that was absent", (await b.ask("exists", "first")) === true);
for (let round = 0; round < ROUNDS; round++) {
  const answers = await Promise.all([a.ask("create", `race/${round}`, "a"), b.ask("create", `race/${round}`, "b")]);
  count("creations with one winner", answers.filter((answer) => typeof answer === "string").length === 1);
}
const counting = async ({ ask }: typeof a): Promise<void> => {
  for (let round = 0; round < ROUNDS; round++) await ask("count", "counter");
};
await Promise.all([counting(a), counting(b)]);
seen["counted up"] = Number(await b.ask("get", "counter")) / 2;
for (let round = 0; round < ROUNDS; round++) {
  const etag = await a.ask("put", "key", `text ${round}`);
  count("heads of what was written a moment ago", (await b.ask("head", "key")) === etag);
  count("bytes of it", (await b.ask("get", "key")) === `text ${round}`);
  await a.ask("describe", "described", `text ${round}`);
  const pair = (await b.ask("described", "described")) as readonly unknown[];
  count("its bytes with their own metadata", String(pair) === `text ${round},text ${round}`);
  // What was looked for in vain is remembered to be absent, its folder too.
  const key = `new/${round}/key`;
  await b.ask("exists", key);
  await a.ask("put", key, "x");
  count("created, and found", (await b.ask("exists", key)) === true);
  count("listed", String(await b.ask("keys", `new/${round}/`)) === key);
  await a.ask("delete", key);
  count("deleted, and not found", (await b.ask("exists", key)) === false);
}
for (const { process: child } of [a, b]) child.disconnect();
const left = readdirSync(`${one}/${folder}/base/.unbucket/tmp`);
console.log(`result: ${JSON.stringify({ ...seen, left })}`);
