import { afterEach, describe, expect, it, vi } from "vitest";
import { testClock } from "../support/clock.ts";
import {
  type Failure,
  httpDate,
  parseRetry,
  retry,
  retryAfter,
  RetryBudget,
  type RetryOptions,
} from "../../src/retry.ts";

afterEach(() => {
  // In this order: the other way round the spies would put the fake timers back.
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const again = (error: unknown): Failure => ({ error, retryable: true });
const fast: RetryOptions = { baseDelay: 0 };

describe("retry", () => {
  it("gives the first success and counts attempts", async () => {
    const result = await retry(
      fast,
      new RetryBudget(),
      undefined,
      async (number) => {
        if (number < 3) throw new Error("not yet");
        return number;
      },
      again,
    );
    expect(result).toBe(3);
  });

  it.each([
    [undefined, 4],
    [1, 1],
    [2, 2],
    [10, 10],
  ])("with attempts %s makes %i and rejects with the last error", async (attempts, expected) => {
    let made = 0;
    const options = { ...fast, ...(attempts === undefined ? {} : { attempts }) };
    const attempt = async (number: number): Promise<never> => {
      made++;
      throw new Error(`failure ${number}`);
    };
    await expect(retry(options, new RetryBudget(), undefined, attempt, again)).rejects.toThrow(`failure ${expected}`);
    expect(made).toBe(expected);
  });

  it("does not repeat what is final, and rejects with the judged error", async () => {
    const attempt = vi.fn(async () => Promise.reject(new Error("raw")));
    const judged = new Error("judged");
    await expect(
      retry(fast, new RetryBudget(), undefined, attempt, () => ({ error: judged, retryable: false })),
    ).rejects.toBe(judged);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it("waits with full jitter below a bound that doubles up to maxDelay", async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const waits = vi.spyOn(globalThis, "setTimeout");
    const outcome = retry(
      { attempts: 6, baseDelay: 100, maxDelay: 500 },
      new RetryBudget(),
      undefined,
      async () => Promise.reject(new Error("down")),
      again,
    ).catch(() => {});
    await vi.runAllTimersAsync();
    await outcome;
    expect(waits.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual([50, 100, 200, 250, 250]);
  });

  it("waits as long as the store asks, but never beyond maxDelay", async () => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0);
    const waits = vi.spyOn(globalThis, "setTimeout");
    const after = [3000, 60_000];
    const outcome = retry(
      { attempts: 3, baseDelay: 1 },
      new RetryBudget(),
      undefined,
      async () => Promise.reject(new Error("down")),
      (error) => ({ error, retryable: true, after: after.shift() ?? 0 }),
    ).catch(() => {});
    await vi.runAllTimersAsync();
    await outcome;
    expect(waits.mock.calls.map(([, milliseconds]) => milliseconds)).toEqual([3000, 20_000]);
  });

  it("an abort during a wait rejects at once with the reason and leaves neither timer nor listener", async () => {
    vi.useFakeTimers();
    const control = new AbortController();
    const remove = vi.spyOn(control.signal, "removeEventListener");
    const attempt = vi.fn(async () => Promise.reject(new Error("down")));
    const outcome = retry({ baseDelay: 60_000 }, new RetryBudget(), control.signal, attempt, again);
    outcome.catch(() => {});
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(1);
    const reason = new Error("left");
    control.abort(reason);
    await expect(outcome).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(attempt).toHaveBeenCalledTimes(1);
    expect(remove).not.toHaveBeenCalled(); // once: true has removed it
  });

  it("does not begin when the signal was aborted before", async () => {
    const reason = new Error("before");
    const attempt = vi.fn(async () => 1);
    await expect(retry(fast, new RetryBudget(), AbortSignal.abort(reason), attempt, again)).rejects.toBe(reason);
    expect(attempt).not.toHaveBeenCalled();
  });

  it.each([
    ["throttled", 100],
    ["transient", 35],
    // A hundred first repetitions at 1 leave 400 tokens, which pay for 28 at 14.
    ["stale", 128],
  ] as const)("stops repeating %s failures when %i of them have used the shared budget up", async (kind, most) => {
    const budget = new RetryBudget();
    let made = 0;
    const fail = async (): Promise<never> => {
      made++;
      throw new Error("down");
    };
    const judge = (error: unknown): Failure => ({ error, retryable: true, kind });
    const calls = Array.from({ length: 100 }, () =>
      retry({ ...fast, attempts: 10 }, budget, undefined, fail, judge).catch(() => {}),
    );
    await Promise.all(calls);
    expect(made).toBe(100 + most);
  });

  it("gives back what a retry took when it succeeds, and one token for a success at once", async () => {
    const budget = new RetryBudget();
    for (let index = 0; index < 1000; index++) {
      const result = await retry(
        fast,
        budget,
        undefined,
        async (n) => (n === 1 ? Promise.reject(new Error()) : n),
        again,
      );
      expect(result).toBe(2);
    }
    while (budget.take("throttled") > 0);
    const give = vi.spyOn(budget, "give");
    await retry(fast, budget, undefined, async () => 1, again);
    expect(give.mock.calls).toEqual([[1]]);
  });

  it("gives back one token for a rest that begins to come, so that a body which breaks off for ever ends", async () => {
    const budget = new RetryBudget();
    const judge = (error: unknown): Failure => ({ error, retryable: true, kind: "cut" });
    const resume = (): Promise<number> =>
      retry(fast, budget, undefined, async (n) => (n === 1 ? Promise.reject(new Error("cut")) : n), judge);
    let resumed = 0;
    for (; resumed < 1000; resumed++) if ((await resume().catch(() => true)) === true) break;
    // Each costs 4 of 500 in the end.
    expect(resumed).toBe(124);
  });

  it("repeats a first attempt on a stale connection at once, a later one like any other", async () => {
    const clock = testClock();
    const attempt = async (): Promise<never> => Promise.reject(new Error("closed"));
    const judge = (error: unknown): Failure => ({ error, retryable: true, kind: "stale" });
    await retry({}, new RetryBudget(), undefined, attempt, judge, clock).catch(() => {});
    expect(clock.slept).toEqual([100, 200]);
  });

  it("tells what it decided after each failure", async () => {
    const waits: unknown[] = [];
    const attempt = async (): Promise<never> => Promise.reject(new Error("down"));
    const outcome = retry({ attempts: 3 }, new RetryBudget(), undefined, attempt, again, testClock(), (wait) =>
      waits.push(wait),
    );
    await expect(outcome).rejects.toThrow("down");
    expect(waits).toEqual([50, 100, undefined]);
  });
});

describe("retryAfter", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");

  it.each([
    ["2", 2000],
    [" 0 ", 0],
    ["1.5", 1500],
    ["86400", 86_400_000],
    ["9".repeat(400), Infinity],
    ["Thu, 01 Jan 2026 00:00:05 GMT", 5000],
    ["Thursday, 01-Jan-26 00:00:05 GMT", 5000],
    ["Thu Jan  1 00:00:05 2026 GMT", 5000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["Fri, 01 Jan 2100 00:00:00 GMT", Date.parse("2100-01-01") - now],
  ])("reads %s", (header, expected) => {
    expect(retryAfter(header, now)).toBe(expected);
  });

  it.each([
    null,
    "",
    "soon",
    "1e9999",
    "-5",
    "+5",
    "NaN",
    "Infinity",
    "5 seconds",
    "2026-01-01T00:00:05Z",
    "1,2",
    "0x10",
  ])("gives undefined for %j", (header) => {
    expect(retryAfter(header, now)).toBeUndefined();
  });
});

describe("httpDate", () => {
  it.each([null, "", "Thu", "Jan 5", "Thu, 99 Foo 2026 99:99:99 GMT", "1767225600", "Nonsense 12:00:00"])(
    "gives undefined for %j",
    (header) => {
      expect(httpDate(header)).toBeUndefined();
    },
  );
});

describe("parseRetry", () => {
  it("takes bounds", () => {
    for (const options of [{}, { attempts: 1 }, { attempts: 10, baseDelay: 0, maxDelay: 0 }])
      expect(parseRetry(options)).toEqual(options);
  });

  it.each<[keyof RetryOptions, number]>([
    ["attempts", 0],
    ["attempts", 11],
    ["attempts", Number.NaN],
    ["attempts", 2.5],
    ["baseDelay", -1],
    ["maxDelay", Infinity],
  ])("refuses %s %d by name", (name, value) => {
    expect(() => parseRetry({ [name]: value })).toThrow(`retry.${name}`);
  });
});
