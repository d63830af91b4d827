import { mkdtemp, readdir, readlink, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import type { Backend, Key } from "../../src/backend.ts";
import { caller, type DriverSpec } from "../../src/call.ts";
import { StorageError } from "../../src/error.ts";
import type { StorageEvent } from "../../src/event.ts";
import type { DownloadedObject, ObjectInfo, UpdateFunction, UpdateOptions } from "../../src/interface.ts";
import { update } from "../../src/update.ts";
import { testClock } from "../support/clock.ts";

/** The loop over the memory backend with some of its verbs replaced, by a clock that takes no time. */
async function loop(replace: (backend: Backend) => Partial<Backend> = () => ({})) {
  const memoryBackend = await memory().getInstance();
  const backend: Backend = { ...memoryBackend, ...replace(memoryBackend) };
  const clock = testClock();
  const events: StorageEvent[] = [];
  const spec: DriverSpec = { name: "test", open: () => backend, onEvent: (event) => void events.push(event) };
  const call = caller(spec, async () => backend);
  const run = (fn: UpdateFunction, options: UpdateOptions = {}): Promise<ObjectInfo> =>
    update(call, "k", fn, options, clock);
  return { backend: memoryBackend, run, clock, events };
}

const failing = (code: ConstructorParameters<typeof StorageError>[0], times: number) => (backend: Backend) => {
  let left = times;
  return {
    put: ((...args) =>
      left-- > 0
        ? Promise.reject(new StorageError(code, "no", { retryable: code === "conflict" }))
        : backend.put(...args)) satisfies Backend["put"],
  };
};

/** A memory backend's `get` that tells whether each body was cancelled. */
function watched(told: string[]) {
  return (backend: Backend): Partial<Backend> => ({
    get: async (key, options) => {
      const stored = await backend.get(key, options);
      if (!stored) return null;
      const reader = stored.body.getReader();
      const body = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const { done, value } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          },
          cancel: () => void told.push("cancelled"),
        },
        { highWaterMark: 0 },
      );
      return { ...stored, body };
    },
    put: async (key, source, options) => {
      told.push("put");
      return backend.put(key, source, options);
    },
  });
}

describe("update", () => {
  it.each(["precondition-failed", "conflict"] as const)("repeats after %s, with full jitter", async (code) => {
    const { run, clock } = await loop(failing(code, 9));
    const fn = vi.fn(() => "x");
    expect(await run(fn)).toMatchObject({ key: "k", size: 1 });
    expect(fn).toHaveBeenCalledTimes(10);
    expect(clock.slept).toEqual([25, 50, 100, 200, 400, 800, 1600, 2500, 2500]);
  });

  it("hears an abort while it reads, with the signal's own reason", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const { run } = await loop(() => ({
      get: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason as Error));
          control.abort(reason);
        }),
    }));
    await expect(run(() => "x", { signal: control.signal })).rejects.toBe(reason);
  }, 10_000);

  it("gives up after its attempts with a retryable conflict that says so", async () => {
    const { run, clock, events } = await loop(failing("precondition-failed", 1000));
    await expect(run(() => "x")).rejects.toMatchObject({
      code: "conflict",
      operation: "update",
      key: "k",
      retryable: true,
      message: expect.stringMatching(/10 attempts.*raise attempts/),
      cause: { code: "precondition-failed" },
    });
    expect(clock.slept).toHaveLength(9);
    expect(events).toMatchObject([{ operation: "update", error: { code: "conflict" } }]);
  });

  it("has as many attempts as it is told to", async () => {
    const { run, clock } = await loop(failing("conflict", 1000));
    await expect(run(() => "x", { attempts: 100 })).rejects.toMatchObject({ message: expect.stringMatching("100") });
    expect(clock.slept).toHaveLength(99);
    await expect(run(() => "x", { attempts: 1 })).rejects.toMatchObject({ code: "conflict" });
    expect(clock.slept).toHaveLength(99);
  });

  it("does not repeat after a conflict for good", async () => {
    const { run, clock } = await loop(() => ({ put: () => Promise.reject(new StorageError("conflict", "a folder")) }));
    await expect(run(() => "x")).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching("a folder"),
    });
    expect(clock.slept).toEqual([]);
  });

  it.each([undefined, null, "x"])("refuses %j for a function before it reads", async (fn) => {
    const get = vi.fn();
    const { run } = await loop(() => ({ get }));
    await expect(run(fn as never)).rejects.toMatchObject({
      code: "invalid-option",
      operation: "update",
      key: "k",
      message: expect.stringContaining("fn must be a function"),
    });
    expect(get).not.toHaveBeenCalled();
  });

  it.each(["ambiguous", "unavailable", "denied"] as const)("does not repeat after %s", async (code) => {
    const { run, clock } = await loop(failing(code, 1));
    await expect(run(() => "x")).rejects.toMatchObject({ code, operation: "update" });
    expect(clock.slept).toEqual([]);
  });

  it.each(["precondition-failed", "conflict"] as const)("does not repeat when fn itself throws %s", async (code) => {
    const { run, clock } = await loop();
    const reason = new StorageError(code, "of another object");
    const fn = vi.fn(() => Promise.reject(reason));
    await expect(run(fn)).rejects.toBe(reason);
    expect([fn.mock.calls.length, clock.slept]).toEqual([1, []]);
  });

  it("gives fn's own error as it is, and reports it", async () => {
    const told: string[] = [];
    const { run, backend, events } = await loop(watched(told));
    await backend.put("k" as never, { bytes: new Uint8Array(5) }, {});
    const reason = new RangeError("mine");
    const thrower = (): never => {
      throw reason;
    };
    await expect(run(thrower)).rejects.toBe(reason);
    expect(told).toEqual(["cancelled"]);
    expect(events).toMatchObject([{ operation: "update", error: { code: "unknown", cause: reason } }]);
  });
});

