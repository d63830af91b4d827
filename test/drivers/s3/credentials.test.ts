import { afterEach, describe, expect, it, vi } from "vitest";
import { identityOf } from "../../../drivers/s3/credentials.ts";
import type { Credentials } from "../../../drivers/s3/options.ts";
import { systemClock } from "../../../src/clock.ts";
import type { Identity } from "../../../src/sigv4/sign.ts";
import { testClock } from "../../support/clock.ts";

const keys: Credentials = { accessKeyId: "AKID", secretAccessKey: "secret" };
const MINUTE = 60_000;

afterEach(() => {
  vi.useRealTimers();
});

describe("identityOf", () => {
  it("takes the options' keys before the environment's, and never mixes them", async () => {
    const env = { AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "es", AWS_SESSION_TOKEN: "et" };
    expect(await identityOf(keys, env)()).toEqual({ ...keys, sessionToken: undefined });
    expect(await identityOf({}, env)()).toEqual({ accessKeyId: "E", secretAccessKey: "es", sessionToken: "et" });
  });

  it("refuses half a pair at once, and no pair when a request is signed", () => {
    expect(() => identityOf({ accessKeyId: "a" }, {})).toThrow(/^secretAccessKey/);
    expect(() => identityOf({ secretAccessKey: "a" }, {})).toThrow(/^accessKeyId/);
    // It would be passed over, and belongs to none of the environment's keys.
    const env = { AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "es" };
    expect(() => identityOf({ sessionToken: "t" }, env)).toThrow(/^accessKeyId/);
    const source = identityOf({}, { AWS_ACCESS_KEY_ID: "a" });
    expect(() => source()).toThrow(expect.objectContaining({ code: "invalid-option" }));
  });

  it("refuses what no header can carry, without repeating it", () => {
    expect(() => identityOf({ ...keys, sessionToken: "CANARY\nx" }, {})).toThrow(/^(?!.*CANARY)sessionToken/);
    for (const accessKeyId of ["CANARY x", "CANARY\u00e9", "CANARY\u007f"])
      expect(() => identityOf({ ...keys, accessKeyId }, {})).toThrow(/^(?!.*CANARY)accessKeyId/);
    const env = { AWS_ACCESS_KEY_ID: "E", AWS_SECRET_ACCESS_KEY: "es", AWS_SESSION_TOKEN: "CANARY\n" };
    expect(() => identityOf({}, env)()).toThrow(/^(?!.*CANARY)AWS_SESSION_TOKEN/);
  });
});

