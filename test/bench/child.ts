/**
 * A client in a process of its own, under Node, Bun or Deno: `child.mjs <client> <endpoint>`. Each line on stdin is a task, each
 * line on stdout its measurement.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Connect, Task } from "./client.ts";
import { measure } from "./measure.ts";

const [name = "", endpoint = ""] = process.argv.slice(2);
const { default: connect } = (await import(new URL(`clients/${name}.mjs`, import.meta.url).href)) as {
  default: Connect;
};
const client = await connect(endpoint);

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await measure(client, JSON.parse(line) as Task))}\n`);
}
process.exit(0);
