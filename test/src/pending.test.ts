import { describe, expect, it } from "vitest";
import fs from "../../drivers/fs.ts";
import memory from "../../drivers/memory.ts";
import type { MultipartBackend, PendingUpload } from "../../src/backend.ts";
import { type Driver, type DriverSpec, toDriver } from "../../src/driver.ts";
import type { StorageEvent } from "../../src/event.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

const hours = (count: number): Date => new Date(Date.now() - count * 3_600_000);
const left: readonly PendingUpload[] = [
  { key: "in/a", uploadId: "1", initiated: hours(1) },
  { key: "in/a", uploadId: "2", initiated: hours(24 * 8) },
  { key: "in/b/c", uploadId: "3", initiated: hours(24 * 30) },
];

async function driverOver(
  fail?: Error,
  now?: () => number,
  answered?: () => void,
  onEvent?: DriverSpec["onEvent"],
): Promise<{ driver: Driver; aborted: string[] }> {
  const backend = await memory().getInstance();
  const aborted: string[] = [];
  const multipart = {
    async pending(prefix: string, _call: object, cursor?: string) {
      answered?.();
      if (cursor !== undefined && fail) throw fail;
      const uploads = left.filter(({ key }) => key.startsWith(prefix));
      return { uploads: cursor === undefined ? uploads : [], cursor: fail && "behind" };
    },
    now,
    abort: async (key: string, uploadId: string) => void aborted.push(`${key} ${uploadId}`),
  } as unknown as MultipartBackend;
  return { driver: toDriver({ name: "test", open: () => ({ ...backend, multipart }), onEvent }), aborted };
}

async function all(uploads: AsyncIterable<PendingUpload>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, uploadId } of uploads) found.push(`${key} ${uploadId}`);
  return found;
}

describe("listUploads", () => {
  it("gives uploads below a prefix, in a scope by their names there", async () => {
    const { driver } = await driverOver();
    expect(await all(driver.listUploads())).toEqual(["in/a 1", "in/a 2", "in/b/c 3"]);
    expect(await all(driver.scoped("in/").listUploads({ prefix: "b" }))).toEqual(["b/c 3"]);
  });

  it("locates a failure in the middle, and is unsupported where there are no multipart uploads", async () => {
    const { driver } = await driverOver(new Error("broke"));
    await expect(all(driver.listUploads())).rejects.toMatchObject({ code: "unknown", operation: "listUploads" });
    const backend = await memory().getInstance();
    const plain = toDriver({ name: "plain", open: () => ({ ...backend, multipart: undefined }) });
    await expect(all(plain.listUploads())).rejects.toMatchObject({ code: "unsupported" });
    await expect(all(driver.listUploads({ prefix: "../" }))).rejects.toMatchObject({ code: "invalid-key" });
  });
});

describe("listUploads tells onEvent", () => {
  const events: StorageEvent[] = [];
  const onEvent: DriverSpec["onEvent"] = (event) => void events.push(event);

  it.each<[string, () => Promise<Driver>]>([
    ["in memory", async () => memory({ onEvent })],
    ["in a folder", async () => fs({ base: await emptyFolder(), onEvent })],
  ])("one call for each listing %s, however many uploads it has", async (_, make) => {
    const store = await make();
    for (let left = 0; left < 3; left++) {
      events.length = 0;
      expect(await all(store.listUploads({ prefix: "k" }))).toHaveLength(left);
      expect(events).toMatchObject([{ type: "call", operation: "listUploads", key: "k", error: undefined }]);
      await store.createMultipartUpload(`k${left}`);
    }
  });

  it("of the page that failed, after those before it", async () => {
    events.length = 0;
    const { driver } = await driverOver(new Error("broke"), undefined, undefined, onEvent);
    await expect(all(driver.listUploads())).rejects.toThrow("broke");
    expect(events.map((event) => event.type === "call" && event.error?.code)).toEqual([undefined, "unknown"]);
  });
});

describe("sweepUploads", () => {
  it("aborts those older than seven days by default, and counts them", async () => {
    const { driver, aborted } = await driverOver();
    expect(await driver.sweepUploads()).toBe(2);
    expect(aborted).toEqual(["in/a 2", "in/b/c 3"]);
  });

  it("takes the age by the store's time", async () => {
    const { driver, aborted } = await driverOver(undefined, () => hours(24 * 20).getTime());
    expect(await driver.sweepUploads()).toBe(1);
    expect(aborted).toEqual(["in/b/c 3"]);
  });

  it("asks for the store's time once the store has answered", async () => {
    let time = Date.now();
    const answered = (): void => void (time = hours(24 * 20).getTime());
    const { driver, aborted } = await driverOver(undefined, () => time, answered);
    expect([await driver.sweepUploads(), aborted]).toEqual([1, ["in/b/c 3"]]);
  });

  it("heeds age and prefix, in a scope too", async () => {
    const { driver, aborted } = await driverOver();
    expect(await driver.scoped("in/").sweepUploads({ prefix: "a", olderThan: 0 })).toBe(2);
    // The store's clock may be behind what it says of an upload: Swift rounds that up to whole seconds.
    const { driver: behind } = await driverOver(undefined, () => hours(24 * 365).getTime());
    expect(await behind.sweepUploads({ olderThan: 0 })).toBe(3);
    expect(await behind.sweepUploads({ olderThan: 1 })).toBe(0);
    expect(aborted).toEqual(["in/a 1", "in/a 2"]);
    await expect(driver.sweepUploads({ olderThan: -1 })).rejects.toMatchObject({ code: "invalid-option" });
  });
});
