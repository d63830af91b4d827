import { expect, it, vi } from "vitest";
import { heeding } from "../../src/abort.ts";

it("heeding settles with the work, and leaves no listener", async () => {
  const { signal } = new AbortController();
  const remove = vi.spyOn(signal, "removeEventListener");
  expect(await heeding(Promise.resolve(1), signal)).toBe(1);
  const error = new Error("own");
  await expect(heeding(Promise.reject(error), signal)).rejects.toBe(error);
  await expect.poll(() => remove.mock.calls.length).toBe(2);
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
