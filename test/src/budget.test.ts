import { afterEach, describe, expect, it, vi } from "vitest";
import { MemoryBudget } from "../../src/budget.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Whether a promise is settled after everything that can run has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  await turn();
  return done;
}

describe("MemoryBudget", () => {
  it("lets take what fits, and makes others wait until it is given back, in order", async () => {
    const budget = new MemoryBudget(360, 100, 2);
    const first = await budget.take(100, 0);
    const second = budget.take(80, 0);
    const third = budget.take(20, 0);
    expect(await settled(second)).toBe(false);
    // What would fit waits its turn too: small ones must not starve a large one.
    expect(await settled(third)).toBe(false);
    budget.give(first, true);
    expect((await second).byteLength).toBe(80);
    expect((await third).byteLength).toBe(20);
    expect(budget.used).toBe(100);
  });

  it("gives a full buffer that was given back to the next who asks, and no more than it may keep", async () => {
    const budget = new MemoryBudget(1000, 100, 1);
    const [a, b] = [await budget.take(100, 0), await budget.take(100, 0)];
    budget.give(a, true);
    budget.give(b, true);
    expect(await budget.take(100, 0)).toBe(a);
    expect(await budget.take(100, 0)).not.toBe(b);
  });

  it("never reuses a buffer that something may still read, nor one of another size", async () => {
    const budget = new MemoryBudget(1000, 100, 4);
    const [full, small] = [await budget.take(100, 0), await budget.take(50, 0)];
    budget.give(full, false);
    budget.give(small, true);
    expect(await budget.take(100, 0)).not.toBe(full);
    expect(await budget.take(50, 0)).not.toBe(small);
  });

  it("an abort while waiting rejects with the reason and lets the next in", async () => {
    const budget = new MemoryBudget(300, 100, 1);
    const held = await budget.take(60, 0);
    const control = new AbortController();
    const large = budget.take(90, 0, control.signal);
    const small = budget.take(40, 0);
    expect(await settled(small)).toBe(false);
    const reason = new Error("left");
    control.abort(reason);
    await expect(large).rejects.toBe(reason);
    expect((await small).byteLength).toBe(40);
    budget.give(held, true);
    expect(budget.used).toBe(40);
    await expect(budget.take(1, 0, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(budget.used).toBe(40);
  });

  it("rescues those who all hold something and wait for more", async () => {
    const budget = new MemoryBudget(300, 100, 1);
    const held = await Promise.all([budget.take(25, 0), budget.take(25, 0), budget.take(25, 0), budget.take(25, 0)]);
    const more = held.map((buffer) => budget.take(100, buffer.byteLength));
    const order: number[] = [];
    await Promise.all(
      more.map(async (waiting, index) => {
        const buffer = await waiting;
        order.push(index);
        budget.give(held[index] as Uint8Array<ArrayBuffer>, true);
        await turn();
        budget.give(buffer, true);
      }),
    );
    expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    expect(budget.used).toBe(0);
  });

  it.each([2, 3, 4, 8])("with room for %i parts never exceeds it and never locks up, whoever takes", async (parts) => {
    const PART = 1024;
    for (let seed = 1; seed <= 40; seed++) {
      let state = seed;
      const next = (below: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const most = parts * PART;
      const budget = new MemoryBudget(most, PART, 2);
      let peak = 0;
      const take = async (bytes: number, held: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> => {
        const buffer = await budget.take(bytes, held, signal);
        peak = Math.max(peak, budget.used);
        return buffer;
      };
      // As an upload does: a first buffer that grows, then whole parts, several in flight, slow in between.
      const upload = async (): Promise<void> => {
        const [first, growth] = [16 + next(200), 2 + next(3)];
        const grown = next(PART);
        let buffer = await take(first, 0);
        while (buffer.byteLength < grown) {
          for (let wait = next(4); wait > 0; wait--) await turn();
          const larger = await take(Math.min(PART, buffer.byteLength * growth), buffer.byteLength);
          budget.give(buffer, true);
          buffer = larger;
        }
        const flights = [buffer];
        for (let more = next(4); more > 0; more--) {
          if (flights.length > next(3)) budget.give(flights.shift() as Uint8Array<ArrayBuffer>, next(2) === 0);
          const sent = flights.splice(0);
          const freed = turn().then(() => sent.forEach((part) => budget.give(part, true)));
          flights.push(await take(PART, 0));
          await freed;
        }
        for (const part of flights) budget.give(part, true);
      };
      await Promise.all(Array.from({ length: 20 }, upload));
      expect(budget.used, `seed ${seed}`).toBe(0);
      // Below three parts nothing can be set aside, so the one that is rescued may go beyond.
      expect(peak, `seed ${seed}`).toBeLessThanOrEqual(parts >= 3 ? most : most + PART);
    }
  });
});

describe("a request that the runtime ended", () => {
  afterEach(() => void vi.useRealTimers());

  it("does not keep the memory that it never gives back", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(3, 1, 1);
    await budget.take(1, 0);
    const next = budget.take(1, 0);
    await vi.advanceTimersByTimeAsync(9 * 60_000);
    expect(budget.used).toBe(1);
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    budget.give(await next, true);
    expect(budget.used).toBe(0);
  });

  it("is passed over where it waited", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(3, 1, 1);
    const first = await budget.take(1, 0);
    // Its timers never run: it took its place and was ended.
    const timeout = vi.spyOn(globalThis, "setTimeout").mockImplementationOnce(() => 0 as unknown as NodeJS.Timeout);
    void budget.take(1, 0);
    timeout.mockRestore();
    await vi.advanceTimersByTimeAsync(5000);
    const last = budget.take(1, 0);
    budget.give(first, true);
    await vi.advanceTimersByTimeAsync(10);
    budget.give(await last, true);
    expect(budget.used).toBe(0);
  });
});
