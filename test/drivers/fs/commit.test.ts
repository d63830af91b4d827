import fs from "node:fs";
import {
  chmod,
  chown,
  mkdir,
  open,
  readFile,
  rename,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { commit } from "../../../drivers/fs/commit.ts";
import { writeDraft } from "../../../drivers/fs/draft.ts";
import { parseOptions } from "../../../drivers/fs/options.ts";
import { rootAt, type Root } from "../../../drivers/fs/root.ts";
import { emptyFolder, failure, folder, K, mocked, streamOf, UGLY_KEYS } from "./folder.ts";

/** Another group that this process may give something to; without one its own. */
const otherGroup: number =
  process.getuid?.() === 0
    ? 64_310
    : ((process.getgroups?.() ?? []).find((gid) => gid !== process.getgid?.()) ?? (process.getgid?.() as number));

describe("put", () => {
  it("makes an ordinary key a plain file that other programs read", async () => {
    const { base, put } = await folder();
    await put("avatars/é.jpg", "bytes");
    expect(await readFile(join(base, "avatars/é.jpg"), "utf8")).toBe("bytes");
  });

  it("L13, L16, L19: round-trips every ugly key, and all of them beside each other", async () => {
    const { put, text, keys, store } = await folder();
    for (const key of UGLY_KEYS) expect((await put(key, `<${key}>`)).key).toBe(key);
    for (const key of UGLY_KEYS) expect(await text(key)).toBe(`<${key}>`);
    expect((await keys()).sort()).toEqual([...UGLY_KEYS].sort());
    for (const key of UGLY_KEYS) {
      await store.delete(K(key), {});
      expect(await store.head(K(key), {})).toBe(null);
    }
    expect(await keys()).toEqual([]);
  });

  it.each([[["a", "a/b", "a/b/c"]], [["a/b/c", "a/b", "a"]], [["a/b", "a", "a/b/c"]]])(
    "L10: lets %j exist together",
    async (order) => {
      const { put, text, keys, store } = await folder();
      for (const key of order) await put(key, key);
      for (const key of order) await put(key, `${key} again`);
      expect(await keys()).toEqual(["a", "a/b", "a/b/c"]);
      for (const key of order) {
        expect(await text(key)).toBe(`${key} again`);
        await store.delete(K(key), {});
        expect(await text(key)).toBe(null);
      }
      expect(await keys()).toEqual([]);
    },
  );

  it("moves a key to its plain path once that is free, and leaves no second file", async () => {
    const { put, text, files, store } = await folder();
    await put("a", "1");
    await put("a/b", "2", { metadata: { n: "2" } });
    await store.delete(K("a"), {});
    await put("a/b", "3");
    expect(await files()).toEqual([".unbucket/version", "a/b"]);
    expect(await text("a/b")).toBe("3");
  });

  it("creates nothing over a file that appears after the look: who has made it has not asked, or is on another machine", async () => {
    const base = await emptyFolder();
    const real = rootAt(base);
    const hold: Root["hold"] = async (...place) => {
      await writeFile(join(base, "k"), "theirs");
      return real.hold(...place);
    };
    const settings = parseOptions({ base });
    const draft = await writeDraft(real, settings, { bytes: new TextEncoder().encode("ours") }, {});
    const refused = await failure(commit({ ...real, hold }, settings, K("k"), draft, {}, { ifNoneMatch: "*" }));
    expect(refused).toMatchObject({ code: "precondition-failed", key: "k" });
    expect(await readFile(join(base, "k"), "utf8")).toBe("theirs");
  });

  it("has created an object when NFS asks again for its name, and is told that there is one: the draft's", async () => {
    const { put, text, files } = await folder();
    const { link } = fs.promises;
    vi.spyOn(fs.promises, "link").mockImplementation((...args) => link(...args).then(() => link(...args)));
    mocked();
    const info = await put("k", "new", { ifNoneMatch: "*", metadata: { v: "new" } });
    expect([info.metadata, await text("k")]).toEqual([{ v: "new" }, "new"]);
    expect(await files()).toEqual([expect.stringContaining(".unbucket/meta/"), ".unbucket/version", "k"]);
    expect(await failure(put("k", "newer", { ifNoneMatch: "*" }))).toMatchObject({ code: "precondition-failed" });
  });

  it("L20: has a new ETag for each of many equal writes within one clock tick", async () => {
    const { put } = await folder();
    const etags = new Set<string>();
    for (let count = 0; count < 200; count++) etags.add((await put("same", "x")).etag);
    expect(etags.size).toBe(200);
  });

  it("agrees with head on everything that it gives", async () => {
    const { put, store } = await folder();
    const given = {
      contentType: "text/css",
      cacheControl: "no-store",
      contentEncoding: "br",
      contentLanguage: "de",
      contentDisposition: "inline",
      metadata: { a: "ü" },
    };
    const info = await put("x.txt", "x", given);
    expect(info).toMatchObject({ ...given, size: 1 });
    expect(await store.head(K("x.txt"), {})).toEqual(info);
    expect((await store.get(K("x.txt"), {}))?.info).toEqual(info);
  });

  it("L21: keeps the bits of an overwritten file, and takes those of mode over the umask", async () => {
    const { base, put } = await folder();
    await put("kept", "1");
    await chmod(join(base, "kept"), 0o604);
    await put("kept", "2");
    expect((await stat(join(base, "kept"))).mode & 0o777).toBe(0o604);
    await (await folder({ base, mode: 0o666 })).put("kept", "3");
    expect((await stat(join(base, "kept"))).mode & 0o777).toBe(0o666);
  });

  it.each([
    ["draft", 0],
    ["record", 0],
    // Later than the draft, which so needs another time.
    ["draft", 1000],
    ["record", 1000],
  ])("sets bits, group and time of no file that was put in the place of its %s", async (which, ahead) => {
    for (const put of ["linked", "moved"]) {
      const { base, put: upload } = await folder();
      await upload("k", "1");
      await chmod(join(base, "k"), 0o604);
      await chown(join(base, "k"), process.getuid?.() as number, otherGroup);
      const real = rootAt(base);
      const settings = parseOptions({ base });
      const record = (): string => JSON.stringify({ key: "k", cacheControl: "no-store" });
      const draft = await writeDraft(real, settings, { bytes: new Uint8Array(1) }, { record });
      const [secret, at] = [
        join(await emptyFolder(), "secret"),
        join(base, draft.path + (which === "draft" ? "" : "0")),
      ];
      await writeFile(secret, "secret", { mode: 0o600 });
      await chmod(secret, 0o600);
      if (ahead > 0) {
        const later = new Date(Date.now() + ahead);
        await utimes(join(base, "k"), later, later);
      }
      // What is moved is known by this name, too.
      const watched = await open(secret);
      const { mtimeMs: before } = await watched.stat();
      onTestFinished(() => watched.close());
      await unlink(at);
      await (put === "linked" ? symlink(secret, at) : rename(secret, at));
      await commit(real, settings, K("k"), draft, { cacheControl: "no-store" }, {}).catch(() => {});
      const { gid, mode, mtimeMs } = await watched.stat();
      expect([put, gid, (mode & 0o777).toString(8), mtimeMs]).toEqual([put, process.getgid?.(), "600", before]);
    }
  });

  it("has the group of a folder that hands it on, its record too, and keeps that of what it replaces", async () => {
    const { base, put, files } = await folder();
    await mkdir(join(base, "pub"));
    await chown(join(base, "pub"), process.getuid?.() as number, otherGroup);
    await chmod(join(base, "pub"), 0o2770);
    const groups = async (): Promise<readonly number[]> => {
      const records = (await files()).filter((file) => file.startsWith(".unbucket/meta/"));
      return Promise.all(["pub/k", ...records].map(async (file) => (await stat(join(base, file))).gid));
    };
    await put("pub/k", "1", { metadata: { a: "b" } });
    expect(await groups()).toEqual([otherGroup, otherGroup]);
    await chown(join(base, "pub/k"), process.getuid?.() as number, process.getgid?.() as number);
    await put("pub/k", "2", { metadata: { a: "b" } });
    expect(await groups()).toEqual([process.getgid?.(), process.getgid?.()]);
    await chown(join(base, "pub/k"), process.getuid?.() as number, otherGroup);
    await put("pub/k", "3", { metadata: { a: "b" } });
    expect(await groups()).toEqual([otherGroup, otherGroup]);
  });

  it("has neither user nor group of what it replaces where the mode says for whom it is", async () => {
    const { base, put } = await folder({ mode: 0o600 });
    await put("new", "1");
    await put("k", "1");
    await chown(join(base, "k"), process.getuid?.() === 0 ? 64_301 : (process.getuid?.() as number), otherGroup);
    await put("k", "2");
    const [{ uid, gid }, now] = [await stat(join(base, "new")), await stat(join(base, "k"))];
    expect([now.uid, now.gid, now.mode & 0o777]).toEqual([uid, gid, 0o600]);
  });

  it("L6: creates only once of 50 that try together, with another driver on the same folder among them", async () => {
    const { base, put, text, files } = await folder();
    const other = await folder({ base });
    const tries = Array.from({ length: 50 }, (_, index) =>
      (index % 2 ? put : other.put)("once", `${index}`, { ifNoneMatch: "*", metadata: { n: `${index}` } }),
    );
    const settled = await Promise.allSettled(tries);
    const winners = settled.flatMap((result, index) => (result.status === "fulfilled" ? [`${index}`] : []));
    expect(winners).toHaveLength(1);
    expect(await text("once")).toBe(winners[0]);
    expect(
      settled.every((result) => result.status === "fulfilled" || result.reason.code === "precondition-failed"),
    ).toBe(true);
    expect((await files()).filter((file) => !file.startsWith(".unbucket/meta/"))).toEqual([
      ".unbucket/version",
      "once",
    ]);
    expect(await files()).toHaveLength(3);
  });

  it("L7: replaces only the version that ifMatch names, once of 20", async () => {
    const { put, text } = await folder();
    const { etag } = await put("k", "0");
    const settled = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => put("k", `${index + 1}`, { ifMatch: etag })),
    );
    expect(settled.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    expect(await text("k")).not.toBe("0");
    expect((await failure(put("absent", "x", { ifMatch: etag }))).code).toBe("precondition-failed");
  });

  it("refuses a failing condition before it reads the body", async () => {
    const { put, store } = await folder();
    await put("k", "0");
    const { stream, cancelled } = streamOf([new Uint8Array(1)]);
    expect((await failure(store.put(K("k"), { stream }, { ifNoneMatch: "*" }))).code).toBe("precondition-failed");
    expect(cancelled()).toMatchObject({ code: "precondition-failed" });
  });

  it("is visible as the old or the new object when it fails at the last step", async () => {
    const { base, put, text, files } = await folder();
    await put("k", "old", { metadata: { v: "old" } });
    const before = await files();
    const controller = new AbortController();
    const reason = new Error("stop");
    const late = put("k", "new", {
      metadata: { v: "new" },
      signal: controller.signal,
      onBytes: () => controller.abort(reason),
    });
    expect(await failure(late)).toBe(reason);
    expect(await text("k")).toBe("old");
    expect(await files()).toEqual(before);
    expect(base).toBeTruthy();
  });

  it("L9: replaces a symbolic link instead of writing through it, and refuses a linked folder", async () => {
    const { base, put, text } = await folder();
    const outside = await emptyFolder();
    await writeFile(join(outside, "canary"), "alive");
    await symlink(join(outside, "canary"), join(base, "file"));
    await symlink(outside, join(base, "dir"));
    await put("file", "mine");
    expect(await text("file")).toBe("mine");
    expect((await failure(put("dir/canary", "dead"))).code).toBe("denied");
    expect((await failure(put("dir/new/deep", "dead"))).code).toBe("denied");
    expect(await readFile(join(outside, "canary"), "utf8")).toBe("alive");
  });

  it("rejects `denied` for a read-only driver, and where the system forbids it", async () => {
    const { base, put } = await folder();
    await put("k", "1");
    const readOnly = await folder({ base, readOnly: true });
    expect((await failure(readOnly.put("k", "2"))).code).toBe("denied");
    expect((await failure(readOnly.store.delete(K("k"), {}))).code).toBe("denied");
    expect(await readOnly.text("k")).toBe("1");
  });

  it("rejects `invalid-option` when the base is a file, and makes a base that is missing", async () => {
    const parent = await emptyFolder();
    await writeFile(join(parent, "file"), "");
    const onFile = await folder({ base: join(parent, "file") });
    expect((await failure(onFile.put("k", "1"))).code).toBe("invalid-option");
    expect((await failure(onFile.text("k"))).code).toBe("invalid-option");
    const missing = await folder({ base: join(parent, "not/there") });
    expect([await missing.text("k"), await missing.keys(), await missing.store.delete(K("k"), {})]).toEqual([
      null,
      [],
      undefined,
    ]);
    await missing.put("k", "1");
    expect(await missing.keys()).toEqual(["k"]);
  });

  it("refuses a folder of a later layout", async () => {
    const { base, text } = await folder();
    await mkdir(join(base, ".unbucket"));
    await writeFile(join(base, ".unbucket/version"), "2\n");
    expect((await failure(text("k"))).code).toBe("unsupported");
  });

  it("L17: makes a folder anew that is gone again before it can be held", async () => {
    const { base, text } = await folder();
    const real = rootAt(base);
    let gone = 3;
    const root: Root = { ...real, hold: async (...asked) => (gone-- > 0 ? null : real.hold(...asked)) };
    const settings = parseOptions({ base, durable: false });
    const draft = await writeDraft(root, settings, { bytes: new TextEncoder().encode("x") }, {});
    await commit(root, settings, "d/k", draft, {}, {});
    expect([gone, await text("d/k")]).toEqual([-1, "x"]);
  });

  it("L17: survives 1000 puts and deletes under one prefix at once", async () => {
    const { base, put, store, keys } = await folder();
    const durable = await folder({ base, durable: true });
    const worker = async (name: number): Promise<void> => {
      for (let round = 0; round < 125; round++) {
        const key = K(`deep/er/${name % 4}/${name}`);
        await (name % 2 ? put : durable.put)(key, "x");
        await store.delete(key, {});
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, index) => worker(index)));
    expect(await keys()).toEqual([]);
  });
});
