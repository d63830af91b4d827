import { describe, expect, it, vi } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import type { Driver } from "../../src/driver.ts";
import type { BodyEvent, OnEvent, StorageEvent } from "../../src/event.ts";
import type { StoredObject } from "../../src/backend.ts";
import { source } from "../../src/conformance/bytes.ts";
import { watched } from "../../src/watched.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";
import { collectGarbage } from "../support/garbage.ts";
import { listened } from "../support/listened.ts";
import { stubbed } from "../support/stubbed.ts";
import { answer, wire } from "../support/wire.ts";

/** More than a folder reads at once. */
const SIZE = 300_000;
const STORED = answer(200, { etag: '"e"' });

const info = { key: "k", size: 3, etag: '"e"' };

function observe(body: ReadableStream<Uint8Array>, signal?: AbortSignal): [StoredObject, StorageEvent[]] {
  const events: StorageEvent[] = [];
  const [object, heed] = watched({ info, body }, "test", (event) => events.push(event), signal);
  heed();
  return [object, events];
}

describe("watched", () => {
  it("reports bytes once, at the end of the body", async () => {
    const pieces = ["ab", "c"].map((text) => new TextEncoder().encode(text));
    const now = vi.spyOn(performance, "now").mockReturnValue(1000);
    const [{ body }, events] = observe(source(pieces).stream);
    now.mockReturnValue(1025);
    expect(events).toEqual([]);
    expect(await new Response(body).text()).toBe("abc");
    now.mockRestore();
    expect(events).toEqual([
      {
        type: "body",
        driver: "test",
        operation: "download",
        key: "k",
        bytes: 3,
        duration: 25,
        aborted: false,
      },
    ]);
  });

  it("reports the error that the body ends with, and passes it on", async () => {
    const error = new Error("cut");
    const [{ body }, events] = observe(new ReadableStream({ pull: () => Promise.reject(error) }));
    await expect(body.getReader().read()).rejects.toBe(error);
    expect(events).toMatchObject([{ error, aborted: false, bytes: 0 }]);
  });

  it("reports a body that is forgotten, once, and not while it is held, whose signal lives on", async () => {
    const { signal } = new AbortController();
    const begin = async (events: StorageEvent[]): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
      const [{ body }, told] = observe(source([Uint8Array.of(1), Uint8Array.of(2)]).stream, signal);
      told.push = (...more) => events.push(...more);
      const reader = body.getReader();
      await reader.read();
      return reader;
    };
    const [held, forgotten]: StorageEvent[][] = [[], []];
    const reader = await begin(held as StorageEvent[]);
    await begin(forgotten as StorageEvent[]);
    await expect.poll(() => collectGarbage().then(() => forgotten)).toMatchObject([{ bytes: 1, aborted: true }]);
    expect(held).toEqual([]);
    await reader.cancel();
    expect(held).toMatchObject([{ bytes: 1, aborted: true }]);
    await collectGarbage();
    expect([held?.length, forgotten?.length]).toEqual([1, 1]);
    signal.throwIfAborted();
  });

  it("reports a reader that gives up, and tells the source", async () => {
    const cancel = vi.fn();
    const [{ body }, events] = observe(new ReadableStream({ cancel }));
    await body.cancel("enough");
    expect(cancel).toHaveBeenCalledWith("enough");
    expect(events).toMatchObject([{ aborted: true }]);
  });

  it("reports an abort as one, without its reason", async () => {
    const control = new AbortController();
    const failing = (): Promise<never> => {
      control.abort("left");
      return Promise.reject(control.signal.reason);
    };
    const [{ body }, events] = observe(new ReadableStream({ pull: failing }), control.signal);
    await expect(body.getReader().read()).rejects.toBe("left");
    expect(events).toMatchObject([{ aborted: true }]);
    expect((events[0] as BodyEvent).error).toBeUndefined();
  });

  it("is not gone around by whoever takes bytes without a stream", () => {
    const body = new Blob(["abc"]).stream();
    expect(watched({ info, body, next: async () => null }, "test", () => {})[0].next).toBeUndefined();
  });

  it.each<[string, (onEvent: OnEvent) => Promise<Driver>]>([
    ["memory", async (onEvent) => memory({ onEvent })],
    ["a folder", async (onEvent) => fs({ base: await emptyFolder(), onEvent })],
    ["S3", async (onEvent) => stubbed(await wire(STORED, answer(200, { etag: '"e"' }, "x".repeat(SIZE))), { onEvent })],
  ])("is told over at the abort, once, also of %s", async (_, make) => {
    const events: StorageEvent[] = [];
    const driver = await make((event) => event.type !== "attempt" && events.push(event));
    await driver.upload("k", "x".repeat(SIZE));
    const control = new AbortController();
    const { body } = await driver.download("k", { signal: control.signal });
    control.abort("left");
    expect(events).toMatchObject([{}, { operation: "download" }, { type: "body", key: "k", bytes: 0, aborted: true }]);
    await expect(new Response(body).text()).rejects.toBe("left");
    expect(events).toHaveLength(3);
  });

  it("leaves no listener on the signal of a body that is over", async () => {
    const { signal, live } = listened();
    const driver = memory({ onEvent: () => {} });
    await driver.upload("k", "abc");
    const object = await driver.download("k", { signal });
    expect(live.size).toBeGreaterThan(0);
    await object.text();
    expect(live.size).toBe(0);
    await (await driver.download("k", { signal })).body.cancel();
    expect(live.size).toBe(0);
  });

  it("is put around the body of a download only where somebody observes", async () => {
    const events: string[] = [];
    const driver = memory({ onEvent: ({ type }) => events.push(type) });
    await driver.upload("k", "abc");
    await (await driver.download("k")).text();
    expect(events).toEqual(["call", "call", "body"]);
  });
});
