import { cp, mkdir, readdir, readFile, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { nameHolder } from "../../../drivers/fs/holder.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import { sweep } from "../../../drivers/fs/sweep.ts";
import { testClock } from "../../support/clock.ts";
import type { MultipartBackend } from "../../../src/backend.ts";
import { emptyFolder, filesBelow, folder, type Folder, K } from "./folder.ts";

it("L3: sweep deletes temporary files older than a day and nothing else, at the first write", async () => {
  const base = await emptyFolder();
  await mkdir(join(base, ".unbucket/tmp"), { recursive: true });
  const old = (Date.now() - 25 * 3600 * 1000) / 1000;
  for (const name of [".unbucket/tmp/old", ".unbucket/tmp/new", "object"]) await writeFile(join(base, name), "");
  for (const name of [".unbucket/tmp/old", "object"]) await utimes(join(base, name), old, old);
  const { put, text } = await folder({ base });
  expect(await text("object")).toBe("");
  expect(await filesBelow(base)).toContain(".unbucket/tmp/old");
  await put("k", "");
  await expect.poll(() => filesBelow(base)).not.toContain(".unbucket/tmp/old");
  expect(await filesBelow(base)).toEqual(expect.arrayContaining([".unbucket/tmp/new", "object", "k"]));
  expect(await sweep(rootAt(join(base, "missing")))).toBe(0);
});

const DAY = 24 * 3600 * 1000;
const metadata = { a: "b" };
const records = async ({ files }: Folder): Promise<string[]> =>
  (await files()).filter((path) => path.startsWith(".unbucket/meta/"));

it("L18: sweep deletes the records of files that other programs have removed or replaced, after a day", async () => {
  const made = await folder();
  const { base, put, store } = made;
  const keys = ["kept", "removed", "replaced", "a", "a/b", "x//y", "deep/er/gone"];
  for (const key of keys) await put(key, key, { metadata });
  await rm(join(base, "removed"));
  await rm(join(base, "deep"), { recursive: true });
  await rm(join(base, "replaced"));
  await writeFile(join(base, "replaced"), "by another program");
  const all = await records(made);
  expect(all).toHaveLength(keys.length);

  const clock = testClock(Date.now() + DAY - 60_000);
  expect(await sweep(rootAt(base), clock)).toBe(0);
  expect(await records(made)).toEqual(all);
  clock.advance(120_000);
  expect(await sweep(rootAt(base), clock)).toBe(3);
  expect(await sweep(rootAt(base), clock)).toBe(0);
  for (const key of ["kept", "a", "a/b", "x//y"])
    expect(await store.head(key as never, {})).toMatchObject({ metadata });
  expect(await records(made)).toHaveLength(4);
});

it("sweep ends claims that were left, links among them, and leaves one that is held, however old", async () => {
  const base = await emptyFolder();
  const temp = join(base, ".unbucket/tmp");
  await mkdir(temp, { recursive: true });
  await writeFile(join(temp, "held.claim"), await nameHolder());
  await symlink("nobody.knows.1.1", join(temp, "left.claim"));
  expect(await sweep(rootAt(base), testClock(Date.now() + 2 * DAY, 0))).toBe(1);
  expect(await readdir(temp)).toEqual(["held.claim"]);
});

it("sweep keeps a record whose object comes back while its lock is waited for", async () => {
  const { base, put, store } = await folder();
  await put("k", "", { metadata });
  const [object, away] = [join(base, "k"), join(await emptyFolder(), "k")];
  await rename(object, away);
  const root = rootAt(base);
  // The lock on a key is the first to ask for the folder of temporary files.
  const tempFolder = async (): Promise<string> => {
    await rename(away, object);
    return root.tempFolder();
  };
  expect(await sweep({ ...root, tempFolder }, testClock(Date.now() + 2 * DAY, 0))).toBe(0);
  expect(await store.head(K("k"), {})).toMatchObject({ metadata });
});

it("L9: sweep removes nothing through a link in the place of a folder of the driver's own", async () => {
  const { base, put, files } = await folder();
  await put("gone", "", { metadata });
  await rm(join(base, "gone"));
  const upload = join(base, ".unbucket/uploads", "0".repeat(32));
  await mkdir(upload, { recursive: true });
  for (const path of [join(upload, "1"), join(base, ".unbucket/tmp/old")]) await writeFile(path, "");
  const outside = await emptyFolder();
  for (const name of ["tmp", "uploads", "meta"]) {
    await rename(join(base, ".unbucket", name), join(outside, name));
    await symlink(join(outside, name), join(base, ".unbucket", name));
  }
  const before = await filesBelow(outside);
  expect(before).toHaveLength(3);
  const clock = testClock(Date.now() + 2 * DAY, 0);
  expect(await sweep(rootAt(base), clock)).toBe(0);
  expect(await filesBelow(outside)).toEqual(before);
  // The same folders are swept where they belong.
  for (const name of ["tmp", "uploads", "meta"]) {
    await rm(join(base, ".unbucket", name));
    await rename(join(outside, name), join(base, ".unbucket", name));
  }
  expect(await sweep(rootAt(base), clock)).toBe(3);
  expect(await files()).toEqual([".unbucket/version"]);
});

it("L18: sweep leaves the record of a file that a backup brings later, whatever time the record has", async () => {
  const made = await folder();
  const { base, put } = made;
  await put("k", "", { metadata });
  const [record = ""] = await records(made);
  await rename(join(base, "k"), join(base, "elsewhere"));
  const old = (Date.now() - 3 * DAY) / 1000;
  await utimes(join(base, record), old, old);
  expect(await sweep(rootAt(base))).toBe(0);
  expect(await records(made)).toEqual([record]);
});

it("sweep leaves what is no record of its key, and looks at 1000 at most, from anywhere on", async () => {
  const base = await emptyFolder();
  const clock = testClock(Date.now() + 2 * DAY, 0.999);
  for (const [folder, count] of [
    ["00", 3],
    ["ff", 1001],
  ] as const) {
    await mkdir(join(base, ".unbucket/meta", folder), { recursive: true });
    for (let at = 0; at < count; at++) await writeFile(join(base, ".unbucket/meta", folder, `${at}.json`), "{");
  }
  await writeFile(join(base, ".unbucket/meta/00/other-1-1.json"), JSON.stringify({ key: "k" }));
  const made = await folder({ base });
  await made.put("k", "", { metadata });
  await rm(join(base, "k"));
  // Only what follows the 1001 in turn is not reached.
  expect(await sweep(rootAt(base), clock)).toBe(0);
  expect(await sweep(rootAt(base), testClock(Date.now() + 2 * DAY, 0))).toBe(1);
  expect(await readdir(join(base, ".unbucket/meta/00"))).toContain("other-1-1.json");
});

it("L3: sweep deletes parts of uploads that are over, after a day, and no upload under way, however old", async () => {
  const { base, store, files } = await folder();
  const steps = store.multipart as MultipartBackend;
  const begin = async (key = "k"): Promise<string> => {
    const { uploadId } = await steps.create(K(key), {});
    await steps.uploadPart(K(key), uploadId, 1, new Uint8Array(1), {});
    return uploadId;
  };
  const [left, cut, torn] = [await begin(), await begin(), await begin()];
  // An end that was cut off, and a record that a power cut has emptied.
  await rm(join(base, ".unbucket/uploads", cut, "upload.json"));
  await writeFile(join(base, ".unbucket/uploads", torn, "upload.json"), "");
  // Two whose process died when the object was there; the record of the one is damaged, and holds up nothing.
  const made = await begin("made");
  const damaged = await begin("damaged");
  await cp(join(base, ".unbucket/uploads"), join(base, "kept"), { recursive: true });
  for (const [key, id] of [
    ["made", made],
    ["damaged", damaged],
  ] as const)
    await steps.complete(K(key), id, (await steps.parts?.(K(key), id, {})) ?? [], {});
  for (const id of [made, damaged]) await rename(join(base, "kept", id), join(base, ".unbucket/uploads", id));
  await rm(join(base, "kept"), { recursive: true });
  for (const record of (await files()).filter((file) => file.startsWith(".unbucket/meta/"))) {
    if ((await readFile(join(base, record), "utf8")).includes(damaged)) await writeFile(join(base, record), "{");
  }
  const clock = testClock(Date.now() + DAY - 60_000);
  expect(await sweep(rootAt(base), clock)).toBe(0);
  clock.advance(120_000);
  expect(await sweep(rootAt(base), clock)).toBe(3);
  await steps.abort(K("damaged"), damaged, {});
  clock.advance(1000 * DAY);
  expect(await sweep(rootAt(base), clock)).toBe(0);
  expect((await files()).filter((file) => file.includes("/uploads/"))).toEqual([
    `.unbucket/uploads/${left}/1`,
    `.unbucket/uploads/${left}/upload.json`,
  ]);
  expect(await readdir(join(base, ".unbucket/uploads"))).toEqual([left]);
});

it("L3: sweep deletes a temporary file from the very millisecond at which it is a day old, and never a link", async () => {
  const base = await emptyFolder();
  await mkdir(join(base, ".unbucket/tmp"), { recursive: true });
  const written = 1_700_000_000;
  for (const name of [".unbucket/tmp/old", "object"]) await writeFile(join(base, name), "");
  await utimes(join(base, ".unbucket/tmp/old"), written, written);
  await symlink(join(base, "object"), join(base, ".unbucket/tmp/link"));
  expect(await sweep(rootAt(base), testClock(written * 1000 + DAY - 1))).toBe(0);
  expect(await sweep(rootAt(base), testClock(written * 1000 + DAY))).toBe(1);
  expect(await sweep(rootAt(base), testClock(Date.now() + 2 * DAY))).toBe(0);
  expect(await filesBelow(base)).toEqual(expect.arrayContaining([".unbucket/tmp/link", "object"]));
});
