import { describe, expect, it, vi } from "vitest";
import memory from "../../drivers/memory.ts";
import { toDriver } from "../../src/driver.ts";
import type { StorageEvent } from "../../src/event.ts";
import { unhandledRejections } from "../support/unhandled.ts";

describe("toDriver", () => {
  it("opens nothing before the first call, and once for all", async () => {
    const backend = await memory().getInstance();
    const open = vi.fn(() => backend);
    const driver = toDriver({ name: "test", open });
    expect(open).not.toHaveBeenCalled();
    await Promise.all([driver.head("a"), driver.head("b"), driver.getKeys("", {})]);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it("has methods that need no this", async () => {
    const { setItem, getItem, getKeys, removeItem, hasItem, upload, exists } = memory();
    await setItem("a:b", "x", {});
    expect(await getItem("a:b", {})).toBe("x");
    expect(await exists("a/b")).toBe(true);
    await upload("c", "y");
    expect((await getKeys("", {})).toSorted()).toEqual(["a:b", "c"]);
    await removeItem("c", {});
    expect(await hasItem("c", {})).toBe(false);
  });

  it("gives null for an absent item, and rejects what else goes wrong", async () => {
    const driver = memory();
    expect(await driver.getItem("x", {})).toBeNull();
    expect(await driver.getItemRaw?.("x", {})).toBeNull();
    expect(await driver.getMeta?.("x", {})).toBeNull();
    const broken = toDriver({ name: "test", open: () => Promise.reject(new Error("no store")) });
    await expect(broken.getItem("x", {})).rejects.toThrow("no store");
  });

  it("getItemRaw gives bytes, and a stream when asked", async () => {
    const driver = memory();
    await driver.setItemRaw?.("x", new Blob(["ab"]), {});
    expect(await driver.getItemRaw?.("x", {})).toEqual(new Uint8Array([97, 98]));
    expect(await new Response((await driver.getItemRaw?.("x", { type: "stream" })) as ReadableStream).text()).toBe(
      "ab",
    );
  });

  it("getMeta has mtime and everything that head knows but the key", async () => {
    const driver = memory();
    await driver.setItemRaw?.("x", "ab", { metadata: { a: "1" }, contentType: "a/b" });
    const meta = await driver.getMeta?.("x", {});
    expect(meta).toMatchObject({ size: 2, mtime: expect.any(Date), contentType: "a/b", metadata: { a: "1" } });
    expect(meta).not.toHaveProperty("key");
  });

  it("getKeys and clear keep to the base, to maxDepth and to keys in normal form", async () => {
    const driver = memory();
    for (const key of ["sub/a", "sub/b/c", "subway", "odd//key", "q?x"]) await driver.upload(key, "1");
    expect((await driver.getKeys("", {})).toSorted()).toEqual(["sub:a", "sub:b:c", "subway"]);
    expect(await driver.getKeys("sub", { maxDepth: 1 })).toEqual(["sub:a"]);
    expect((await driver.getKeys("sub:", {})).toSorted()).toEqual(["sub:a", "sub:b:c"]);
    await driver.clear?.("sub", {});
    expect(await driver.getKeys("", {})).toEqual(["subway"]);
    expect(await driver.exists("odd//key")).toBe(true);
    await driver.clear?.("", {});
    expect(await driver.exists("odd//key")).toBe(false);
  });

  it("ignores options that are none of ours, also those that are no object", async () => {
    const driver = memory();
    await driver.setItem("x", "1", { ttl: 5, key: "y" });
    expect(await driver.hasItem("x", true as never)).toBe(true);
    expect(await driver.getItem("x", null as never)).toBe("1");
  });

  it("clear rejects denied with noClear", async () => {
    const backend = await memory().getInstance();
    const driver = toDriver({ name: "test", open: () => backend, noClear: true });
    await expect(driver.clear?.("", {})).rejects.toMatchObject({ code: "denied" });
  });

  it("watch goes on when a listener throws or rejects, which is nobody's unhandled rejection", async () => {
    const unhandled = unhandledRejections();
    let tell: (event: "update" | "remove", key: string) => void = () => {};
    const backend = {
      ...(await memory().getInstance()),
      watch: async (listener: typeof tell) => ((tell = listener), () => {}),
    };
    const driver = toDriver({ name: "test", open: () => backend, watch: true });
    const listener = vi.fn((_event: string, key: string) => {
      if (key === "a") throw new Error("at once");
      return Promise.reject(new Error("later"));
    });
    await driver.watch?.(listener);
    for (const key of ["a", "b", "c"]) tell("update", key);
    await new Promise((resolve) => setImmediate(resolve));
    expect(listener).toHaveBeenCalledTimes(3);
    expect(unhandled).toEqual([]);
  });

  it("watch refuses what is no function, which would never be told anything", async () => {
    const watch = vi.fn(async () => () => {});
    const backend = { ...(await memory().getInstance()), watch };
    const driver = toDriver({ name: "test", open: () => backend, watch: true });
    await expect(driver.watch?.(undefined as never)).rejects.toMatchObject({ code: "invalid-option" });
    expect(watch).not.toHaveBeenCalled();
  });

  it("watch gives events of keys in normal form, and can be stopped", async () => {
    const stop = vi.fn();
    let tell: (event: "update" | "remove", key: string) => void = () => {};
    const backend = {
      ...(await memory().getInstance()),
      watch: async (listener: typeof tell) => ((tell = listener), stop),
    };
    const driver = toDriver({ name: "test", open: () => backend, watch: true });
    const seen: string[] = [];
    const unwatch = await driver.watch?.((event, key) => seen.push(`${event} ${key}`));
    tell("update", "a/b");
    tell("remove", "odd//key");
    expect(seen).toEqual(["update a:b"]);
    await unwatch?.();
    expect(stop).toHaveBeenCalledTimes(1);
    expect(memory()).not.toHaveProperty("watch");
  });

  it("reports one event per verb that a caller calls", async () => {
    const events: StorageEvent[] = [];
    const driver = memory({ onEvent: (event) => events.push(event) });
    await driver.setItem("a:b", "x", {});
    await driver.exists("a/b");
    await driver.download("none").catch(() => {});
    expect(events.map((event) => [event.operation, event.key, event.type === "call" && event.error?.code])).toEqual([
      ["setItem", "a/b", undefined],
      ["exists", "a/b", undefined],
      ["download", "none", "not-found"],
    ]);
  });

  it("reports and refuses under the key-value verb's own name, and an absent item is no failure", async () => {
    const events: StorageEvent[] = [];
    const driver = memory({ onEvent: (event) => event.type === "call" && events.push(event) });
    const calls: Readonly<Record<string, () => unknown>> = {
      hasItem: () => driver.hasItem("a:b", {}),
      getItem: () => driver.getItem("a:b", {}),
      getItemRaw: () => driver.getItemRaw?.("a:b", {}),
      setItem: () => driver.setItem?.("a:b", "x", {}),
      setItemRaw: () => driver.setItemRaw?.("a:b", "x", {}),
      removeItem: () => driver.removeItem?.("a:b", {}),
      getMeta: () => driver.getMeta?.("a:b", {}),
      getKeys: () => driver.getKeys("a", {}),
      clear: () => driver.clear?.("a", {}),
    };
    for (const [operation, run] of Object.entries(calls)) {
      await run();
      expect(events.pop()).toMatchObject({ operation, key: expect.stringMatching(/^a\//) });
      expect(events).toEqual([]);
    }
    await expect(driver.getItem("..", {})).rejects.toMatchObject({ code: "invalid-key", operation: "getItem" });
    await driver.getItem("none", {});
    expect(events.pop()).not.toHaveProperty("error", expect.anything());
  });

  it("refuses headers that no store could be sent, though this one sends none", async () => {
    const driver = memory();
    await expect(driver.upload("a", "x", { headers: { "x a": "b" } })).rejects.toMatchObject({
      code: "invalid-option",
      operation: "upload",
    });
    await driver.upload("a", "x", { headers: { "x-amz-acl": "private" } });
  });
});
