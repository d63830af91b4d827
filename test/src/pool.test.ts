import { expect, it } from "vitest";
import { pool } from "../../src/pool.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it("pool does all the work, never more than the limit at once, as much as the limit when it can", async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await pool(
    Array.from({ length: 50 }, (_, index) => index),
    7,
    async (item) => {
      most = Math.max(most, ++running);
      await turn();
      if (item % 3 === 0) await turn();
      running--;
      done.push(item);
    },
  );
  expect(most).toBe(7);
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});

it("pool starts nothing after a failure, and rejects with the first when what runs has ended", async () => {
  const started: number[] = [];
  const ended: number[] = [];
  const work = async (item: number): Promise<void> => {
    started.push(item);
    await turn();
    if (item === 1 || item === 2) throw new Error(`failure ${item}`);
    await turn();
    ended.push(item);
  };
  await expect(pool([0, 1, 2, 3, 4, 5], 3, work)).rejects.toThrow("failure 1");
  expect(started).toEqual([0, 1, 2]);
  expect(ended).toEqual([0]);
});

it("pool of nothing ends", async () => {
  await pool([], 4, () => Promise.reject(new Error("never")));
});

it("pool passes on a failure that is undefined", async () => {
  const outcome = pool([1], 1, () => Promise.reject(undefined)).then(
    () => "resolved",
    () => "rejected",
  );
  expect(await outcome).toBe("rejected");
});
