import { describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/clock.ts";

describe("systemClock", () => {
  it("tells milliseconds since 1970 and chance below 1", () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
    expect(systemClock.random()).toBeGreaterThanOrEqual(0);
    expect(systemClock.random()).toBeLessThan(1);
  });

  it("sleeps, and leaves no listener behind", async () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, "removeEventListener");
    await systemClock.sleep(1, signal);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it("wakes with the reason of an abort, and leaves no timer behind", async () => {
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const controller = new AbortController();
    const sleeping = systemClock.sleep(600_000, controller.signal);
    controller.abort("enough");
    await expect(sleeping).rejects.toBe("enough");
    expect(cleared).toHaveBeenCalledTimes(1);
    cleared.mockRestore();
  });
});
