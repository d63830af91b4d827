import { mkdir, rename, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { lookAtAll } from "../../../drivers/fs/look.ts";
import { rootAt } from "../../../drivers/fs/root.ts";
import type { Walked } from "../../../drivers/fs/walk.ts";
import { emptyFolder, failure, folder } from "./folder.ts";

const plain = (path: string): Walked => ({ key: path, candidate: { tree: "plain", path } });

it("lookAtAll tells what head tells of each file, in order, and null of what is gone, a folder, or behind a link", async () => {
  const { base, put } = await folder();
  const outside = await emptyFolder();
  await writeFile(join(outside, "canary"), "");
  const infos = new Map<string, unknown>();
  for (const key of ["a/1", "a/2", "b/canary", "c"]) {
    const { etag, lastModified, size } = await put(key, key);
    infos.set(key, { key, etag, lastModified, size });
  }
  await unlink(join(base, "a/2"));
  await mkdir(join(base, "a/2"));
  await rename(join(base, "b"), join(base, "was"));
  await symlink(outside, join(base, "b"));
  await symlink(join(base, "c"), join(base, "link"));
  const root = rootAt(base);
  await root.exists();
  const keys = ["c", "a/2", "b/canary", "absent", "link", "a/1"];
  expect(await lookAtAll(root, keys.map(plain), undefined)).toEqual([
    infos.get("c"),
    null,
    null,
    null,
    null,
    infos.get("a/1"),
  ]);
});

it("lookAtAll finds a file that has moved to another of its places", async () => {
  const { base, put } = await folder();
  const { etag } = await put("a", "");
  const root = rootAt(base);
  await root.exists();
  const walked: Walked = { key: "a", candidate: { tree: "keys", path: ".unbucket/keys/a=" } };
  expect(await lookAtAll(root, [walked], undefined)).toMatchObject([{ key: "a", etag }]);
});

it("lookAtAll stops with the signal's reason", async () => {
  const { base, put } = await folder();
  await put("a", "");
  const reason = new Error("stop");
  expect(await failure(lookAtAll(rootAt(base), [plain("a")], AbortSignal.abort(reason)))).toBe(reason);
});
