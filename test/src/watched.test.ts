import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import type { BodyEvent, StorageEvent } from "../../src/event.ts";
import type { StoredObject } from "../../src/backend.ts";
import { source } from "../../src/conformance/bytes.ts";
import { watched } from "../../src/watched.ts";

const info = { key: "k", size: 3, etag: '"e"' };

function observe(body: ReadableStream<Uint8Array>, signal?: AbortSignal): [StoredObject, StorageEvent[]] {
  const events: StorageEvent[] = [];
  return [watched({ info, body }, "test", (event) => events.push(event), signal), events];
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
    expect(watched({ info, body, next: async () => null }, "test", () => {}).next).toBeUndefined();
  });

  it("is put around the body of a download only where somebody observes", async () => {
    const events: string[] = [];
    const driver = memory({ onEvent: ({ type }) => events.push(type) });
    await driver.upload("k", "abc");
    await (await driver.download("k")).text();
    expect(events).toEqual(["call", "call", "body"]);
  });
});
