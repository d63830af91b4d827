/** What is left when the system gives no more: room on the disk, descriptors. */
import type * as FsPromises from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type * as Files from "../../drivers/fs/file.ts";
import { bundle, run } from "../drivers/fs/child.ts";
import { emptyFolder, failure, folder, K } from "../drivers/fs/folder.ts";

/** The call that fails, as `name` or `handle.name`, at its nth time, with this code. */
const fault = vi.hoisted(() => ({ call: "", after: 0, code: "" }));

const { meet, failing } = vi.hoisted(() => {
  const meet = (call: string): void => {
    if (fault.call !== call || fault.after-- > 0) return;
    // Once: what is passed over is not made up for by the next call.
    fault.call = "";
    throw Object.assign(new Error("injected"), { code: fault.code });
  };
  /** An open file whose calls may fail. */
  const failing = <T extends object>(file: T): T => {
    for (const [name, call] of allMethods(file)) {
      Object.assign(file, {
        [name]: async (...rest: unknown[]): Promise<unknown> => {
          // A close that fails has closed all the same.
          if (name === "close") await call(...rest);
          meet(`handle.${name}`);
          return name === "close" ? undefined : call(...rest);
        },
      });
    }
    return file;
  };
  const allMethods = (file: object) =>
    ["write", "writeFile", "sync", "close"].flatMap((name) => {
      const call = (file as Record<string, unknown>)[name];
      return typeof call === "function"
        ? [[name, call.bind(file) as (...rest: unknown[]) => Promise<unknown>] as const]
        : [];
    });
  return { meet, failing };
});

vi.mock("../../drivers/fs/file.ts", async (importOriginal) => {
  const files = await importOriginal<typeof Files>();
  const open: typeof files.open = async (...args) => {
    meet("open");
    return failing(await files.open(...args));
  };
  return { ...files, open };
});

vi.mock("../../drivers/fs/calls.ts", () => import("../drivers/fs/by-promises.ts"));
vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof FsPromises>();
  const wrapped = (name: "rename" | "link" | "mkdir" | "copyFile" | "utimes") => {
    const call = fs[name] as (...args: unknown[]) => Promise<unknown>;
    return { [name]: async (...args: unknown[]) => (meet(name), call(...args)) };
  };
  const open: typeof fs.open = async (...args) => {
    meet("open");
    return failing(await fs.open(...args));
  };
  const names = ["rename", "link", "mkdir", "copyFile", "utimes"] as const;
  return Object.assign({ ...fs, open }, ...names.map(wrapped)) as typeof fs;
});
afterEach(() => void (fault.call = ""));

describe("a disk that is full", () => {
  const steps: readonly [string, number][] = [
    ["open", 0],
    ["handle.write", 0],
    ["handle.write", 1],
    ["utimes", 0],
    ["handle.sync", 0],
    ["handle.close", 0],
    ["mkdir", 0],
    ["open", 1],
    ["handle.write", 3],
    ["handle.sync", 1],
    ["handle.close", 1],
    ["rename", 0],
    ["rename", 1],
  ];
  it.each(steps.flatMap(([call, after]) => ["ENOSPC", "EDQUOT"].map((code) => [call, after, code] as const)))(
    "L22: at %s, %i times later, by %s leaves the old object whole with its headers, and nothing else",
    async (call, after, code) => {
      const { put, text, store, files } = await folder({ durable: true });
      await put("d/k", "old", { metadata: { v: "old" } });
      await put("warm", "");
      const before = await files();
      const body = new Blob([new Uint8Array(700_000)]).stream();
      // Another key's record needs a folder of its own; the same key's does not.
      const key = call === "mkdir" ? "e/k" : "d/k";
      Object.assign(fault, { call, after, code });
      const error = await failure(store.put(K(key), { stream: body }, { metadata: { v: "new" } }));
      expect(fault.after).toBeLessThan(0);
      fault.call = "";
      expect(error).toMatchObject({ code: "unavailable", retryable: false, cause: { code } });
      expect(error.message).toContain("nothing was stored");
      expect([await text("d/k"), await files()]).toEqual(["old", before]);
      expect((await store.head(K("d/k"), {}))?.metadata).toEqual({ v: "old" });
      await put("d/k", "new", { metadata: { v: "new" } });
      expect([await text("d/k"), (await store.head(K("d/k"), {}))?.metadata]).toEqual(["new", { v: "new" }]);
    },
  );

  it.each([
    ["link", "d/k"],
    ["copyFile", "d/k"],
  ] as const)("L22: at %s leaves what there was", async (call, from) => {
    const { put, store, files } = await folder({ durable: true });
    await put(from, "old", { metadata: { v: "old" } });
    const before = await files();
    Object.assign(fault, { call, after: 0, code: "ENOSPC" });
    const done =
      call === "link"
        ? put("new", "x", { ifNoneMatch: "*" })
        : (store.copy?.(K(from), K("new"), {}) ?? Promise.resolve());
    expect((await failure(done)).code).toBe("unavailable");
    expect(await files()).toEqual(before);
  });

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
      console.log(JSON.stringify({ refused, again, kept, lost: stored - listed, gone: listed - after, drafts, more }));
    `);
      const refused = "unavailable,false,true";
      const expected = { refused, again: refused, kept: ["old", 3], lost: 0, gone: 4, drafts: [], more: "stored" };
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

describe("a process that may have 64 files open", () => {
  it(
    "L23: writes, lists, reads and clears 5,000 objects, with more at once than it may have open",
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
      await store.clear("d1", {});
      const left = (await store.getKeys("", {})).length;
      await store.clear("", {});
      const { deleted } = await store.deletePrefix("e/").catch((error) => ({ deleted: error.stack }));
      console.log(JSON.stringify([listed, read.filter(Boolean).length, items, items - left]));
    `);
      const { ended } = run("bash", ["-c", `ulimit -n 64; exec ${process.execPath} ${program} ${base}`]);
      const { code, out } = await ended;
      expect([code, JSON.parse(out)]).toEqual([0, [5000, 300, 4500, 100]]);
      expect(await files()).toEqual([".unbucket/version"]);
    },
  );
});
