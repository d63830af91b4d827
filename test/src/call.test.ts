import { describe, expect, it, vi } from "vitest";
import type { Backend } from "../../src/backend.ts";
import { caller, opener } from "../../src/call.ts";
import { StorageError } from "../../src/error.ts";
import type { CallEvent, StorageEvent } from "../../src/event.ts";

const backend = {} as Backend;

describe("opener", () => {
  it("opens once, at the first call, for all who ask at once", async () => {
    const open = vi.fn(async () => backend);
    const opened = opener({ name: "test", open });
    expect(opened.release()).toBeUndefined();
    expect(open).not.toHaveBeenCalled();
    expect(await Promise.all([opened.get(), opened.get()])).toEqual([backend, backend]);
    await opened.get();
    expect(open).toHaveBeenCalledTimes(1);
  });

  it("turns a throw into a rejection and tries again at the next call", async () => {
    let attempt = 0;
    const opened = opener({
      name: "test",
      open: () => {
        if (++attempt === 1) throw new Error("not yet");
        return backend;
      },
    });
    await expect(opened.get()).rejects.toMatchObject({ operation: "open", message: "test open: not yet" });
    expect(opened.release()).toBeUndefined();
    expect(await opened.get()).toBe(backend);
  });
});

describe("opener.release", () => {
  it("lets the next call open again while the first opening fails, which takes nothing from that one", async () => {
    let fail!: (error: Error) => void;
    const open = vi
      .fn(async () => backend)
      .mockImplementationOnce(() => new Promise((_resolve, reject) => (fail = reject)));
    const opened = opener({ name: "test", open });
    const first = expect(opened.get()).rejects.toThrow("late");
    await Promise.resolve();
    const released = expect(opened.release()).rejects.toThrow("late");
    const second = opened.get();
    fail(new Error("late"));
    await Promise.all([first, released]);
    expect(await second).toBe(backend);
    expect(opened.release()).toBe(second);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it("gives what was open, once, and lets the next call open again", async () => {
    const open = vi.fn(async () => backend);
    const opened = opener({ name: "test", open });
    await opened.get();
    expect(await opened.release()).toBe(backend);
    expect(opened.release()).toBeUndefined();
    await opened.get();
    expect(open).toHaveBeenCalledTimes(2);
  });
});

describe("caller", () => {
  const events: StorageEvent[] = [];
  const call = caller(
    { name: "test", open: () => backend, onEvent: (event) => events.push(event) },
    async () => backend,
  );
  const last = (): StorageEvent | undefined => events.at(-1);

  it("gives what the verb gives and reports it", async () => {
    const started = performance.now();
    expect(await call("head", "k", {}, (given) => given === backend)).toBe(true);
    expect((last() as CallEvent).duration).toBeLessThanOrEqual(performance.now() - started);
    expect(last()).toEqual({
      type: "call",
      driver: "test",
      operation: "head",
      key: "k",
      duration: expect.any(Number),
      aborted: false,
    });
  });

  it("reports size and version of what a verb has written or given, and of nothing else", async () => {
    await call("upload", "k", {}, () => ({ key: "k", size: 5, etag: '"1"' }));
    expect(last()).toMatchObject({ operation: "upload", size: 5, etag: '"1"' });
    for (const none of [undefined, null, true, []]) {
      await call("delete", "k", {}, () => none);
      expect(last()).toMatchObject({ size: undefined, etag: undefined });
    }
  });

  it("places an error and reports that same one", async () => {
    const error = new StorageError("denied", "no");
    await expect(call("head", "k", {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(error).toMatchObject({ operation: "head", key: "k", driver: "test" });
    expect(last()).toMatchObject({ error, aborted: false });
  });

  it("makes a StorageError of what is none", async () => {
    const run = (): never => {
      throw new TypeError("odd");
    };
    await expect(call("head", undefined, undefined, run)).rejects.toMatchObject({ code: "unknown", operation: "head" });
  });

  it("rejects with the signal's reason, whatever the verb made of the abort", async () => {
    const control = new AbortController();
    const reason = { not: "an error" };
    const run = async (): Promise<never> => {
      control.abort(reason);
      throw new StorageError("unavailable", "the connection failed");
    };
    await expect(call("head", "k", { signal: control.signal }, run)).rejects.toBe(reason);
    expect(last()).toMatchObject({ aborted: true });
    expect(last()).not.toMatchObject({ error: expect.anything() });
  });

  it("reports a body that an abort has ended as aborted, not as failed", async () => {
    const control = new AbortController();
    const { signal } = control;
    const info = { key: "k", size: 3, etag: '"e"' };
    const body = new ReadableStream<Uint8Array>({
      pull: () => {
        control.abort("left");
        throw new StorageError("unavailable", "the connection failed");
      },
    });
    const stored = await call("download", "k", { signal }, (_backend, _place, watch) => watch?.({ info, body }));
    await expect(stored?.body.getReader().read()).rejects.toBeDefined();
    expect(last()).toMatchObject({ type: "body", aborted: true });
    expect(last()).not.toMatchObject({ error: expect.anything() });
  });

  it("reports a body at the abort, once, while nobody reads it, and after its call", async () => {
    for (const early of [false, true]) {
      events.length = 0;
      const control = new AbortController();
      const info = { key: "k", size: 3, etag: '"e"' };
      const body = new Blob(["abc"]).stream();
      const stored = await call("download", "k", { signal: control.signal }, (_backend, _place, watch) => {
        const found = watch?.({ info, body });
        if (early) control.abort("left");
        return found;
      });
      control.abort("left");
      expect(events.map(({ type }) => type)).toEqual(["call", "body"]);
      expect(last()).toMatchObject({ bytes: 0, aborted: true, error: undefined });
      await stored?.body.cancel();
      expect(events).toHaveLength(2);
    }
  });

  it("runs nothing when the signal was aborted before", async () => {
    const run = vi.fn();
    await expect(call("head", "k", { signal: AbortSignal.abort("before") }, run)).rejects.toBe("before");
    expect(run).not.toHaveBeenCalled();
  });

  it("keeps a success that came before the abort", async () => {
    const control = new AbortController();
    const run = async (): Promise<number> => {
      control.abort();
      return 1;
    };
    expect(await call("head", "k", { signal: control.signal }, run)).toBe(1);
  });

  it("ignores what an observer throws", async () => {
    const spec = {
      name: "test",
      open: () => backend,
      onEvent: () => {
        throw new Error("observer");
      },
    };
    const observed = caller(spec, async () => backend);
    expect(await observed("head", "k", {}, () => 1)).toBe(1);
    await expect(observed("head", "k", {}, () => Promise.reject(new Error("own")))).rejects.toThrow("own");
  });
});
