/** Threads of one process on a folder, as Nitro's server has them in development, which ends one and lives on. */
import { once } from "node:events";
import { mkdir, readlink } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { expect, it, onTestFinished } from "vitest";
import { claim } from "../../drivers/fs/claim.ts";
import { bundle, HOLDER } from "../drivers/fs/child.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

const CLAIM = HOLDER.replace("holder.ts", "claim.ts");

it.skipIf(process.platform !== "linux")(
  "L23: what a thread holds is waited for as long as it runs, and free at once when it is ended",
  async () => {
    const base = await emptyFolder();
    const path = `${base}/claims/a`;
    await mkdir(`${base}/claims`);
    const program = await bundle(`
      import { claim } from ${JSON.stringify(CLAIM)};
      import { parentPort } from "node:worker_threads";
      await claim(base);
      parentPort.postMessage("held");
      setInterval(() => {}, 1000);`);
    const thread = new Worker(program, { argv: [path] });
    onTestFinished(async () => void (await thread.terminate()));
    await once(thread, "message");
    const [held, pid] = [await readlink(path), String(process.pid)];
    expect(held.split(".")[2]).not.toBe(pid);
    const control = new AbortController();
    const waiting = claim(path, { signal: control.signal });
    setTimeout(() => control.abort(new Error("it is held")), 300);
    await expect(waiting).rejects.toThrow("it is held");
    await thread.terminate();
    const begin = performance.now();
    await (
      await claim(path)
    )();
    // Of one that nothing is known of, half a minute without a sign of life has to pass.
    expect(performance.now() - begin).toBeLessThan(20_000);
  },
);

it("threads that increment one counter lose none, and of those that create one wins", async () => {
  const base = await emptyFolder();
  const program = await bundle(`
    import { parentPort } from "node:worker_threads";
    const store = fs({ base, durable: false });
    for (let turn = 0; turn < 50; turn++) await store.update("counter", async (now) => String(Number((await now?.text()) ?? 0) + 1));
    const won = [];
    for (let turn = 0; turn < 20; turn++)
      await store.upload("race-" + turn, args[0], { ifNoneMatch: "*" }).then(
        () => won.push(turn),
        (error) => { if (error.code !== "precondition-failed") throw error; });
    parentPort.postMessage([won, await (await store.download("counter")).text()]);`);
  const ends = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const [told] = await once(new Worker(program, { argv: [base, `${index}`] }), "message");
      return told as [won: number[], counter: string];
    }),
  );
  expect(ends.flatMap(([won]) => won).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, turn) => turn));
  expect(Math.max(...ends.map(([, counter]) => Number(counter)))).toBe(150);
});
