/** Mounts that a program serves: rclone, s3fs, SSHFS, SeaweedFS, EncFS, CryFS. */
import { renameSync, writeFileSync } from "node:fs";
import type * as FsPromises from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as Calls from "../../drivers/fs/calls.ts";
import { failure, folder, K } from "../drivers/fs/folder.ts";
import { type Habits, mount } from "./mounted.ts";

vi.mock("../../drivers/fs/calls.ts", async (original) =>
  (await import("./mounted.ts")).mountedCalls(await original<typeof Calls>()),
);
vi.mock("node:fs/promises", async (original) =>
  (await import("./mounted.ts")).mountedPromises(await original<typeof FsPromises>()),
);
afterEach(() => void (mount.habits = undefined));

const HABITS: readonly (readonly [string, Habits])[] = [
  ["gives files other numbers at each look", { renumbers: true }],
  ["sets times when a file is closed", { setsTimesAtClose: true }],
  ["cuts times to seconds", { unit: 1_000_000_000n }],
  ["cuts times to every other second", { unit: 2_000_000_000n }],
  ["sets a time of its own when a file gets its name", { touchesNames: true }],
];

describe.each(HABITS)("a mount that %s", (_, habits) => {
  it("has objects with the ETags and the metadata that their writes were told", async () => {
    mount.habits = habits;
    const { store, put, text } = await folder({ durable: true });
    const seen = async (key: string): Promise<unknown> => {
      const { etag, metadata } = (await store.head(K(key), {})) ?? {};
      return [etag, metadata?.["n"], await text(key)];
    };
    for (const ifNoneMatch of [undefined, "*" as const]) {
      const key = `d/${ifNoneMatch}`;
      let { etag } = await put(key, "0", { metadata: { n: "0" }, ...(ifNoneMatch && { ifNoneMatch }) });
      expect(await seen(key)).toEqual([etag, "0", "0"]);
      const etags = new Set([etag]);
      for (const n of ["1", "2", "3"]) {
        ({ etag } = await put(key, n, { metadata: { n }, ifMatch: etag }));
        expect(await seen(key)).toEqual([etag, n, n]);
        etags.add(etag);
      }
      // One that was replaced in the same second is another version.
      expect(etags.size).toBe(4);
      await put(key, "4");
      expect(await seen(key)).toEqual([expect.any(String), undefined, "4"]);
    }
    const copied = await store.copy?.(K("d/*"), K("copied"), {});
    expect((await seen("copied")) as unknown[]).toEqual([copied?.etag, undefined, "4"]);
  });

  it("has parts with the ETags that were told", async () => {
    mount.habits = habits;
    const { store, text } = await folder();
    const { multipart } = store;
    if (!multipart) throw new Error("there are no uploads");
    const { uploadId } = await multipart.create(K("k"), { metadata: { n: "1" } });
    const replaced = await multipart.uploadPart(K("k"), uploadId, 1, new Uint8Array([98]), {});
    const part = await multipart.uploadPart(K("k"), uploadId, 1, new Uint8Array([97]), {});
    expect(part.etag).not.toBe(replaced.etag);
    expect((await multipart.parts?.(K("k"), uploadId, {}))?.[0]?.etag).toBe(part.etag);
    const { etag } = await multipart.complete(K("k"), uploadId, [part], {});
    expect([await text("k"), await store.head(K("k"), {})]).toMatchObject(["a", { etag, metadata: { n: "1" } }]);
  });
});

describe("a mount that loses bytes when a file is closed", () => {
  it.each(["EIO", "silently"] as const)(
    "%s: fails the write, also one that was flushed, and nothing is stored",
    async (loses) => {
      const { put, text, base, files } = await folder({ durable: true });
      await put("k", "old");
      mount.habits = { loses };
      const mounted = await folder({ base, durable: true });
      const { code, message } = await failure(mounted.put("k", "newer"));
      expect(code).toBe(loses === "EIO" ? "unknown" : "unavailable");
      if (loses === "silently") expect(message).toContain("the file system has kept 1 of 5 bytes");
      mount.habits = undefined;
      expect(await text("k")).toBe("old");
      expect(await files()).toEqual([".unbucket/version", "k"]);
    },
  );
});

it("a mount that loses the bytes of a record when it is closed fails the write", async () => {
  const { put, base } = await folder();
  await put("k", "old");
  mount.habits = { loses: "silently", losesOf: /\/tmp\/[^/]{17}$/ };
  const { put: putAgain, store } = await folder({ base });
  expect(await failure(putAgain("k", "new", { metadata: { n: "1" } }))).toMatchObject({ code: "unavailable" });
  mount.habits = {};
  expect((await store.head(K("k"), {}))?.metadata).toBeUndefined();
});

describe("a mount whose program has ended", () => {
  it.each(["ENOTCONN", "ETIMEDOUT", "EHOSTDOWN"])("%s: nothing is called absent", async (code) => {
    const { put, base } = await folder();
    await put("k", "x");
    mount.habits = { fails: { call: "lstat", code, done: false } };
    const { store } = await folder({ base });
    expect(await failure(store.head(K("k"), {}))).toMatchObject({ code: "unavailable", retryable: true });
    expect(await failure(store.get(K("k"), {}))).toMatchObject({ code: "unavailable", retryable: true });
    expect((await failure(store.head(K("k"), {}))).message).toContain("behind this mount");
  });

  it.each(["ENOTCONN", "EIO"])("%s: leaves it open whether an object that was to be named is stored", async (code) => {
    mount.habits = { fails: { call: "rename", code, done: true } };
    const { put, store } = await folder();
    expect(await failure(put("plain", "x"))).toMatchObject({ code: "ambiguous", cause: { code } });
    mount.habits = { fails: { call: "link", code, done: true } };
    const create = put("created", "x", { metadata: { n: "1" }, ifNoneMatch: "*" });
    expect(await failure(create)).toMatchObject({ code: "ambiguous", cause: { code } });
    mount.habits = {};
    // It was, so that its record must be there.
    expect((await store.head(K("created"), {}))?.metadata).toEqual({ n: "1" });
  });
});

describe("a mount that goes by names", () => {
  it("calls an open file absent that was replaced, and what is in its place is read", async () => {
    const { put, base } = await folder();
    await put("k", "old");
    writeFileSync(join(base, "next"), "new");
    mount.habits = { onOpen: () => renameSync(join(base, "next"), join(base, "k")) };
    const { text, store } = await folder({ base });
    expect(await text("k")).toBe("new");
    // Under a reader that has begun.
    writeFileSync(join(base, "k"), new Uint8Array(2 ** 21));
    mount.habits = { onOpen: () => {} };
    const object = await store.get(K("k"), {});
    writeFileSync(join(base, "next"), "newer");
    renameSync(join(base, "next"), join(base, "k"));
    const reading = new Response(object?.body).text();
    await expect(reading).rejects.toMatchObject({ code: "unavailable", retryable: true });
  });
});

it("L6: where a link is refused by a code of its own, an object is created all the same", async () => {
  for (const code of ["ERANGE", "EXDEV"]) {
    mount.habits = { fails: { call: "link", code, done: false } };
    const { put, text } = await folder();
    await put("k", code, { ifNoneMatch: "*" });
    expect(await text("k")).toBe(code);
    expect((await failure(put("k", "late", { ifNoneMatch: "*" }))).code).toBe("precondition-failed");
  }
});