describe("identityOf with a function", () => {
  it("asks it rather than take keys that stand beside it", async () => {
    const source = identityOf({ accessKeyId: "other", secretAccessKey: "other", credentials: async () => keys }, {});
    expect(await source()).toBe(keys);
  });

  it("asks once for all, and keeps what does not expire", async () => {
    const provide = vi.fn(async () => keys);
    const source = identityOf({ credentials: provide }, {});
    expect(provide).not.toHaveBeenCalled();
    expect(await Promise.all([source(), source(), source()])).toEqual([keys, keys, keys]);
    await source();
    expect(provide).toHaveBeenCalledTimes(1);
  });

  it("asks again five minutes before they expire, once for all", async () => {
    vi.useFakeTimers();
    const provide = vi.fn(async () => ({ ...keys, expiration: new Date(Date.now() + 60 * MINUTE) }));
    const source = identityOf({ credentials: provide }, {});
    await source();
    vi.advanceTimersByTime(54 * MINUTE);
    await source();
    expect(provide).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(2 * MINUTE);
    await Promise.all([source(), source()]);
    expect(provide).toHaveBeenCalledTimes(2);
  });

  it("asks again for later callers when an answer does not come for half a minute", async () => {
    const clock = testClock();
    const provide = vi.fn(async () => keys).mockReturnValueOnce(new Promise(() => {}));
    const source = identityOf({ credentials: provide }, {}, clock);
    void source();
    clock.advance(29_000);
    void source();
    clock.advance(1000);
    expect(await source()).toBe(keys);
    expect(provide).toHaveBeenCalledTimes(2);
  });

  it("asks again, too, when the clock was put back while an answer did not come", async () => {
    const clock = testClock();
    const provide = vi.fn(async () => keys).mockReturnValueOnce(new Promise(() => {}));
    const source = identityOf({ credentials: provide }, {}, clock);
    void source();
    clock.advance(-6 * 3_600_000);
    expect(await source()).toBe(keys);
  });

  it("shares a later call though one that did not answer fails meanwhile", async () => {
    const clock = testClock();
    let fail!: (reason: unknown) => void;
    let give!: (given: Credentials) => void;
    const provide = vi
      .fn<() => Promise<Credentials>>()
      .mockReturnValueOnce(new Promise((_, reject) => (fail = reject)))
      .mockReturnValueOnce(new Promise((resolve) => (give = resolve)));
    const source = identityOf({ credentials: provide }, {}, clock);
    const first = source();
    clock.advance(30_000);
    const second = source();
    await expect.poll(() => provide.mock.calls.length).toBe(2);
    fail(new Error("down"));
    await expect(first).rejects.toMatchObject({ code: "unauthenticated" });
    const third = source();
    give(keys);
    expect([await second, await third]).toEqual([keys, keys]);
    expect(provide).toHaveBeenCalledTimes(2);
  });

  it("waits for as long as it takes without a limit", async () => {
    const credentials = (): Promise<Credentials> => new Promise((resolve) => setTimeout(resolve, 20, keys));
    expect(await identityOf({ credentials }, {})()).toBe(keys);
  });

  it("gives those who wait on a call that hangs, at their limit, what a later one was given", async () => {
    const clock = testClock();
    const provide = vi.fn(async () => keys).mockReturnValueOnce(new Promise(() => {}));
    const source = identityOf({ credentials: provide }, {}, clock, 20);
    const first = source();
    clock.advance(30_000);
    expect(await source()).toBe(keys);
    expect(await first).toBe(keys);
  });

  it("asks behind the back of keys that still hold, whether the function hangs or fails, and waits once they do not", async () => {
    const clock = testClock();
    const early = { ...keys, expiration: new Date(clock.now() + 4 * MINUTE) };
    const provide = vi
      .fn(async (): Promise<Credentials> => keys)
      .mockResolvedValueOnce(early)
      .mockReturnValueOnce(new Promise(() => {}))
      .mockRejectedValueOnce(new Error("down"));
    const source = identityOf({ credentials: provide }, {}, clock);
    expect(await source()).toBe(early);
    expect(await source()).toBe(early);
    clock.advance(MINUTE);
    expect(await source()).toBe(early);
    await expect.poll(() => provide.mock.calls.length).toBe(3);
    clock.advance(4 * MINUTE);
    expect(await source()).toBe(keys);
  });

  it("waits for first keys up to its limit, rejects timeout, and takes them when they come later", async () => {
    let give!: (given: Credentials) => void;
    const provide = vi.fn(() => new Promise<Credentials>((resolve) => (give = resolve)));
    const source = identityOf({ credentials: provide }, {}, systemClock, 20);
    const outcomes = await Promise.allSettled([source(), source()]);
    const late = { code: "timeout", message: expect.stringContaining("credentials function"), retryable: true };
    expect(outcomes).toMatchObject([{ reason: late }, { reason: late }]);
    give(keys);
    expect(await source()).toBe(keys);
    expect(provide).toHaveBeenCalledTimes(1);
  });

  it("an abort does not wait for it, and leaves no timer", async () => {
    const source = identityOf({ credentials: () => new Promise(() => {}) }, {}, systemClock, 60_000);
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const control = new AbortController();
    const waiting = source(control.signal);
    expect(timers()).toBe(before + 1);
    control.abort("left");
    await expect(waiting).rejects.toBe("left");
    expect(timers()).toBe(before);
  });

  it("waits for nothing while keys hold, and up to its limit for others in place of refused ones", async () => {
    const early = { ...keys, expiration: new Date(Date.now() + 4 * MINUTE) };
    const provide = vi.fn(async (): Promise<Credentials> => early);
    const source = identityOf({ credentials: provide }, {}, systemClock, 20);
    const first = await source();
    provide.mockReturnValue(new Promise(() => {}));
    expect(await source()).toBe(first);
    await expect(source(undefined, first)).rejects.toMatchObject({ code: "timeout" });
    expect(await source()).toBe(first);
  });

  it("given expired keys asks for others, unless others came meanwhile; fixed keys stay", async () => {
    const provide = vi.fn(async () => ({ ...keys }));
    const source = identityOf({ credentials: provide }, {});
    const first = await source();
    const second = await source(undefined, first);
    expect(second).not.toBe(first);
    expect(await source(undefined, first)).toBe(second);
    expect(provide).toHaveBeenCalledTimes(2);
    const fixed = identityOf(keys, {});
    expect(await fixed(undefined, await fixed())).toMatchObject(keys);
  });

  it("given refused keys asks once in five seconds, either way, though it gives others each time", async () => {
    const clock = testClock();
    const provide = vi.fn(async () => ({ ...keys }));
    const source = identityOf({ credentials: provide }, {}, clock);
    const second = await source(undefined, await source());
    for (const step of [0, 4000, -8000]) {
      clock.advance(step);
      expect(await source(undefined, second)).toBe(second);
    }
    expect(provide).toHaveBeenCalledTimes(2);
    clock.advance(-1000);
    expect(await source(undefined, second)).not.toBe(second);
  });

  it("given refused keys joins a call under way, and asks again five seconds after one that failed", async () => {
    const clock = testClock();
    let fail!: (reason: unknown) => void;
    const provide = vi.fn<() => Promise<Credentials>>().mockImplementation(async () => ({ ...keys }));
    const source = identityOf({ credentials: provide }, {}, clock);
    const first = await source();
    const second = await source(undefined, first);
    clock.advance(5000);
    provide.mockReturnValueOnce(new Promise((_, reject) => (fail = reject)));
    const both = Promise.allSettled([source(undefined, second), source(undefined, second)]);
    await expect.poll(() => provide.mock.calls.length).toBe(3);
    fail(new Error("down"));
    expect(await both).toMatchObject([{ status: "rejected" }, { status: "rejected" }]);
    expect(await source(undefined, second)).toBe(second);
    expect(provide).toHaveBeenCalledTimes(3);
    clock.advance(5000);
    await source(undefined, second);
    expect(provide).toHaveBeenCalledTimes(4);
  });

  it("within five seconds of refused keys joins a call for later ones, and asks in place of those that end", async () => {
    const clock = testClock();
    let give!: (given: Credentials) => void;
    const brief = { ...keys, expiration: new Date(clock.now() + 1000) };
    const provide = vi
      .fn<() => Promise<Credentials>>()
      .mockResolvedValue(keys)
      .mockResolvedValueOnce({ ...keys });
    const source = identityOf({ credentials: provide }, {}, clock);
    const first = await source();
    provide.mockResolvedValueOnce(brief).mockReturnValueOnce(new Promise((resolve) => (give = resolve)));
    expect(await source(undefined, first)).toBe(brief);
    // Which asks behind their back.
    expect(await source()).toBe(brief);
    const joined = source(undefined, brief);
    const later = { ...brief };
    give(later);
    expect(await joined).toBe(later);
    clock.advance(1000);
    expect(await source()).toBe(keys);
  });

  it("asks once for all whether keys that were refused without a reason have ended, unless others were given or it asked just now", async () => {
    const clock = testClock();
    const source = identityOf({ credentials: async () => ({ ...keys }) }, {}, clock);
    const first = await source();
    let [asked, answer] = [0, false];
    const ended = (refused: Identity): Promise<boolean> | undefined =>
      source.areEnded?.(refused, async () => (asked++, answer));
    expect(await Promise.all([ended(first), ended(first)])).toEqual([false, false]);
    expect([await ended(first), asked]).toEqual([false, 1]);
    clock.advance(5000);
    answer = true;
    expect([await ended(first), await ended(first), asked]).toEqual([true, true, 3]);
    const second = await source(undefined, first);
    expect([await ended(first), await ended(second), asked]).toEqual([true, false, 3]);
    expect(identityOf(keys, {}).areEnded).toBeUndefined();
  });

  it("rejects when it rejects for keys that the store calls expired, though they hold by their date", async () => {
    const provide = vi
      .fn(async () => keys)
      .mockResolvedValueOnce(keys)
      .mockRejectedValueOnce(new Error("down"));
    const source = identityOf({ credentials: provide }, {});
    const first = await source();
    await expect(source(undefined, first)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("rejects unauthenticated with the cause, and asks again at the next call", async () => {
    const cause = new Error("no metadata service");
    const provide = vi.fn<() => Promise<Credentials>>().mockRejectedValueOnce(cause).mockResolvedValue(keys);
    const source = identityOf({ credentials: provide }, {});
    await expect(source()).rejects.toMatchObject({ code: "unauthenticated", cause });
    expect(await source()).toBe(keys);
  });

  it.each([
    ["nothing", undefined],
    ["half a pair", { accessKeyId: "a" }],
    ["an expiration as text", { ...keys, expiration: "2030-01-01T00:00:00Z" }],
    ["an expiration of null", { ...keys, expiration: null }],
    ["an expiration that is no date", { ...keys, expiration: new Date("x") }],
    ["a token that no header can carry", { ...keys, sessionToken: "CANARY\n" }],
  ])("rejects when it gives %s, and leaves no rejection unhandled", async (_, given) => {
    const source = identityOf({ credentials: async () => given as Credentials }, {});
    await expect(source()).rejects.toMatchObject({ code: "unauthenticated", cause: { code: "invalid-option" } });
    await expect(source()).rejects.not.toThrow("CANARY");
  });

  it("rejects when it throws", async () => {
    const credentials = (): never => {
      throw new Error("thrown");
    };
    await expect(identityOf({ credentials }, {})()).rejects.toMatchObject({ code: "unauthenticated" });
  });
});
