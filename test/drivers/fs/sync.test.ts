import type * as FsPromises from "node:fs/promises";
import { mkdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import type * as Files from "../../../drivers/fs/file.ts";
import type * as Sync from "../../../drivers/fs/sync.ts";
import { syncNames, syncRemoval } from "../../../drivers/fs/sync.ts";
import type { MultipartBackend } from "../../../src/backend.ts";
import { emptyFolder, failure, folder, K } from "./folder.ts";

const calls = vi.hoisted(() => ({
  list: [] as string[],
  /** The folders whose flush was asked for. */
  asked: [] as string[],
  base: "",
  failing: "",
  until: async (_folder: string): Promise<void> => {},
  names: new Map<string, string>(),
}));

const short = vi.hoisted(
  () =>
    (path: unknown): string =>
      String(path)
        .replace(/^\/proc\/self\/fd\/\d+/, (found) => calls.names.get(found) ?? found)
        .replace(calls.base, "")
        .replace(/tmp\/[0-9a-f]+|meta\/.*/, (found) => found.slice(0, 4)),
);

/** An open file whose flushes are written down. */
const recorded = vi.hoisted(
  () =>
    <T extends { readonly fd: number; sync(): Promise<void> }>(file: T, path: string): T => {
      calls.names.set(`/proc/self/fd/${file.fd}`, path);
      const sync = file.sync.bind(file);
      file.sync = () => {
        calls.list.push(`sync ${short(path)}`);
        const fails = path === calls.failing;
        return calls.until(short(path)).then(() => {
          if (fails) throw Object.assign(new Error("injected"), { code: "EIO" });
          return sync();
        });
      };
      return file;
    },
);

vi.mock("../../../drivers/fs/file.ts", async (importOriginal) => {
  const files = await importOriginal<typeof Files>();
  const open: typeof files.open = async (path, ...rest) => recorded(await files.open(path, ...rest), path);
  const openNow: typeof files.openNow = async (path, ...rest) => recorded(await files.openNow(path, ...rest), path);
  return { ...files, open, openNow };
});

vi.mock("../../../drivers/fs/sync.ts", async (importOriginal) => {
  const sync = await importOriginal<typeof Sync>();
  const syncNames: typeof sync.syncNames = (root, folder, ...rest) => {
    const flush = sync.syncNames(root, folder, ...rest);
    calls.asked.push(folder);
    return flush;
  };
  const syncRemovalAsked: typeof sync.syncRemoval = (root, folder) => {
    const flush = sync.syncRemoval(root, folder);
    calls.asked.push(folder);
    return flush;
  };
  return { ...sync, syncNames, syncRemoval: syncRemovalAsked };
});

vi.mock("../../../drivers/fs/calls.ts", () => import("./by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  /** A call that is written down. Locks say nothing to the disk, and a folder that stays nothing of note. */
  const recording = (name: string, call: (...paths: never[]) => Promise<unknown>) => ({
    [name]: async (...paths: string[]) => {
      const result = await call(...(paths as never[]));
      if (!paths[0]?.endsWith(".claim")) calls.list.push([name, ...paths.map(short)].join(" "));
      return result;
    },
  });
  return {
    ...fs,
    open: async (path: string, ...rest: [string?, number?]) => recorded(await fs.open(path, ...rest), path),
    ...recording("rename", fs.rename),
    ...recording("link", fs.link),
    ...recording("unlink", fs.unlink),
    ...recording("mkdir", fs.mkdir),
    ...recording("rmdir", fs.rmdir),
  };
});

async function seenBy(run: (base: string) => Promise<unknown>): Promise<string[]> {
  const base = await emptyFolder();
  calls.base = base;
  await run(base);
  return calls.list;
}

const twelve = Array.from({ length: 12 }, (_, n) => `d/${n}`);

/** Runs for twelve keys of one folder at once; the first flush lasts until each of them has asked for one. */
async function allAtOnce(run: (key: string) => Promise<unknown>): Promise<string[]> {
  calls.list.length = 0;
  calls.asked.length = 0;
  calls.until = async (folder) => {
    if (folder !== "/d") return;
    while (calls.asked.filter((path) => path === "d").length < twelve.length) await new Promise(setImmediate);
  };
  await Promise.all(twelve.map(async (key) => (await run(key), calls.list.push(`done /${key}`))));
  calls.until = async () => {};
  return calls.list.filter((call) => / \/d(\/|$)/.test(call));
}

describe("a durable put", () => {
  it("L2: flushes bytes and record before the rename, then the names, also of a folder that someone else has made", async () => {
    const seen = await seenBy(async (base) => {
      await mkdir(join(base, "a"));
      const { put } = await folder({ base, durable: true });
      await put("warm", "");
      calls.list.length = 0;
      await put("a/b", "x", { metadata: { k: "v" } });
      expect(await readFile(join(base, "a/b"), "utf8")).toBe("x");
    });
    expect(seen).toEqual([
      "sync /.unbucket/tmp/",
      "sync /.unbucket/tmp/",
      "mkdir /.unbucket/meta",
      "mkdir /.unbucket/meta",
      "rename /.unbucket/tmp/ /.unbucket/meta",
      "sync /.unbucket/meta",
      "sync /.unbucket/meta",
      "sync /.unbucket",
      "rename /.unbucket/tmp/ /a/b",
      "sync /a",
      "sync ",
    ]);
  });

  it("L2: flushes a draft once more whose time is set anew, since another process has given a later one to what it replaces", async () => {
    const seen = await seenBy(async (base) => {
      const { put } = await folder({ base, durable: true });
      await put("k", "1");
      const ahead = Date.now() / 1000 + 10;
      await utimes(join(base, "k"), ahead, ahead);
      calls.list.length = 0;
      await put("k", "2");
    });
    const draft = "sync /.unbucket/tmp/";
    expect(seen).toEqual([draft, draft, "rename /.unbucket/tmp/ /k", "sync "]);
  });

  it("L2: flushes the name of a base that is new, and is not held up by one that has gone", async () => {
    await seenBy(async (above) => {
      const base = join(above, "new");
      calls.list.length = 0;
      const { put } = await folder({ base, durable: true });
      await put("k", "1");
      expect(calls.list).toContain("sync ");
      const root = rootAt(base);
      await rm(base, { recursive: true });
      calls.list.length = 0;
      await syncNames(root, "a/b");
      await syncRemoval(root, "a/b");
    });
    expect(calls.list).toEqual([]);
  });

  it.each(["a/b/new", "a", "."])(
    "L2: flushes the names of the folders above a base, who ever has made %j",
    async (made) => {
      await seenBy(async (above) => {
        await mkdir(join(above, made), { recursive: true });
        calls.list.length = 0;
        const { put } = await folder({ base: join(above, "a/b/new"), durable: true });
        await put("k", "1");
      });
      expect(calls.list).toEqual(expect.arrayContaining(["sync ", "sync /a", "sync /a/b", "sync /a/b/new"]));
    },
  );

  it("L2: flushes the folders above once, and again when they have been made anew", async () => {
    const seen = await seenBy(async (base) => {
      const { put, store } = await folder({ base, durable: true });
      await put("a/b/1", "");
      calls.list.length = 0;
      await put("a/b/2", "");
      expect(calls.list).toEqual(["sync /.unbucket/tmp/", "rename /.unbucket/tmp/ /a/b/2", "sync /a/b"]);
      for (const key of ["a/b/1", "a/b/2"]) await store.delete(key as never, {});
      calls.list.length = 0;
      await put("a/b/3", "");
    });
    expect(seen).toEqual([
      ...["sync /.unbucket/tmp/", "mkdir /a", "mkdir /a/b", "rename /.unbucket/tmp/ /a/b/3"],
      ...["sync /a/b", "sync /a", "sync "],
    ]);
  });

  it.each([true, undefined])(
    "L2: create, overwrite, copy and delete flush bytes, then give the name, then flush it with new folders (durable: %s)",
    async (durable) => {
      const given = ["sync /new/er", "sync /new", "sync "];
      const steps: string[][] = [];
      await seenBy(async (base) => {
        const { put, store } = await folder({ base, durable });
        await put("warm", "");
        const step = async (run: Promise<unknown>): Promise<void> => {
          await run;
          steps.push(calls.list.splice(0));
        };
        calls.list.length = 0;
        await step(put("new/er/k", "1", { ifNoneMatch: "*" }));
        await step(put("new/er/k", "2"));
        await step(store.copy?.(K("new/er/k"), K("copy/k"), {}) ?? Promise.resolve());
        await step(store.delete(K("new/er/k"), {}));
        await step(put("new/er//k", "1"));
      });
      const [create, overwrite, copy, remove, encoded] = steps;
      expect(create).toEqual([
        ...["sync /.unbucket/tmp/", "mkdir /new", "mkdir /new/er"],
        ...["link /.unbucket/tmp/ /new/er/k", "unlink /.unbucket/tmp/", ...given],
      ]);
      expect(overwrite).toEqual(["sync /.unbucket/tmp/", "rename /.unbucket/tmp/ /new/er/k", "sync /new/er"]);
      expect(copy).toEqual([
        ...["sync /.unbucket/tmp/", "mkdir /copy", "rename /.unbucket/tmp/ /copy/k", "sync /copy", "sync "],
      ]);
      expect(remove).toEqual(["unlink /new/er/k", "rmdir /new/er", "rmdir /new", "sync "]);
      expect(encoded).toEqual([
        ...["sync /.unbucket/tmp/", "mkdir /.unbucket/keys", "rename /.unbucket/tmp/ /.unbucket/keys/new%2fer%2f%2fk="],
        ...["sync /.unbucket/keys", "sync /.unbucket"],
      ]);
    },
  );

  it("L2: each step of a multipart upload flushes what it has acknowledged, unless the driver was made with durable false", async () => {
    const steps: string[][] = [];
    const upload = async (base: string, durable: boolean | undefined): Promise<void> => {
      const { put, store } = await folder({ base, durable });
      const multipart = store.multipart as MultipartBackend;
      await put("warm", "");
      await multipart.create(K("warm"), {});
      const step = async <T>(run: Promise<T>): Promise<T> => {
        const result = await run;
        steps.push(calls.list.splice(0));
        return result;
      };
      calls.list.length = 0;
      const { uploadId } = await step(multipart.create(K("k"), {}));
      const part = await step(multipart.uploadPart(K("k"), uploadId, 1, new Uint8Array(1), {}));
      await step(multipart.complete(K("k"), uploadId, [part], {}));
      await step(multipart.complete(K("k"), uploadId, [part], {}));
      const other = await multipart.create(K("k"), {});
      calls.list.length = 0;
      await step(multipart.abort(K("k"), other.uploadId, {}));
      for (const list of steps) list.splice(0, list.length, ...list.map((call) => call.replace(/[0-9a-f]{32}/g, "id")));
    };
    const [at, draft] = ["/.unbucket/uploads/id", "/.unbucket/tmp/"];
    await seenBy((base) => upload(base, true));
    const byName = steps.splice(0);
    const [create, part, complete, again, abort] = byName;
    expect(create).toEqual([
      ...[`sync ${draft}`, `mkdir ${at}`, `rename ${draft} ${at}/upload.json`],
      ...[`sync ${at}`, "sync /.unbucket/uploads"],
    ]);
    expect(part).toEqual([`sync ${draft}`, `rename ${draft} ${at}/1`, `sync ${at}`]);
    const published = complete?.indexOf(`rename ${draft} /k`) ?? -1;
    // The bytes and the record before the object has its name; the upload goes when the name is on the disk.
    expect(complete?.slice(0, published).filter((call) => call === `sync ${draft}`)).toHaveLength(2);
    expect(complete?.slice(published + 1)).toEqual([
      "sync ",
      ...[`unlink ${at}/upload.json`, `unlink ${at}/1`, `rmdir ${at}`],
    ]);
    // Whoever made the object may have died before its name was on the disk.
    expect(again).toEqual(["sync "]);
    expect(abort).toEqual([`unlink ${at}/upload.json`, `rmdir ${at}`, "sync /.unbucket/uploads"]);
    await seenBy((base) => upload(base, undefined));
    expect(steps.splice(0)).toEqual(byName);
    await seenBy((base) => upload(base, false));
    expect(steps.flat().filter((call) => call.startsWith("sync"))).toEqual([]);
  });

  it("L2: shares the flush of a folder with writes and deletes that wait for it, which begins after the last of them", async () => {
    await seenBy(async (base) => {
      const { put, store } = await folder({ base, durable: true });
      await put("d/stays", "");
      const written = await allAtOnce((key) => put(key, "1"));
      const removed = await allAtOnce((key) => store.delete(K(key), {}));
      for (const list of [written, removed]) {
        expect(list.filter((call) => call === "sync /d")).toHaveLength(2);
        for (const key of twelve) {
          const [changed, done] = ["", "done"].map((word) =>
            list.findIndex((call) => call.endsWith(` /${key}`) && (word === "") !== call.startsWith("done")),
          );
          expect(list.slice(changed, done)).toContain("sync /d");
        }
      }
    });
  });

  it("of a driver with durable false flushes nothing", async () => {
    const seen = await seenBy(async (base) => {
      const { put, store } = await folder({ base, durable: false });
      await put("warm", "");
      calls.list.length = 0;
      await put("a/b", "x", { durable: true });
      await store.copy?.(K("a/b"), K("c"), {});
    });
    expect(seen).toEqual(["mkdir /a", "rename /.unbucket/tmp/ /a/b", "rename /.unbucket/tmp/ /c"]);
  });
});

/** Runs with a folder that cannot be flushed. */
async function failing<T>(path: string, run: () => Promise<T>): Promise<T> {
  calls.failing = path;
  try {
    return await run();
  } finally {
    calls.failing = "";
  }
}

describe("a flush that fails after a put", () => {
  it.each([[{}], [{ ifNoneMatch: "*" }]] as const)(
    "with %j is `ambiguous`, and bytes and headers are stored together",
    async (conditions) => {
      const { base, put, text, store, files } = await folder({ durable: true });
      if (!("ifNoneMatch" in conditions)) await put("dir/k", "old", { metadata: { v: "old" } });
      const error = await failing(join(base, "dir"), () =>
        failure(put("dir/k", "new", { metadata: { v: "new" }, ...conditions })),
      );
      expect(error).toMatchObject({ code: "ambiguous", retryable: false, cause: { code: "EIO" } });
      expect(error.message).toContain("stored, but it is not known whether it survives a power cut");
      expect(await text("dir/k")).toBe("new");
      expect((await store.head(K("dir/k"), {}))?.metadata).toEqual({ v: "new" });
      expect((await files()).filter((file) => file.includes("/tmp/"))).toEqual([]);
    },
  );

  it("is `ambiguous` for each that waited for it, since the system tells of a failure once; whoever comes later flushes anew", async () => {
    const { base, put, text } = await folder({ durable: true });
    calls.base = base;
    await put("d/stays", "");
    const errors = new Map<string, unknown>();
    const seen = await failing(join(base, "d"), () =>
      allAtOnce(async (key) => errors.set(key, await failure(put(key, key)))),
    );
    expect(seen.filter((call) => call === "sync /d")).toHaveLength(1);
    for (const key of twelve) {
      expect(errors.get(key)).toMatchObject({ code: "ambiguous", cause: { code: "EIO" } });
      expect(await text(key)).toBe(key);
    }
    calls.list.length = 0;
    await put("d/later", "");
    expect(calls.list.filter((call) => call === "sync /d")).toHaveLength(1);
  });

  it("does not follow from the record's flush, whose failure leaves the old object and no other record", async () => {
    const { base, put, text, store, files } = await folder({ durable: true });
    await put("k", "old", { metadata: { v: "old" } });
    const before = await files();
    const record = before.find((file) => file.includes("/meta/")) as string;
    const at = record.slice(0, record.lastIndexOf("/"));
    const error = await failing(join(base, at), () => failure(put("k", "new", { metadata: { v: "new" } })));
    expect(error.code).toBe("unknown");
    expect(await text("k")).toBe("old");
    expect((await store.head(K("k"), {}))?.metadata).toEqual({ v: "old" });
    expect(await files()).toEqual(before);
  });
});

describe("a delete", () => {
  it("L2: flushes the nearest folder that stays, unless the driver was made with durable false", async () => {
    const seen = await seenBy(async (base) => {
      const { put } = await folder({ base });
      for (const key of ["a/b/1", "a/b/2", "a/3", "a/4"]) await put(key, "");
      calls.list.length = 0;
      const byDefault = fsBackend({ base });
      await byDefault.delete(K("a/b/1"), {});
      await byDefault.delete(K("a/b/2"), {});
      await byDefault.delete(K("absent"), {});
      await fsBackend({ base, durable: true }).delete(K("a/3"), {});
      await fsBackend({ base, durable: false }).delete(K("a/4"), {});
    });
    expect(seen).toEqual([
      ...["unlink /a/b/1", "sync /a/b", "unlink /a/b/2", "rmdir /a/b", "sync /a"],
      // Of what is absent, too: another delete may have removed it this moment.
      "sync ",
      ...["unlink /a/3", "sync /a", "unlink /a/4", "rmdir /a"],
    ]);
  });

  it("of many keys flushes each folder once, at the end", async () => {
    const seen = await seenBy(async (base) => {
      const { put } = await folder({ base });
      const keys = ["a", "b"].flatMap((name) => Array.from({ length: 20 }, (_, index) => `${name}/${index}`));
      for (const key of [...keys, "a/kept", "b/kept"]) await put(key, "");
      calls.list.length = 0;
      expect(await fsBackend({ base }).deleteMany?.(keys.map(K), {})).toEqual([]);
    });
    expect(seen.slice(0, 40).every((call) => call.startsWith("unlink"))).toBe(true);
    expect(seen.slice(40).sort()).toEqual(["sync /a", "sync /b"]);
  });

  it("whose flush fails is `ambiguous`, for each key of the folder", async () => {
    const { base, put, keys } = await folder();
    for (const key of ["a/1", "a/2", "a/3", "a/kept", "b/1", "b/kept"]) await put(key, "");
    const store = fsBackend({ base });
    const one = await failing(join(base, "a"), () => failure(store.delete(K("a/1"), {})));
    expect(one).toMatchObject({ code: "ambiguous", cause: { code: "EIO" } });
    expect(one.message).toContain("deleted, but it is not known whether it survives a power cut");
    const many = await failing(
      join(base, "a"),
      async () => (await store.deleteMany?.(["a/2", "a/3", "b/1"].map(K), {})) ?? [],
    );
    expect(many.map(({ key, error }) => [key, error.key, error.code]).sort()).toEqual([
      ["a/2", "a/2", "ambiguous"],
      ["a/3", "a/3", "ambiguous"],
    ]);
    expect(await keys()).toEqual(["a/kept", "b/kept"]);
  });

  it("flushes the folder above when another delete has removed the folder meanwhile", async () => {
    const seen = await seenBy(async (base) => {
      calls.list.length = 0;
      await syncRemoval(rootAt(base), "gone/deep");
    });
    expect(seen).toEqual(["sync "]);
  });

  it("flushes that an older file is gone before the one that counts goes", async () => {
    const seen = await seenBy(async (base) => {
      const { put } = await folder({ base });
      await put("a", "");
      await mkdir(join(base, ".unbucket/keys"));
      await writeFile(join(base, ".unbucket/keys/a="), "older");
      calls.list.length = 0;
      await fsBackend({ base }).delete(K("a"), {});
    });
    expect(seen).toEqual(["unlink /.unbucket/keys/a=", "sync /.unbucket/keys", "unlink /a", "sync "]);
  });
});
