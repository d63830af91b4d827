import { mkdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Anchor } from "../../../drivers/fs/anchor.ts";
import { commit } from "../../../drivers/fs/commit.ts";
import { writeDraft } from "../../../drivers/fs/draft.ts";
import { parseOptions } from "../../../drivers/fs/options.ts";
import { get, head } from "../../../drivers/fs/read.ts";
import { refusal } from "../../../drivers/fs/refusal.ts";
import { remove } from "../../../drivers/fs/remove.ts";
import { rootAt, type Root } from "../../../drivers/fs/root.ts";
import { emptyFolder, failure, filesBelow, K } from "./folder.ts";

describe("rootAt", () => {
  it("makes folders with those above them and says which are new, from the base on", async () => {
    const root = rootAt(join(await emptyFolder(), "base"));
    expect(await root.exists()).toBe(false);
    expect(await root.make("a/b")).toEqual(["", "a", "a/b"]);
    expect(await root.make("a/b/c")).toEqual(["a/b/c"]);
    await rm(root.base, { recursive: true });
    expect(await root.make("a")).toEqual(["", "a"]);
    // The driver's own, too, which are made once for all who ask at a time.
    for (let times = 0; times < 2; times++) {
      await rm(root.base, { recursive: true });
      await Promise.all([root.make(".unbucket/tmp"), root.make(".unbucket/tmp")]);
      expect((await stat(root.path(".unbucket/tmp"))).isDirectory()).toBe(true);
    }
  });

  it("is asked who was refused what once its file system is seen to answer at once", async () => {
    const root = rootAt(await emptyFolder());
    const error = Object.assign(new Error("EPERM"), { code: "EPERM", syscall: "mkdir", path: root.path("a") });
    expect(refusal(error)).toBeNull();
    await root.exists();
    expect(refusal(error) !== null).toBe(!!root.isLocal());
  });

  it("L9: makes nothing through a link, whether that leads somewhere or nowhere", async () => {
    const [base, outside] = [await emptyFolder(), await emptyFolder()];
    await mkdir(join(base, "d"));
    await symlink(outside, join(base, "d/out"));
    await symlink(join(outside, "nowhere"), join(base, "d/dangling"));
    const root = rootAt(base);
    for (const path of ["d/out", "d/out/x", "d/dangling", "d/dangling/x"]) {
      expect(await failure(root.make(path))).toMatchObject({ code: "denied" });
    }
    expect(await filesBelow(outside)).toEqual([]);
    expect([await root.whereabouts("d"), await root.whereabouts("d/out")]).toEqual(["inside", "linked"]);
  });

  it("follows a base that is a link to another folder at once, also in folders that it has just held", async () => {
    const above = await emptyFolder();
    for (const folder of ["old/d", "new/d"]) await mkdir(join(above, folder), { recursive: true });
    const base = join(above, "base");
    await symlink(join(above, "old"), base);
    const root = rootAt(base);
    await root.exists();
    await (await root.hold("d"))?.close();
    await symlink(join(above, "new"), join(above, "next"));
    await rename(join(above, "next"), base);
    const held = await root.hold("d");
    await writeFile(held?.path("k") ?? "", "x");
    await held?.close();
    expect(await filesBelow(above)).toEqual(expect.arrayContaining(["new/d/k"]));
  });

  it("L9: refuses a reserved folder that is a link", async () => {
    const [base, outside] = [await emptyFolder(), await emptyFolder()];
    await symlink(outside, join(base, ".unbucket"));
    expect(await failure(rootAt(base).temp())).toMatchObject({ code: "denied" });
    expect(await filesBelow(outside)).toEqual([]);
  });

  it("writes the layout's version with the first temporary name, and never gives a name twice", async () => {
    const root = rootAt(await emptyFolder());
    const names = await Promise.all(Array.from({ length: 50 }, () => root.temp()));
    expect(new Set(names).size).toBe(50);
    expect(await readFile(join(root.base, ".unbucket/version"), "utf8")).toBe("1\n");
  });
});

describe("rootAt on a file system that folds case and normalises", () => {
  it.each([
    ["d/File", "d/file", "respelled"],
    ["D/file", "d/file", "respelled"],
    ["e\u0301", "\u00e9", "respelled"],
    ["d/file", "d/file", "inside"],
    ["d/other", "d/file", "linked"],
  ])("L14: finds %j for %j: %s", async (found, asked, place) => {
    const root = rootAt(await realpath(await emptyFolder()));
    await root.exists();
    expect(await root.whereaboutsOf(join(root.base, found), asked)).toBe(place);
  });

  it("L14: keeps keys apart that differ in case or composition alone, in a file's or a folder's name", async () => {
    const real = rootAt(await emptyFolder());
    const fold = (path: string): string => path.normalize("NFC").toLowerCase();
    const folds = (path: string): boolean => !path.startsWith(".unbucket") && path !== fold(path);
    const folding = (held: Anchor | null): Anchor | null => held && { ...held, path: (name) => held.path(fold(name)) };
    // As such a system answers when everything on it is spelled in lower case and composed.
    const root: Root = {
      ...real,
      path: (relative) => real.path(folds(relative) ? fold(relative) : relative),
      fileNow: (relative) => real.fileNow(folds(relative) ? fold(relative) : relative),
      whereabouts: async (path) => {
        const place = await real.whereabouts(folds(path) ? fold(path) : path);
        return place === "inside" && folds(path) ? "respelled" : place;
      },
      make: async (folder) => {
        if (folds(folder)) throw Object.assign(new Error("taken"), { code: "ENOTDIR" });
        return real.make(folder);
      },
      anchor: async (folder) => {
        const held = await real.anchor(folds(folder) ? fold(folder) : folder);
        if (!folds(folder)) return folding(held);
        await held?.close();
        return null;
      },
      hold: async (folder, again) => {
        if (folds(folder)) throw Object.assign(new Error("taken"), { code: "ENOTDIR" });
        return folding(await real.hold(folder, again));
      },
    };
    const settings = parseOptions({ base: root.base, durable: false });
    const keys = ["file", "File", "dir/x", "Dir/x", "DIR/x", "\u00e9/y", "e\u0301/y", "\u00c9/y"].map(K);
    for (const ifNoneMatch of [undefined, "*"] as const) {
      for (const key of keys) {
        const draft = await writeDraft(root, settings, { bytes: new TextEncoder().encode(key) }, {});
        await commit(root, settings, key, draft, {}, ifNoneMatch ? { ifNoneMatch } : {});
      }
      for (let there = ifNoneMatch ? keys : keys.toReversed(); there.length > 0; there = there.slice(1)) {
        for (const key of there)
          expect(await new Response((await get(root, settings, key, {}))?.body).text()).toBe(key);
        await remove(root, there.slice(0, 1), { durable: false, failed: expect.fail });
        for (const key of keys) expect((await head(root, key)) !== null).toBe(there.indexOf(key) > 0);
      }
    }
  });
});
