/** What people do to folders: copies, archives, backups. Every object comes back with what describes it. */
import { execFileSync } from "node:child_process";
import { cp, lstat, lutimes, mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { rootAt } from "../../drivers/fs/root.ts";
import { sweep } from "../../drivers/fs/sweep.ts";
import { crc32c } from "../../src/checksum.ts";
import { emptyFolder, failure, filesBelow, folder, K, rot, UGLY_KEYS } from "../drivers/fs/folder.ts";
import { program } from "../runtimes/install.ts";
import { installing } from "../runtimes/installing.ts";
import { testClock } from "../support/clock.ts";

const KEYS = [...UGLY_KEYS, "a", "a/b", "a/b/c", "plain.txt", "deep/er/x.css"];
const headersOf = (key: string) => ({
  contentType: "a/b",
  cacheControl: "no-store",
  metadata: { key: encodeURIComponent(key) },
});

async function filled(): Promise<string> {
  const { base, put } = await folder();
  for (const key of KEYS) await put(key, `<${key}>`, { ...headersOf(key), checksum: crc32c });
  await put("undescribed.txt", "x");
  return base;
}

/** Cuts the time of every file below a folder to a multiple of so many milliseconds. */
async function cut(base: string, unit: number): Promise<void> {
  for (const file of await filesBelow(base)) {
    const { mtimeMs } = await lstat(join(base, file));
    const time = (Math.floor(mtimeMs / unit) * unit) / 1000;
    await lutimes(join(base, file), time, time);
  }
}

const ways: Readonly<Record<string, (from: string, to: string) => Promise<void> | void>> = {
  "cp -a": (from, to) => void execFileSync("cp", ["-a", `${from}/.`, to]),
  // https://download.samba.org/pub/rsync/rsync.1: not part of every system; apt-get install rsync.
  "rsync -a": (from, to) => void execFileSync("rsync", ["-a", `${from}/`, to]),
  "tar, whose usual format knows whole seconds": (from, to) => {
    execFileSync("tar", ["--format=gnu", "-cf", `${to}.tar`, "-C", from, "."]);
    execFileSync("tar", ["-xf", `${to}.tar`, "-C", to]);
  },
  "a copy with times in milliseconds": (from, to) => cp(from, to, { recursive: true, preserveTimestamps: true }),
  "a copy by a later Node, which counts in doubles": async (from, to) => {
    const code = `fs.cpSync(${JSON.stringify(from)}, ${JSON.stringify(to)}, { recursive: true, preserveTimestamps: true })`;
    execFileSync(await program("node24"), ["-e", code]);
  },
  "a copy with times in seconds": async (from, to) => {
    await cp(from, to, { recursive: true, preserveTimestamps: true });
    await cut(to, 1000);
  },
  "a copy with times in two seconds, as on FAT": async (from, to) => {
    await cp(from, to, { recursive: true, preserveTimestamps: true });
    await cut(to, 2000);
  },
};

describe("a folder that is restored", () => {
  installing();

  it.each(Object.keys(ways))("L18: by %s has every object with its headers, and writes on as before", async (way) => {
    const from = await filled();
    const to = join(await emptyFolder(), "restored");
    await mkdir(to);
    await ways[way]?.(from, to);
    const { store, text, keys, put, files } = await folder({ base: to });
    expect(await keys()).toHaveLength(KEYS.length + 1);
    for (const key of KEYS) {
      expect([key, await text(key)]).toEqual([key, `<${key}>`]);
      expect(await store.head(K(key), {})).toMatchObject(headersOf(key));
      expect((await store.get(K(key), {}))?.info).toEqual(await store.head(K(key), {}));
    }
    expect(await store.head(K("undescribed.txt"), {})).not.toHaveProperty("metadata");
    // Each has its checksum, too: what the way had spoilt would be found.
    const objects = (await files()).filter((each) => !/^\.unbucket\/(?:meta|version)/.test(each));
    for (const file of objects) await rot(join(to, file), 0);
    for (const key of KEYS) expect(await failure(text(key)), key).toMatchObject({ code: "corrupt" });
    for (const file of objects) await rot(join(to, file), 0);
    // The sweep of the day after next finds nothing to do.
    expect(await sweep(rootAt(to), testClock(Date.now() + 2 * 86_400_000))).toBe(0);
    expect(await store.head(K("a"), {})).toMatchObject(headersOf("a"));
    expect(await store.copy?.(K("a"), K("copied"), {})).toMatchObject(headersOf("a"));
    for (const key of [...KEYS, "copied"]) await put(key, "new");
    for (const key of KEYS) expect(await store.head(K(key), {})).not.toHaveProperty("metadata");
    expect((await files()).filter((file) => file.includes("/meta/"))).toEqual([]);
    for (const key of [...KEYS, "copied", "undescribed.txt"]) await store.delete(K(key), {});
    expect(await files()).toEqual([".unbucket/version"]);
  });

  it("L18: without its times has every object, under the type of its name", async () => {
    const from = await filled();
    const to = await emptyFolder();
    execFileSync("cp", ["-r", `${from}/.`, to]);
    const { store, text } = await folder({ base: to });
    for (const key of KEYS) expect(await text(key)).toBe(`<${key}>`);
    expect(await store.head(K("deep/er/x.css"), {})).toMatchObject({ contentType: "text/css" });
  });

  it("L18: from a backup that was taken while somebody wrote has whole objects, and all headers after a second one", async () => {
    const { base, put } = await folder({ base: await filled() });
    const to = await emptyFolder();
    const backUp = (...options: string[]) => execFileSync("rsync", ["-a", ...options, `${base}/`, to]);
    // As programs go: the driver's own folder is the first by name.
    backUp("--include=/.unbucket/***", "--exclude=*");
    await put("plain.txt", "later", headersOf("plain.txt"));
    await put("new.txt", "new", headersOf("new.txt"));
    backUp("--exclude=/.unbucket");
    const { store, text } = await folder({ base: to });
    for (const [key, bytes] of [
      ["plain.txt", "later"],
      ["new.txt", "new"],
    ] as const) {
      expect(await text(key)).toBe(bytes);
      expect(await store.head(K(key), {})).toMatchObject({ contentType: "text/plain" });
    }
    backUp("--delete");
    for (const key of ["plain.txt", "new.txt", "a/b"])
      expect(await store.head(K(key), {})).toMatchObject(headersOf(key));
  });

  it("L18: over a folder that went on has the restored versions with their headers", async () => {
    const { base, put, store, text } = await folder();
    const from = await filled();
    for (const key of ["a", "a/b", "plain.txt", "x:y"])
      await put(key, `<${key}>`.replace(/./g, "-"), { metadata: { n: "later" } });
    execFileSync("cp", ["-a", `${from}/.`, base]);
    for (const key of ["a", "a/b", "plain.txt", "x:y"]) {
      expect(await text(key)).toBe(`<${key}>`);
      expect(await store.head(K(key), {})).toMatchObject(headersOf(key));
    }
  });
});

describe("a file that another program changes", () => {
  it.each<[string, (path: string) => Promise<void>]>([
    ["writes in place, in the same length", (path) => writeFile(path, "2")],
    [
      "replaces by a file of whole seconds",
      async (path) => {
        await writeFile(path, "2");
        await utimes(path, 1_700_000_000, 1_700_000_000);
      },
    ],
    [
      "makes longer, with the time put back",
      async (path) => {
        const { mtimeMs } = await lstat(path);
        await writeFile(path, "22");
        await utimes(path, Math.floor(mtimeMs / 1000), Math.floor(mtimeMs / 1000));
      },
    ],
  ])("L18: which it %s, has no headers of what was there", async (_, change) => {
    const { base, put, store } = await folder();
    await put("k.txt", "1", headersOf("k.txt"));
    await change(join(base, "k.txt"));
    const info = await store.head(K("k.txt"), {});
    expect(info).toMatchObject({ contentType: "text/plain" });
    expect([info?.metadata, info?.cacheControl]).toEqual([undefined, undefined]);
    await put("k.txt", "3", { metadata: { n: "3" } });
    expect((await store.head(K("k.txt"), {}))?.metadata).toEqual({ n: "3" });
  });
});

it("L18: records of a folder that leads elsewhere are nobody's headers", async () => {
  const { base, put, store } = await folder();
  await put("k", "1", headersOf("k"));
  const outside = await emptyFolder();
  execFileSync("cp", ["-a", join(base, ".unbucket/meta"), join(outside, "meta")]);
  execFileSync("rm", ["-r", join(base, ".unbucket/meta")]);
  execFileSync("ln", ["-s", join(outside, "meta"), join(base, ".unbucket/meta")]);
  const [record = ""] = await filesBelow(join(outside, "meta"));
  expect(await store.head(K("k"), {})).not.toHaveProperty("metadata");
  await store.delete(K("k"), {});
  expect(await filesBelow(outside)).toEqual([`meta/${record}`]);
  expect(await readFile(join(outside, "meta", record), "utf8")).toContain("no-store");
  expect(await readdir(base)).toEqual([".unbucket"]);
});