describe("metadata that no header can say", () => {
  const reading =
    (missingMetadata: number | undefined) =>
    (backend: Backend): Partial<Backend> => ({
      get: async (key, options) => {
        const stored = await backend.get(key, options);
        return stored && { ...stored, info: { ...stored.info, ...(missingMetadata && { missingMetadata }) } };
      },
    });

  it("is not dropped: update is unsupported unless metadata says what there shall be", async () => {
    const { run, backend } = await loop(reading(2));
    await backend.put("k" as never, { bytes: new Uint8Array(5) }, {});
    await expect(run(() => "x")).rejects.toMatchObject({
      code: "unsupported",
      operation: "update",
      message: expect.stringMatching(/metadata that no header can say; give metadata/),
    });
    expect((await backend.head("k" as never, {}))?.size).toBe(5);
    // What writes nothing drops nothing.
    expect(await run(() => undefined)).toMatchObject({ size: 5 });
    expect(await run(() => "x", { metadata: { a: "b" } })).toMatchObject({ size: 1, metadata: { a: "b" } });
  });
});

describe("the current body in update", () => {
  async function stored(told: string[]) {
    const made = await loop(watched(told));
    await made.backend.put("k" as never, { bytes: new TextEncoder().encode("hello") }, {});
    const text = async (): Promise<string> =>
      new Response((await made.backend.get("k" as never, {}))?.body ?? null).text();
    return { ...made, text };
  }

  it.each([
    ["text", () => "x"],
    ["bytes", () => new Uint8Array(1)],
    ["an ArrayBuffer", () => new ArrayBuffer(1)],
    ["a Blob", () => new Blob(["x"])],
    ["null", () => null],
  ] as [string, UpdateFunction][])("is cancelled before %s is written", async (_, fn) => {
    const told: string[] = [];
    await (await stored(told)).run(fn);
    expect(told).toEqual(["cancelled", "put"]);
  });

  it("is cancelled after a stream that did not read it", async () => {
    const told: string[] = [];
    await (await stored(told)).run(() => new Response("x").body);
    expect(told).toEqual(["put", "cancelled"]);
  });

  it.each([10, 262_144, 300_000])("may be given back changed where it is, with %i bytes", async (size) => {
    const base = await mkdtemp(join(tmpdir(), "unbucket-update-"));
    onTestFinished(() => rm(base, { recursive: true }));
    for (const store of [memory(), fs({ base })]) {
      await store.upload("a", new Uint8Array(size));
      let kept = new Uint8Array();
      await store.update("a", async (current) => {
        kept = await (current as DownloadedObject).bytes();
        kept[0] = 7;
        return kept;
      });
      const stored = await store.download("a");
      const bytes = await stored.bytes();
      expect([bytes[0], bytes.byteLength, kept.byteLength]).toEqual([7, size, size]);
      // Whoever looks at the body of what was read takes nothing away.
      expect(stored.body.locked).toBe(true);
      expect(bytes.byteLength).toBe(size);
    }
  });

  it("is cancelled when nothing is to change", async () => {
    const told: string[] = [];
    await (await stored(told)).run(() => undefined);
    expect(told).toEqual(["cancelled"]);
  });

  it.each([
    ["itself", (current) => current?.body ?? null],
    ["a Response", (current) => new Response(current?.body)],
    [
      "a generator",
      async function* (current) {
        if (current) yield await current.bytes();
      },
    ],
    [
      "a transformed stream",
      (current) => current?.body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>()) ?? null,
    ],
  ] as [string, UpdateFunction][])("can be the new body, as %s", async (_, fn) => {
    const told: string[] = [];
    const { run, text } = await stored(told);
    expect(await run(fn)).toMatchObject({ size: 5 });
    expect([await text(), told]).toEqual(["hello", ["put"]]);
  });
});

