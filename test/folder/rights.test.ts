/** A process that may read and write its folder, and nothing else. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

it("fs needs no right but those on its folder: neither links nor a look at processes and descriptors", async () => {
  const base = join(await emptyFolder(), "base");
  await mkdir(base);
  const program = await bundle(`
    const store = fs({ base });
    const { etag } = await store.upload("d/k", "1", { metadata: { n: "1" } });
    await store.upload("d/k", "2", { metadata: { n: "2" }, ifMatch: etag });
    await store.upload("d//k", "3", { ifNoneMatch: "*" });
    await store.copy("d/k", "e/k");
    await store.update("e/k", async (current) => (await current.text()) + "2");
    const found = [await (await store.download("e/k")).text(), (await store.head("e/k")).metadata.n];
    const keys = [];
    for await (const { key } of store.list()) keys.push(key);
    await store.deletePrefix("d");
    console.log(JSON.stringify([...found, keys, await store.exists("d/k")]));
  `);
  // https://nodejs.org/api/permissions.html: the flag has lost its first half in Node 23.5.
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const flag = major > 23 || (major === 23 && minor >= 5) ? "--permission" : "--experimental-permission";
  const rights = [
    flag,
    `--allow-fs-read=${dirname(program)}/*`,
    ...["read", "write"].map((right) => `--allow-fs-${right}=${base}/*`),
  ];
  const { code, out } = await run(process.execPath, ["--no-warnings", ...rights, program, base]).ended;
  expect([code, JSON.parse(out)]).toEqual([0, ["22", "2", ["d//k", "d/k", "e/k"], false]]);
});
