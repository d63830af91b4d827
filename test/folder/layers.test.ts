/** A folder in a lower layer of overlayfs, as a container has one that came with its image. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder } from "../drivers/fs/folder.ts";

it("is the same folder after the first write into it, which moves it to the upper layer", async ({ skip }) => {
  const place = await emptyFolder();
  for (const name of ["lower/uploads", "upper", "work", "merged"]) await mkdir(join(place, name), { recursive: true });
  for (let n = 0; n < 1200; n++) await writeFile(join(place, `lower/uploads/g${n}`), "");
  const program = await bundle(`
    const store = fs({ base });
    let listed = 0;
    for await (const _ of store.list({ prefix: "g" })) if (listed++ === 0) await store.upload("z", "");
    console.log(JSON.stringify([listed, await store.deletePrefix("g"), await store.exists("z")]));
  `);
  const layers = ["lower", "upper", "work"].map((name) => `${name}dir=${join(place, name)}`).join();
  const mounted = `unshare -rm sh -c 'mount -t overlay -o ${layers} none ${join(place, "merged")} && exec "$@"' sh`;
  const mounts = (await run("bash", ["-c", `${mounted} true 2>&1`]).ended).code === 0;
  // Mounting needs root, or a namespace in which one is.
  if (!mounts) skip("nothing may be mounted here");
  const { code, out } = await run("bash", [
    "-c",
    `${mounted} ${process.execPath} ${program} ${join(place, "merged/uploads")}`,
  ]).ended;
  expect([code, JSON.parse(out)]).toEqual([0, [1200, 1200, true]]);
});
