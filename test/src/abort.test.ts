import { expect, it, onTestFinished, vi } from "vitest";
import { getEventListeners } from "node:events";
import { setTimeout } from "node:timers/promises";
import memory from "../../drivers/memory.ts";
import { heeding, whenAborted } from "../../src/abort.ts";

it("heeding settles with the work, and leaves no listener", async () => {
  const { signal } = new AbortController();
  expect(await heeding(Promise.resolve(1), signal)).toBe(1);
  const error = new Error("own");
  await expect(heeding(Promise.reject(error), signal)).rejects.toBe(error);
  await expect.poll(() => getEventListeners(signal, "abort").length).toBe(0);
});

it("whenAborted tells all who wait for one signal, by one listener, which goes with the last of them", () => {
  const control = new AbortController();
  const add = vi.spyOn(control.signal, "addEventListener");
  const remove = vi.spyOn(control.signal, "removeEventListener");
  const told: string[] = [];
  const ends = ["a", "b", "c"].map((name) => whenAborted(control.signal, () => told.push(name)));
  ends[1]?.();
  ends[1]?.();
  expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 0]);
  ends[0]?.();
  ends[2]?.();
  expect(remove.mock.calls.length).toBe(1);
  const late = [
    whenAborted(control.signal, () => told.push("d")),
    whenAborted(control.signal, () => late[2]?.()),
    whenAborted(control.signal, () => told.push("never")),
  ];
  control.abort("enough");
  expect(told).toEqual(["d"]);
  whenAborted(control.signal, (reason) => told.push(String(reason)))();
  expect(told).toEqual(["d", "enough"]);
});

it("fifty calls with one signal let Node warn of no leak", async () => {
  const { signal } = new AbortController();
  const warnings: string[] = [];
  const hear = ({ name }: Error): unknown => warnings.push(name);
  process.on("warning", hear);
  onTestFinished(() => void process.off("warning", hear));
  const store = memory();
  await Promise.all(
    Array.from({ length: 50 }, (_, turn) => store.upload(`${turn}`, new Blob(["x"]).stream(), { signal })),
  );
  await setTimeout(10);
  expect(warnings).toEqual([]);
});

it("heeding rejects with the reason at once, before and during work that never settles", async () => {
  const reason = { left: true };
  const never = new Promise<never>(() => {});
  await expect(heeding(never, AbortSignal.abort(reason))).rejects.toBe(reason);
  const control = new AbortController();
  const outcome = heeding(never, control.signal);
  control.abort(reason);
  await expect(outcome).rejects.toBe(reason);
});
