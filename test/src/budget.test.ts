import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Loan, MemoryBudget } from "../../src/budget.ts";

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
    expect((await second).buffer.byteLength).toBe(80);
    expect((await third).buffer.byteLength).toBe(20);
    expect(budget.used).toBe(100);
  });

  it("lets one grow to what fits with what it then gives back", async () => {
    const budget = new MemoryBudget(400, 100, 1);
    budget.seal(await budget.take(100, 0));
    const first = budget.seal(await budget.take(25, 0));
    const grown = budget.take(100, 25);
    expect(await settled(grown)).toBe(true);
    budget.give(first, true);
    // The next byte would be one of those that are set aside.
    expect([budget.used, await settled(budget.take(1, 0))]).toEqual([200, true]);
    expect(await settled(budget.take(4, 0))).toBe(false);
  });

  it("has one that grows wait where both its buffers would be more than all may hold", async () => {
    const budget = new MemoryBudget(6400, 3200, 1);
    const first = budget.seal(await budget.take(3190, 0));
    const control = new AbortController();
    const large = budget.take(3200, 0, control.signal);
    const small = await Promise.all([1, 2, 3].map(() => budget.take(100, 0)));
    control.abort("left");
    await expect(large).rejects.toBe("left");
    const grown = budget.take(3200, 3190);
    expect(await settled(grown)).toBe(false);
    for (const loan of small) budget.give(loan, true);
    await grown;
    expect(budget.used).toBe(6390);
    budget.give(first, true);
  });

  it("lets several take what makes up one part, where there is no room to set anything aside", async () => {
    const budget = new MemoryBudget(100, 100, 1);
    await Promise.all(Array.from({ length: 4 }, () => budget.take(25, 0)));
    expect(budget.used).toBe(100);
  });

  it("gives a full buffer that was given back to the next who asks, and no more than it may keep", async () => {
    const budget = new MemoryBudget(1000, 100, 1);
    const [a, b] = [await budget.take(100, 0), await budget.take(100, 0)];
    budget.give(a, true);
    budget.give(b, true);
    expect([budget.used, budget.held]).toEqual([0, 100]);
    expect((await budget.take(100, 0)).buffer).toBe(a.buffer);
    expect((await budget.take(100, 0)).buffer).not.toBe(b.buffer);
  });

  it("lets kept buffers go for the memory of others", async () => {
    const budget = new MemoryBudget(500, 100, 5);
    const full = await Promise.all([budget.take(100, 0), budget.take(100, 0), budget.take(100, 0)]);
    for (const loan of full) budget.give(loan, true);
    expect(budget.held).toBe(300);
    const others = await Promise.all([1, 2, 3].map(() => budget.take(99, 0)));
    expect([budget.used, budget.held]).toEqual([297, 497]);
    const late = await budget.take(3, 0);
    expect(budget.held).toBe(500);
    for (const loan of [...others, late]) budget.give(loan, true);
    expect(budget.held).toBe(200);
  });

  it("never reuses a buffer that something may still read, nor one of another size", async () => {
    const budget = new MemoryBudget(1000, 100, 4);
    const [full, small] = [await budget.take(100, 0), await budget.take(50, 0)];
    budget.give(full, false);
    budget.give(small, true);
    expect((await budget.take(100, 0)).buffer).not.toBe(full.buffer);
    expect((await budget.take(50, 0)).buffer).not.toBe(small.buffer);
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
    expect((await small).buffer.byteLength).toBe(40);
    budget.give(held, true);
    expect(budget.used).toBe(40);
    await expect(budget.take(1, 0, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(budget.used).toBe(40);
  });

  it("rescues those who all hold something and wait for more", async () => {
    const budget = new MemoryBudget(300, 100, 1);
    const held = await Promise.all([budget.take(25, 0), budget.take(25, 0), budget.take(25, 0), budget.take(25, 0)]);
    for (const loan of held) budget.seal(loan);
    const more = held.map(({ buffer }) => budget.take(100, buffer.byteLength));
    const order: number[] = [];
    await Promise.all(
      more.map(async (waiting, index) => {
        const loan = await waiting;
        order.push(index);
        budget.give(held[index] as Loan, true);
        await turn();
        budget.give(loan, true);
      }),
    );
    expect(order.toSorted()).toEqual([0, 1, 2, 3]);
    expect(budget.used).toBe(0);
  });

  it.each([2, 3, 4, 8])("with room for %i parts never exceeds it and never locks up, whoever takes", async (parts) => {
    const PART = 1024;
    // Whoever waits looks in every turn.
    vi.stubGlobal("setTimeout", (look: () => void) => setImmediate(look));
    onTestFinished(() => void vi.unstubAllGlobals());
    for (let seed = 1; seed <= 40; seed++) {
      let state = seed;
      const next = (below: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const most = parts * PART;
      const budget = new MemoryBudget(most, PART, 2);
      let peak = 0;
      const take = async (bytes: number, held: number): Promise<Loan> => {
        const loan = await budget.take(bytes, held);
        peak = Math.max(peak, budget.held);
        return loan;
      };
      // As an upload does: a first buffer that grows, then whole parts, several in flight, slow in between.
      const upload = async (): Promise<void> => {
        const [first, growth] = [4 + next(200), 2 + next(3)];
        const grown = next(PART);
        let loan = await take(first, 0);
        while (loan.buffer.byteLength < grown) {
          for (let wait = next(4); wait > 0; wait--) await turn();
          const { byteLength } = budget.seal(loan).buffer;
          const larger = await take(Math.min(PART, byteLength * growth), byteLength);
          budget.give(loan, true);
          loan = larger;
        }
        const flights = [budget.seal(loan)];
        for (let more = next(4); more > 0; more--) {
          if (flights.length > next(3)) budget.give(flights.shift() as Loan, next(2) === 0);
          const sent = flights.splice(0);
          const freed = turn().then(() => sent.forEach((part) => budget.give(part, true)));
          flights.push(budget.seal(await take(PART, 0)));
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

describe("a body that has stopped", () => {
  afterEach(() => void vi.useRealTimers());

  it("keeps no more than its bytes after a second when others wait, and its buffer is used again", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(300, 100, 1);
    const stopped = await budget.take(100, 0);
    const { buffer } = stopped;
    buffer.set([1, 2, 3]);
    stopped.end = 3;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(budget.used).toBe(100);
    const next = budget.take(96, 0);
    await vi.advanceTimersByTimeAsync(900);
    // A byte more begins the second anew.
    stopped.end = 4;
    await vi.advanceTimersByTimeAsync(1000);
    expect(stopped.buffer).toBe(buffer);
    await vi.advanceTimersByTimeAsync(50);
    expect([...stopped.buffer]).toEqual([1, 2, 3, 0]);
    budget.give(await next, true);
    expect(budget.used).toBe(4);
    budget.give(stopped, true);
    expect((await budget.take(100, 0)).buffer).toBe(buffer);
  });

  it("leaves no buffer behind that would be more than all may hold", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(500, 100, 5);
    const full = await Promise.all([1, 2, 3].map(() => budget.take(100, 0)));
    for (const loan of full) budget.give(loan, true);
    for (let index = 0; index < 2; index++) budget.seal(await budget.take(99, 0));
    (await budget.take(100, 0)).end = 50;
    expect([budget.used, budget.held]).toEqual([298, 498]);
    void budget.take(90, 0);
    await vi.advanceTimersByTimeAsync(1100);
    expect([budget.used, budget.held]).toEqual([248, 448]);
  });

  it("is told by a clock that nobody sets, and so is one that is sent", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(300, 100, 1);
    (await budget.take(100, 0)).end = 3;
    vi.setSystemTime(Date.now() - 5 * 3_600_000);
    const next = budget.take(96, 0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(budget.used).toBe(3 + 96);
    budget.seal(await next);
    vi.setSystemTime(Date.now() + 9 * 3_600_000);
    void budget.take(100, 0);
    await vi.advanceTimersByTimeAsync(100);
    expect(budget.used).toBe(3 + 96);
  });

  it("leaves what is set aside to one at a time, when all the rest is held by those that have stopped", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(500, 100, 1);
    for (let index = 0; index < 3; index++) (await budget.take(100, 0)).end = 99;
    const [first, second] = [budget.take(90, 0), budget.take(90, 0)];
    await vi.advanceTimersByTimeAsync(900);
    expect(budget.used).toBe(300);
    await vi.advanceTimersByTimeAsync(200);
    expect(budget.used).toBe(3 * 99 + 90);
    // When the one that was let in has stopped too, the others may need the rest to go on.
    (await first).end = 89;
    await vi.advanceTimersByTimeAsync(5000);
    expect(budget.used).toBe(3 * 99 + 89);
    budget.give(await first, true);
    await vi.advanceTimersByTimeAsync(10);
    budget.give(await second, true);
    expect(budget.used).toBe(3 * 99);
  });

  it("keeps its buffer where that is full", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(300, 100, 1);
    const full = await budget.take(100, 0);
    const { buffer } = full;
    full.end = 100;
    void budget.take(50, 0);
    await vi.advanceTimersByTimeAsync(1500);
    expect(full.buffer).toBe(buffer);
  });

  it("is passed by one that brings more than all the others were lent", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(16_000, 3200, 1);
    const take = async (bytes: number): Promise<Loan> => {
      const loan = await budget.take(bytes, 0);
      loan.end = bytes;
      return loan;
    };
    const [, , own] = [await take(3168), await take(3168), await take(2944)];
    const lent = take(2880);
    for (let small = 0; small < 4; small++) await take(100);
    await vi.advanceTimersByTimeAsync(1500);
    await lent;
    expect(budget.used).toBe(2 * 3168 + 2944 + 400 + 2880);
    const grown = budget.take(3200, budget.seal(own as Loan).end);
    await vi.advanceTimersByTimeAsync(1500);
    budget.give(own as Loan, true);
    await grown;
    expect(budget.used).toBe(2 * 3168 + 3200 + 400 + 2880);
  });

  it("is not one whose buffer has not been handed over, since its process was busy all the while", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(300, 100, 1);
    const held = budget.seal(await budget.take(100, 0));
    let wake!: () => void;
    const timeout = vi.spyOn(globalThis, "setTimeout").mockImplementationOnce((callback) => {
      wake = callback as () => void;
      return 0 as unknown as NodeJS.Timeout;
    });
    const late = budget.take(100, 0);
    timeout.mockRestore();
    budget.give(held, true);
    vi.advanceTimersByTime(1500);
    void budget.take(100, 0);
    wake();
    expect((await late).buffer.byteLength).toBe(100);
  });

  it("keeps its buffer while it is sent", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(300, 100, 1);
    const sent = budget.seal(await budget.take(100, 0));
    const next = budget.take(100, 0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([sent.buffer.byteLength, budget.used]).toEqual([100, 100]);
    budget.give(sent, true);
    await vi.advanceTimersByTimeAsync(10);
    expect((await next).buffer).toBe(sent.buffer);
  });
});

describe("small ones", () => {
  it("do not wait for a large one, and have an eighth of what is set aside, so that it does not wait for them", async () => {
    const budget = new MemoryBudget(9600, 3200, 1);
    const full = budget.seal(await budget.take(3200, 0));
    const large = budget.take(3200, 0);
    const small = await Promise.all(Array.from({ length: 8 }, () => budget.take(100, 0)));
    const late = budget.take(100, 0);
    expect(await settled(late)).toBe(false);
    budget.give(small.pop() as Loan, true);
    expect((await late).small).toBe(true);
    expect(await settled(large)).toBe(false);
    budget.give(full, true);
    expect(budget.used).toBe(8 * 100 + 3200);
    budget.give(await large, true);
    for (const loan of small) budget.give(loan, true);
    budget.give(await late, true);
    expect(budget.used).toBe(0);
    // What they had is set aside again.
    budget.seal(await budget.take(3200, 0));
    expect((await Promise.all(Array.from({ length: 8 }, () => budget.take(100, 0)))).length).toBe(8);
  });
});

describe("a request that the runtime ended", () => {
  afterEach(() => void vi.useRealTimers());

  it("does not keep the memory that it never gives back", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(3, 1, 1);
    budget.seal(await budget.take(1, 0));
    const next = budget.take(1, 0);
    await vi.advanceTimersByTimeAsync(9 * 60_000);
    expect(budget.used).toBe(1);
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    budget.give(await next, true);
    expect(budget.used).toBe(0);
  });

  it("is not what waits and looks now and then, which keeps its turn", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(300, 100, 1);
    const held = budget.seal(await budget.take(60, 0));
    const large = budget.take(90, 0);
    await vi.advanceTimersByTimeAsync(10_004);
    const small = budget.take(40, 0);
    await vi.advanceTimersByTimeAsync(50);
    expect(budget.used).toBe(60);
    budget.give(held, true);
    await vi.advanceTimersByTimeAsync(10);
    budget.give(await large, true);
    await vi.advanceTimersByTimeAsync(10);
    budget.give(await small, true);
    expect(budget.used).toBe(0);
  });

  it("is not one whose timers came late, which waits on", async () => {
    vi.useFakeTimers();
    const budget = new MemoryBudget(3, 1, 1);
    const first = await budget.take(1, 0);
    await vi.advanceTimersByTimeAsync(1);
    let wake!: () => void;
    const timeout = vi.spyOn(globalThis, "setTimeout").mockImplementationOnce((callback) => {
      wake = callback as () => void;
      return 0 as unknown as NodeJS.Timeout;
    });
    const late = budget.take(1, 0);
    timeout.mockRestore();
    await vi.advanceTimersByTimeAsync(5000);
    budget.give(first, true);
    expect(budget.used).toBe(0);
    wake();
    await vi.advanceTimersByTimeAsync(10);
    budget.give(await late, true);
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
