/** Somebody swaps a folder for a link that leads out, again and again, while calls run. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder, folder, K } from "../drivers/fs/folder.ts";

const SWAP = `
  import { renameSync, symlinkSync, unlinkSync } from "node:fs";
  const [outside, until] = args;
  const at = (name) => base + "/" + name;
  const quietly = (call, ...names) => { try { call(...names); } catch {} };
  let swaps = 0;
  while (Date.now() < Number(until)) {
    quietly(renameSync, at("d"), at("aside"));
    quietly(symlinkSync, outside, at("d"));
    for (let spin = Math.random() * 3000; spin > 0; spin--);
    quietly(unlinkSync, at("d"));
    quietly(renameSync, at("aside"), at("d"));
    swaps++;
  }
  console.log(swaps);
`;

it("L9: a folder that turns into a link and back lets nothing out be read, listed, written, copied or deleted", async () => {
  const [{ base, store, put, text }, outside] = [await folder(), await emptyFolder()];
  const NAMES = ["0", "1", "2"];
  await mkdir(join(base, "d/deep"), { recursive: true });
  await mkdir(join(outside, "deep"));
  for (const name of [...NAMES, "only", "deep/0"]) await writeFile(join(outside, name), "secret");
  const { ended } = run(process.execPath, [await bundle(SWAP), base, outside, `${Date.now() + 8000}`]);
  const state = { over: false };
  void ended.then(() => (state.over = true));
  const told: string[] = [];
  const canaries = async (): Promise<void> => {
    for (const name of [...NAMES, "only", "deep/0"])
      if ((await readFile(join(outside, name), "utf8").catch(() => "gone")) !== "secret")
        told.push(`${name} is spoilt`);
  };
  let calls = 0;
  for (; !state.over && told.length === 0; calls++) {
    const key = calls % 5 === 0 ? "d/deep/0" : `d/${calls % 3}`;
    // A call may be refused, since the folder is not there for moments; it may do nothing wrong.
    const quietly = <T>(call: Promise<T> | undefined): Promise<T | null> =>
      Promise.resolve(call ?? null).catch(() => null);
    await quietly(put(key, "mine", calls % 2 ? {} : { ifNoneMatch: "*" }));
    for (let turn = 0; turn < 4; turn++) {
      if ((await quietly(text(key))) === "secret") told.push(`${key} was read`);
      if ((await quietly(text("d/only"))) !== null) told.push("d/only was read");
      const page = await quietly(store.list({ prefix: "", limit: 100 }));
      if (page?.objects.some((object) => object.key === "d/only")) told.push("d/only was listed");
    }
    if ((await quietly(store.copy?.(K(key), K("copied"), {}))) && (await text("copied")) === "secret")
      told.push(`${key} was copied`);
    if (calls % 2) await quietly(store.delete(K(key), {}));
    await canaries();
  }
  expect(Number((await ended).out)).toBeGreaterThan(100);
  // Of a machine that is busy not much can be asked.
  expect(calls).toBeGreaterThan(5);
  // Only Linux gives descriptors names, by which a folder is held.
  if (process.platform === "linux") expect(told).toEqual([]);
  expect((await readdir(outside)).sort()).toEqual(["0", "1", "2", "deep", "only"]);
});