describe("a body that fn holds by a reader", () => {
  it.each<[string, () => string | undefined, object]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
      { message: "mine" },
    ],
    ["gives other bytes", () => "x", { size: 1 }],
    ["gives nothing", () => undefined, { size: 5 }],
  ])("is let go with the attempt where fn %s", async (_, give, outcome) => {
    const signals: (AbortSignal | undefined)[] = [];
    const { backend, run } = await loop(({ get }) => ({
      get: (key, options) => {
        signals.push(options.signal);
        return get(key, options);
      },
    }));
    await backend.put("k" as Key, { bytes: new Uint8Array(5) }, {});
    const control = new AbortController();
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const settled = run(
      (current) => {
        reader = current?.body.getReader();
        return give();
      },
      { signal: control.signal },
    ).catch((error: unknown) => error);
    expect(await settled).toMatchObject(outcome);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    await expect(reader?.read()).rejects.toMatchObject({ code: "invalid-option", key: "k", operation: "update" });
    expect(control.signal.aborted).toBe(false);
  });

  it("does not keep a file open where fn throws", async () => {
    const base = await mkdtemp(join(tmpdir(), "unbucket-update-"));
    onTestFinished(() => rm(base, { recursive: true }));
    const store = fs({ base });
    await store.upload("a", new Uint8Array(600_000));
    const file = join(await realpath(base), "a");
    const open = async (): Promise<string[]> => {
      const names = await readdir("/proc/self/fd");
      const paths = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
      return paths.filter((path) => path === file);
    };
    const fn: UpdateFunction = async (current) => {
      const reader = (current as DownloadedObject).body.getReader();
      await reader.read();
      if (process.platform === "linux") expect(await open()).toHaveLength(1);
      throw new Error("mine");
    };
    await expect(store.update("a", fn)).rejects.toThrow("mine");
    if (process.platform === "linux") await expect.poll(open).toEqual([]);
  });
});

describe("an abort of update", () => {
  it("in a wait rejects with the reason", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const { run, clock } = await loop(failing("conflict", 1000));
    const fn = (): string => {
      if (clock.slept.length === 1) setImmediate(() => control.abort(reason));
      return "x";
    };
    await expect(run(fn, { signal: control.signal })).rejects.toBe(reason);
    expect(clock.slept.length).toBeLessThanOrEqual(2);
  });

  it("while fn runs writes nothing, and lets go of what fn gave", async () => {
    const control = new AbortController();
    const reason = new Error("left");
    const cancelled = vi.fn();
    const told: string[] = [];
    const { run } = await loop(watched(told));
    const fn = (): ReadableStream<Uint8Array> => {
      control.abort(reason);
      return new ReadableStream({ cancel: cancelled });
    };
    await expect(run(fn, { signal: control.signal })).rejects.toBe(reason);
    expect([cancelled.mock.calls, told]).toEqual([[[reason]], []]);
  });
});

it("update that is aborted rejects with the reason, whatever its function throws then", async () => {
  const control = new AbortController();
  const reason = new Error("left");
  const fn = (): never => {
    control.abort(reason);
    throw new Error("its own");
  };
  await expect(memory().update("k", fn, { signal: control.signal })).rejects.toBe(reason);
});
