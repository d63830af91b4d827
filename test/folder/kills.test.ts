/** A process that writes is killed at any moment, again and again, while another one reads. */
import { once } from "node:events";
import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { fsBackend } from "../../drivers/fs/backend.ts";
import { rootAt } from "../../drivers/fs/root.ts";
import { sweep } from "../../drivers/fs/sweep.ts";
import { bundle } from "../drivers/fs/child.ts";
import { emptyFolder, filesBelow } from "../drivers/fs/folder.ts";
import { program } from "../runtimes/install.ts";
import { testClock } from "../support/clock.ts";
import { faultOf, KEYS, listingFault, write } from "./described.ts";

const KILLS = Number(process.env["UNBUCKET_KILLS"] ?? 25);
const DESCRIBED = JSON.stringify(new URL("./described.ts", import.meta.url).pathname);

/** Waits for a line, then overwrites through eight writers until it is killed. */
const WRITER = `
  import { write, KEYS, isPassing } from ${DESCRIBED};
  process.stdout.write("ready");
  process.stdin.once("data", async (data) => {
    const store = fsBackend({ base });
    let n = Number(data);
    process.stdout.write(" writing");
    const writer = async () => {
      for (;;) {
        const key = KEYS[Math.floor(Math.random() * KEYS.length)];
        if (isPassing(key) && Math.random() < 0.4) await store.delete(key, {});
        else await write(store, key, ++n, Math.random() < 0.2 ? 300_000 : Math.floor(Math.random() * 2000));
      }
    };
    await Promise.all(Array.from({ length: 8 }, writer)).catch((error) => {
      console.error(error);
      process.exit(1);
    });
  });
`;

/** Reads and lists until it is told to end; prints what was wrong, and how often it has looked. */
const READER = `
  import { faultOf, KEYS, listingFault } from ${DESCRIBED};
  const store = fsBackend({ base, readOnly: true });
  let over = false;
  process.stdin.once("data", () => (over = true));
  let looks = 0;
  const faults = [];
  while (!over || looks < 6) {
    for (const key of KEYS) faults.push(await faultOf(store, key).catch((error) => key + ": " + error.stack));
    faults.push(await listingFault(store).catch((error) => "list: " + error.stack));
    looks++;
    // Or it would take the time that is the writer's.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log(JSON.stringify({ looks, faults: faults.filter(Boolean).slice(0, 20) }));
  process.exit(0);
`;

function start(node: string, code: string, base: string) {
  const child = spawn(node, [code, base], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  // A write to one that is dead is no event of its own.
  child.stdin.on("error", () => {});
  let out = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  return { child, exit, out: () => out };
}

it(
  `L1, L3, L18: ${KILLS} kills of a process with eight writers leave each key one whole version with its own headers`,
  { timeout: 60_000 + KILLS * 20_000 },
  async () => {
    const begin = performance.now();
    // Oldest and newest in turn, in one folder.
    const nodes = [process.execPath, await program("node26")] as const;
    const base = await emptyFolder();
    const store = fsBackend({ base });
    let n = 0;
    for (const key of KEYS) await write(store, key, ++n, 10);
    const [writer, reader] = [await bundle(WRITER), await bundle(READER)];
    const reading = start(nodes[1], reader, base);
    const drafts = async (): Promise<string[]> => readdir(join(base, ".unbucket/tmp"));
    let hit = 0;
    let before = (await drafts()).length;
    let next = start(nodes[0], writer, base);
    // On a busy machine some are killed before they have begun, and others die for them.
    for (let kill = 0; kill < KILLS || (hit <= KILLS / 5 && kill < 10 * KILLS); kill++) {
      const { child, exit, out } = next;
      await expect.poll(out, { timeout: 30_000, interval: 2 }).toBe("ready");
      child.stdin.write(`${(n += 100_000)}\n`);
      await expect.poll(out, { timeout: 30_000, interval: 1 }).toBe("ready writing");
      next = start(nodes[kill % 2 ? 0 : 1], writer, base);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 80));
      child.kill("SIGKILL");
      expect(await exit).toEqual([null, "SIGKILL"]);
      for (const key of KEYS) expect(await faultOf(store, key)).toBe(null);
      expect(await listingFault(store)).toBe(null);
      const now = (await drafts()).length;
      if (now > before) hit++;
      before = now;
    }
    reading.child.stdin.write("end\n");
    await reading.exit;
    const { looks, faults } = JSON.parse(reading.out()) as { looks: number; faults: string[] };
    expect(faults).toEqual([]);
    expect(looks).toBeGreaterThan(5);
    // Or it was killed while it did nothing.
    expect(hit).toBeGreaterThan(KILLS / 5);

    // Whoever writes next is not held up by what the dead have held.
    const late = performance.now();
    for (const key of KEYS) await write(store, key, ++n, 10);
    expect(performance.now() - late).toBeLessThan(20_000);
    const swept = await sweep(rootAt(base), testClock(Date.now() + 2 * 86_400_000, 0));
    for (let more = swept; more > 0;) more = await sweep(rootAt(base), testClock(Date.now() + 2 * 86_400_000, 0));
    expect(swept).toBeGreaterThan(0);
    expect(await drafts()).toEqual([]);
    for (const key of KEYS) expect(await faultOf(store, key)).toBe(null);
    const records = (await filesBelow(base)).filter((file) => file.startsWith(".unbucket/meta/"));
    expect(records.length).toBeLessThanOrEqual(KEYS.length);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(
      `${KILLS} kills in ${seconds} s, ${hit} in the middle of writes, ${swept} files swept, ${looks} rounds read beside them`,
    );
  },
);
