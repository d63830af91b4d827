/** A watch while other processes write, and while its own does something else. */
import { expect, it, onTestFinished } from "vitest";
import fs from "../../drivers/fs.ts";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

const WRITES = 1000;

/** Writes into folders that it makes, and removes every other key again. */
const WRITER = `
  const store = fs({ base, durable: false });
  const [name] = args;
  const keys = Array.from({ length: ${WRITES} }, (_, index) => \`\${name}/\${index % 20}/\${index}\`);
  const each = async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      await store.upload(key, "1");
      if (Number(key.split("/")[2]) % 2) await store.delete(key);
    }
  };
  await Promise.all(Array.from({ length: 8 }, each));
`;

it(
  "tells what two processes leave behind, of each key once, also while its own is busy",
  { timeout: 120_000 },
  async () => {
    const base = await emptyFolder();
    const store = fs({ base, durable: false });
    const told: string[] = [];
    const stop = await store.watch?.((event, key) => void told.push(`${event} ${key}`));
    onTestFinished(async () => stop?.());
    const code = await bundle(WRITER);
    const writers = ["a", "b"].map((name) => run(process.execPath, [code, base, name]).ended);
    await expect.poll(() => told.length).toBeGreaterThan(0);
    const busy = Date.now() + 1000;
    while (Date.now() < busy);
    expect((await Promise.all(writers)).map(({ code }) => code)).toEqual([0, 0]);
    const left: string[] = [];
    for await (const { key = "" } of store.list()) left.push(`update ${key.replaceAll("/", ":")}`);
    expect(left).toHaveLength(WRITES);
    const last = (): string[] => {
      const events = new Map(told.map((event) => [event.slice(event.indexOf(" ")), event]));
      return [...events.values()].filter((event) => event.startsWith("update")).toSorted();
    };
    await expect.poll(last, { timeout: 30_000 }).toEqual(left.toSorted());
    const written = told.filter((event) => event.startsWith("update") && left.includes(event));
    expect(written).toHaveLength(new Set(written).size);
  },
);
