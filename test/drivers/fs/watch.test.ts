import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FsOptions } from "../../../drivers/fs/options.ts";
import { emptyFolder, folder, K } from "./folder.ts";

async function watched(options: Partial<FsOptions> = {}) {
  const made = await folder(options);
  const events: string[] = [];
  const stop = await made.store.watch?.((event, key) => events.push(`${event} ${key}`));
  onTestFinished(async () => stop?.());
  return { ...made, events, stop };
}

describe("watchFolder", () => {
  it("tells each write and delete once, by key, whatever the key is", async () => {
    const { put, store, events } = await watched({ ignore: ["*.tmp"] });
    const keys = ["plain", "new/folder/deep", "x:y", "a//b", "with-record", `${":".repeat(100)}`];
    for (const key of keys) await put(key, "1", key === "with-record" ? { metadata: { a: "b" } } : {});
    await put("ignored.tmp", "");
    const updates = keys.map((key) => `update ${key}`);
    await expect.poll(() => [...events].sort()).toEqual([...updates].sort());
    for (const key of keys) await store.delete(K(key), {});
    await expect.poll(() => [...events].sort()).toEqual([...updates, ...keys.map((key) => `remove ${key}`)].sort());
  });

  it("tells what other programs do, also in a folder that is moved in, removed and made again", async () => {
    const { base, events } = await watched();
    const outside = await emptyFolder();
    await mkdir(join(outside, "moved/deep"), { recursive: true });
    await writeFile(join(outside, "moved/deep/file"), "1");
    await rename(join(outside, "moved"), join(base, "moved"));
    await expect.poll(() => events).toContain("update moved/deep/file");
    await rm(join(base, "moved"), { recursive: true });
    await expect.poll(() => events).toContain("remove moved/deep/file");
    await mkdir(join(base, "moved/deep"), { recursive: true });
    await writeFile(join(base, "moved/deep/other"), "1");
    await expect.poll(() => events).toContain("update moved/deep/other");
  });

  it("follows no link, and is silent when stopped", async () => {
    const { base, put, events, stop } = await watched();
    const outside = await emptyFolder();
    await symlink(outside, join(base, "linked"));
    await writeFile(join(outside, "canary"), "");
    await put("seen", "");
    await expect.poll(() => events).toContain("update seen");
    expect(events.filter((event) => event.includes("canary"))).toEqual([]);
    await stop?.();
    const { store } = await folder({ base });
    const again: string[] = [];
    const stopAgain = await store.watch?.((_, key) => again.push(key));
    await put("unseen", "");
    await expect.poll(() => again).toContain("unseen");
    await stopAgain?.();
    expect(events.filter((event) => event.includes("unseen"))).toEqual([]);
  });
});
