/** What is left when the system gives no more: room on the disk, descriptors. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder, folder } from "../drivers/fs/folder.ts";

describe("a disk that is full", () => {
  it(
    "L22: in earnest refuses what does not fit, lets delete, and takes more afterwards",
    { timeout: 120_000 },
    async () => {
      const place = await emptyFolder();
      await mkdir(join(place, "disk"));
      const program = await bundle(`
      import { readdirSync, symlinkSync } from "node:fs";
      process.on("SIGXFSZ", () => {});
      const store = fsBackend({ base });
      const put = (key, length, options = {}) => store.put(key, { bytes: new Uint8Array(length).fill(7) }, options);
      const told = (error) => [error.code, error.retryable, error.message.includes("nothing was stored")].join();
      await put("k", 3, { metadata: { v: "old" } });
      const large = Number(args[0]);
      let stored = 0;
      let refused = "";
      for (; stored < 1000 && !refused; stored++) await put("f" + stored, stored % 2 ? large : 10).catch((error) => (refused = told(error), stored--));
      const again = await put("k", large, { metadata: { v: "new" } }).then(() => "stored", told);
      // Not even a link has room now, where the disk counts its files.
      let spare = 0;
      for (; args[1] === "files" && spare < 10_000; spare++) try { symlinkSync("x", base + "/.unbucket/tmp/spare" + spare); } catch { break; }
      const kept = [(await store.head("k", {})).metadata.v, (await store.head("k", {})).size];
      const listed = (await store.list({ prefix: "f", limit: 1000 })).objects.length;
      const drafts = readdirSync(base + "/.unbucket/tmp").filter((name) => !name.startsWith("spare"));
      await store.delete("f0", {});
      await store.deleteMany(["f1", "f2", "f3"], {});
      const after = (await store.list({ prefix: "f", limit: 1000 })).objects.length;
      const more = await put("f0", 10).then(() => "stored", told);
      // Parts that fit, and an object of them that does not: the upload is there, to be aborted or, with more room, completed.
      await store.deleteMany(["f4", "f5", "f6", "f7"], {});
      const { multipart } = store;
      const { uploadId } = await multipart.create("k", { metadata: { v: "new" } });
      const parts = [];
      const size = large * 0.6;
      for (let full = false; !full && parts.length < 20;) await multipart.uploadPart("k", uploadId, parts.length + 1, new Uint8Array(size), {}).then((part) => parts.push(part), () => (full = true));
      const complete = (list) => multipart.complete("k", uploadId, list, {}).then(() => "completed", told);
      const unjoined = [await complete(parts), (await store.head("k", {})).metadata.v, (await multipart.parts("k", uploadId)).length === parts.length];
      await store.deleteMany(Array.from({ length: stored }, (_, n) => "f" + n), {});
      const joined = [await complete(parts.slice(0, 1)), (await store.head("k", {})).metadata.v, (await store.head("k", {})).size === size];
      console.log(JSON.stringify({ refused, again, kept, lost: stored - listed, gone: listed - after, drafts, more, unjoined, joined }));
    `);
      const refused = "unavailable,false,true";
      const expected = {
        refused,
        again: refused,
        kept: ["old", 3],
        lost: 0,
        gone: 4,
        drafts: [],
        more: "stored",
        unjoined: [refused, "old", true],
        joined: ["completed", "new", true],
      };
      const disk = join(place, "disk");
      // Mounting needs root, or a namespace in which one is. Where neither is allowed, the size of a file is limited instead.
      const mounted = (options: string): string =>
        `unshare -rm sh -c 'mount -t tmpfs -o ${options} none ${disk} && exec "$@"' sh`;
      const disks = ["size=2m", "nr_inodes=60"].map((options) => [
        mounted(options),
        options === "size=2m" ? "100000 room" : "10 files",
      ]);
      const mounts = (await run("bash", ["-c", `${mounted("size=1m")} true 2>&1`]).ended).code === 0;
      const limit = [["ulimit -f 64; exec", "100000 room"]];
      for (const [by, args] of mounts ? disks : limit) {
        const { code, out } = await run("bash", ["-c", `${by} ${process.execPath} ${program} ${disk}/base ${args}`])
          .ended;
        expect([by, code, JSON.parse(out)]).toEqual([by, 0, expected]);
      }
    },
  );
});

describe("a disk that is mounted read-only", () => {
  it("is told as such, also where the folder and those above it are not there", async ({ skip }) => {
    const place = await emptyFolder();
    const disk = join(place, "disk");
    await mkdir(disk);
    const program = await bundle(`
      const put = (at) => fsBackend({ base: at }).put("k", { bytes: new Uint8Array(3) }, {});
      const told = await Promise.all([base, base + "/a/b"].map((at) => put(at).catch(({ code, message }) => [code, /EROFS/.test(message)])));
      console.log(JSON.stringify(told));
    `);
    const mounted = `unshare -rm sh -c 'mount -t tmpfs -o ro none ${disk} && exec "$@"' sh`;
    const mounts = (await run("bash", ["-c", `${mounted} true 2>&1`]).ended).code === 0;
    // Mounting needs root, or a namespace in which one is.
    if (!mounts) skip("nothing may be mounted here");
    const { code, out } = await run("bash", ["-c", `${mounted} ${process.execPath} ${program} ${disk}`]).ended;
    expect([code, JSON.parse(out)]).toEqual([
      0,
      [
        ["denied", true],
        ["denied", true],
      ],
    ]);
  });
});

describe("a process that may have 64 files open", () => {
  it(
    "L23: writes, lists, reads and clears 5,000 objects, with more at once and of all kinds than it may have open",
    { timeout: 240_000 },
    async () => {
      const { base, files } = await folder();
      const program = await bundle(`
      const store = fs({ base, durable: false });
      const keys = Array.from({ length: 5000 }, (_, n) => (n % 10 ? "d" + (n % 50) + "/f" : "e//") + n);
      const upload = (key, at) => store.upload(key, new Blob([key]), at % 25 ? {} : { metadata: { key } });
      for (let n = 0; n < keys.length; n += n === 0 ? 500 : 100) await Promise.all(keys.slice(n, n + (n === 0 ? 500 : 100)).map(upload));
      let listed = 0;
      for await (const object of store.list()) listed += object.size > 0 ? 1 : 0;
      const read = await Promise.all(keys.slice(0, 300).map(async (key) => (await (await store.download(key)).text()) === key));
      const items = (await store.getKeys("", {})).length;
      const busy = Array.from({ length: 32 }, async (_, n) => {
        const key = "busy" + n + "/k";
        for (let round = 0; round < 5; round++) {
          await upload(key, n % 2 ? 1 : 0);
          if (await (await store.download(key)).text() !== key) throw new Error("other bytes");
          let seen = 0;
          for await (const _ of store.list({ prefix: "busy" + n + "/" })) seen++;
          await store.clear("busy" + n, {});
          if (seen !== 1 || await store.exists(key)) throw new Error("seen " + seen);
        }
      });
      const broken = (await Promise.allSettled(busy)).filter(({ status }) => status === "rejected").map(({ reason }) => reason.message);
      await store.clear("d1", {});
      const left = (await store.getKeys("", {})).length;
      await store.clear("", {});
      const { deleted } = await store.deletePrefix("e/").catch((error) => ({ deleted: error.stack }));
      console.log(JSON.stringify([broken, listed, read.filter(Boolean).length, items, items - left]));
    `);
      const { ended } = run("bash", ["-c", `ulimit -n 64; exec ${process.execPath} ${program} ${base}`]);
      const { code, out } = await ended;
      expect([code, JSON.parse(out)]).toEqual([0, [[], 5000, 300, 4500, 100]]);
      expect(await files()).toEqual([".unbucket/version"]);
    },
  );
});
