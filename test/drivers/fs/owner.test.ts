/** Between users: `test/folder/users.test.ts`. Here the groups are those that whoever runs the tests may give something to. */
import fs, { existsSync } from "node:fs";
import { chmod, chown, mkdir, rename, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { anchor } from "../../../drivers/fs/anchor.ts";
import { type Own, ownerIn, setBitsAndOwner, share } from "../../../drivers/fs/owner.ts";
import { fsBackend } from "../../../drivers/fs/backend.ts";
import { parseKey } from "../../../src/key.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import { openBelow, placeOf } from "../../support/descriptors.ts";
import { emptyFolder, mocked, onPlatform } from "./folder.ts";

const own = { uid: BigInt(process.getuid?.() as number), gid: BigInt(process.getgid?.() as number) };
/** Another group that this process is in, or may give something to: root alone may where there is none. */
const other = BigInt(
  (process.getgroups?.() ?? []).find((gid) => BigInt(gid) !== own.gid) ?? (own.uid === 0n ? 64_310 : own.gid),
);

async function root(): Promise<Root> {
  const made = rootAt(await emptyFolder());
  await made.exists();
  onTestFinished(() => made.release());
  return made;
}

/** As where the folder for temporary files lies on a disk: in memory no call takes a thread, which tests look at. */
const onDisk = (store: Root): Root => ({ ...store, isLocal: () => true });

const gid = async (path: string): Promise<bigint> => (await stat(path, { bigint: true })).gid;
const bits = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

/** What the driver has written. */
async function written(store: Root, path: string): Promise<Own> {
  await writeFile(store.path(path), path, { mode: 0o600 });
  return { path, stats: await stat(store.path(path), { bigint: true }) };
}

const isRoot = own.uid === 0n;

describe("setBitsAndOwner", () => {
  it("gives bits, and a group of the user's, to the very files and to none that has taken their place", async () => {
    const store = await root();
    const [draft, gone, linked, moved, record] = await Promise.all(
      ["draft", "gone", "linked", "moved", "record"].map((name) => written(store, name)),
    );
    await Promise.all(["victim", "mine"].map((name) => written(store, name)));
    for (const { path } of [gone, linked] as Own[]) await unlink(store.path(path));
    await symlink(store.path("victim"), store.path("linked"));
    await rename(store.path("mine"), store.path("moved"));
    const like = { uid: own.uid, gid: other };
    for (const one of [linked, gone] as Own[])
      await expect(setBitsAndOwner(store, [one], like, 0o640)).rejects.toThrow();
    for (const one of [linked, gone, moved] as Own[]) await setBitsAndOwner(store, [one], like);
    await setBitsAndOwner(store, [moved as Own], like, 0o640);
    await setBitsAndOwner(store, [draft as Own, record as Own], like, 0o640);
    const found = ["draft", "record", "moved", "victim"].map(async (name) => [
      await gid(store.path(name)),
      await bits(store.path(name)),
    ]);
    expect(await Promise.all(found)).toEqual([
      [other, "640"],
      [other, "640"],
      [own.gid, "600"],
      [own.gid, "600"],
    ]);
  });

  it("sets bits before it gives away, which the system may refuse, and leaves what is another user's", async () => {
    const store = await root();
    const draft = await written(store, "a");
    const calls: string[] = [];
    const { fchmod } = fs;
    vi.spyOn(fs, "fchmod").mockImplementation(((...args: Parameters<typeof fchmod>) => {
      calls.push("fchmod");
      fchmod(...args);
    }) as typeof fchmod);
    vi.spyOn(fs, "fchown").mockImplementation(((fd, uid, to, done) => {
      calls.push(`fchown ${uid} ${to}`);
      setTimeout(() => {
        // Not closed under the call.
        calls.push(placeOf(fd));
        done(Object.assign(new Error("refused"), { code: "EPERM" }));
      }, 20);
    }) as typeof fs.fchown);
    mocked();
    const place = store.path("a");
    await setBitsAndOwner(onDisk(store), [draft], { uid: 64_302n, gid: 64_399n }, 0o640);
    expect(calls).toEqual(["fchmod", `fchown ${isRoot ? 64_302 : own.uid} 64399`, place]);
    expect([await bits(place), openBelow(store.base)]).toEqual(["640", []]);
  });

  it("fails where bits are refused, and gives nothing away then", async () => {
    const store = await root();
    const draft = await written(store, "a");
    vi.spyOn(fs, "fchmod").mockImplementation(((_, __, done) =>
      done(Object.assign(new Error("refused"), { code: "EPERM" }))) as typeof fs.fchmod);
    const chowned = vi.spyOn(fs, "fchown");
    mocked();
    await expect(setBitsAndOwner(onDisk(store), [draft], { uid: own.uid, gid: other }, 0o640)).rejects.toThrow(
      "refused",
    );
    expect(chowned).not.toHaveBeenCalled();
  });

  it("gives to another user what is root's alone, of all else the group", async () => {
    const store = await root();
    await written(store, "a");
    const uid = isRoot ? 64_301n : own.uid;
    await chown(store.path("a"), Number(uid), Number(own.gid));
    const draft: Own = { path: "a", stats: await stat(store.path("a"), { bigint: true }) };
    await setBitsAndOwner(store, [draft], { uid: 64_302n, gid: other });
    expect(await stat(store.path("a"), { bigint: true })).toMatchObject({ uid, gid: other });
  });

  it("goes by whose the file is, since Deno asks for the right to know whose the process is", async () => {
    const store = await root();
    const draft = await written(store, "a");
    vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    await setBitsAndOwner(store, [draft], { uid: 64_302n, gid: own.gid });
    const wanted = isRoot ? { uid: 64_302n, gid: own.gid } : own;
    expect(await stat(store.path("a"), { bigint: true })).toMatchObject(wanted);
  });
});

describe("ownerIn", () => {
  it("is the group of a folder that hands it on, below the base and in it", async () => {
    const store = await root();
    await mkdir(store.path("d"));
    for (const folder of ["", "d"]) {
      const held = await anchor(store, folder);
      if (!held) throw new Error("no folder");
      onTestFinished(() => held.close());
      await chown(store.path(folder), Number(own.uid), Number(other));
      expect(await ownerIn(store, held, own)).toEqual(own);
      await chmod(store.path(folder), 0o2770);
      expect(await ownerIn(store, held, own)).toEqual({ uid: own.uid, gid: other });
    }
  });
});

describe("share", () => {
  it.each([
    ["755", "700", "700"],
    // Those of an access control list look like the group's.
    ["775", "700", "700"],
    ["2775", "2700", "2770"],
    ["2750", "2700", "2700"],
    ["2755", "2700", "2700"],
    ["777", "700", "707"],
    ["2777", "2755", "2777"],
    ["1777", "755", "755"],
    ["3777", "2755", "2755"],
    ["3770", "2700", "2700"],
    // Who may only write gets no right to read.
    ["2730", "2700", "2730"],
    ["733", "700", "703"],
    // What a umask has opened stays open.
    ["755", "777", "777"],
  ])("of a base of mode %s makes %s %s", async (base, made, shared) => {
    const store = await root();
    await chmod(store.base, Number.parseInt(base, 8));
    const folder = join(store.base, ".unbucket");
    await mkdir(folder);
    await chmod(folder, Number.parseInt(made, 8));
    await share(store, ".unbucket");
    expect(await bits(folder)).toBe(shared);
  });

  it.each([
    ["by its open folder", "linux", true],
    ["where the file system may stall", "linux", false],
    ["by its name", "darwin", false],
    ["under Deno", "linux", true],
  ] as const)("opens a folder %s, leaves what a link leads to, and lets both go", async (how, platform, isLocal) => {
    const store = await root();
    await chmod(store.base, 0o777);
    for (const name of [".unbucket", "elsewhere"]) await mkdir(store.path(name), { mode: 0o700 });
    await symlink(store.path("elsewhere"), store.path("link"));
    if (how === "under Deno") vi.stubGlobal("Deno", {});
    onTestFinished(() => void vi.unstubAllGlobals());
    onPlatform(platform);
    const places = { path: store.path, whereaboutsOf: store.whereaboutsOf, isLocal: () => isLocal };
    for (const name of [".unbucket", "link"]) await share(places, name);
    expect([await bits(store.path(".unbucket")), await bits(store.path("elsewhere"))]).toEqual(["707", "700"]);
    expect(openBelow(store.base)).toEqual([]);
  });

  it("gives what root has made to the base's owner, by an open folder alone, and keeps what others have made theirs", async () => {
    const store = await root();
    const [uid, gid] = isRoot ? [64_301n, other] : [own.uid, own.gid];
    await chown(store.base, Number(uid), Number(gid));
    await chmod(store.base, 0o755);
    for (const name of ["a", "b", "c"]) await mkdir(store.path(name), { mode: 0o755 });
    await share(store, "a");
    expect(await stat(store.path("a"), { bigint: true })).toMatchObject({ uid, gid });
    await chown(store.path("b"), Number(uid), Number(own.gid));
    const spy = vi.spyOn(process, "geteuid").mockReturnValue(Number(uid));
    await share(store, "b");
    expect(await stat(store.path("b"), { bigint: true })).toMatchObject({ uid, gid: own.gid });
    // But for the group, where the base hands that on.
    await chmod(store.base, 0o2755);
    await share(store, "b").finally(() => spy.mockRestore());
    expect(await stat(store.path("b"), { bigint: true })).toMatchObject({ uid, gid });
    onPlatform("darwin");
    await share(store, "c");
    expect(await stat(store.path("c"), { bigint: true })).toMatchObject(own);
  });

  it("opens a folder of another group to nobody of that group, which the system keeps it from handing on", async () => {
    const store = await root();
    await mkdir(store.path(".unbucket"), { mode: 0o700 });
    await chown(store.base, Number(own.uid), Number(other));
    await chmod(store.base, 0o2770);
    vi.spyOn(fs, "fchown").mockImplementation(((_, __, ___, done) =>
      done(Object.assign(new Error("refused"), { code: "EPERM" }))) as typeof fs.fchown);
    mocked();
    await share(store, ".unbucket");
    expect(await stat(store.path(".unbucket"), { bigint: true })).toMatchObject(own);
    expect(await bits(store.path(".unbucket"))).toBe(other === own.gid ? "770" : "700");
  });

  it("leaves alone a folder with something in it, which somebody has moved there", async () => {
    const store = await root();
    await mkdir(store.path("private"), { mode: 0o700 });
    await writeFile(store.path("private/a"), "secret");
    await chown(store.base, isRoot ? 64_301 : Number(own.uid), Number(other));
    await chmod(store.base, 0o2777);
    await rename(store.path("private"), store.path(".unbucket"));
    await share(store, ".unbucket");
    expect(await stat(store.path(".unbucket"), { bigint: true })).toMatchObject(own);
    expect(await bits(store.path(".unbucket"))).toBe("700");
  });

  it("leaves alone another user's folder, also an empty one", async () => {
    const store = await root();
    await chmod(store.base, 0o777);
    await mkdir(store.path(".unbucket"), { mode: 0o700 });
    const spy = vi.spyOn(process, "geteuid").mockReturnValue(64_302);
    await share(store, ".unbucket").finally(() => spy.mockRestore());
    expect(await bits(store.path(".unbucket"))).toBe("700");
  });

  it("opens the folders also where many write first at once", async () => {
    const store = await root();
    await chmod(store.base, 0o2777);
    const before = process.umask(0o077);
    const backend = fsBackend({ base: store.base });
    // Who has made a folder looks at it later than all others could put something into it.
    const [{ open }, late] = [fs, new Set<unknown>()];
    vi.spyOn(fs, "open").mockImplementation(((...args: Parameters<typeof open>) => {
      if (late.has(args[0]) || !existsSync(args[0])) return open(...args);
      late.add(args[0]);
      setTimeout(() => open(...args), 50);
    }) as typeof open);
    mocked();
    const record = { metadata: { a: "b" } };
    await Promise.all(
      Array.from({ length: 20 }, (_, at) => backend.put(parseKey(`k${at}`), { bytes: new Uint8Array(1) }, record)),
    ).finally(() => process.umask(before));
    for (const name of ["", "tmp", "meta"])
      expect([name, (await bits(join(store.base, ".unbucket", name))).slice(-3)]).toEqual([name, "777"]);
  });

  it("is for the driver's own folders, and for none that a mode is for", async () => {
    const [shared, own] = [await root(), await root()];
    const before = process.umask(0o077);
    for (const { base } of [shared, own]) await chmod(base, 0o777);
    const puts = [fsBackend({ base: shared.base }), fsBackend({ base: own.base, mode: 0o600 })].map((backend) =>
      backend.put(parseKey("d/k"), { bytes: new Uint8Array(1) }, {}),
    );
    await Promise.all(puts).finally(() => process.umask(before));
    expect(await Promise.all([shared, own].map(({ path }) => bits(path(".unbucket/tmp"))))).toEqual(["707", "700"]);
    expect(await Promise.all([shared, own].map(({ path }) => bits(path("d"))))).toEqual(["700", "700"]);
  });

  it("leaves bits to a mode that was asked for", async () => {
    const store = await root();
    await chmod(store.base, 0o2777);
    await mkdir(store.path(".unbucket"), { mode: 0o700 });
    await share(store, ".unbucket", 0o600);
    expect((await bits(store.path(".unbucket"))).slice(-3)).toBe("700");
  });

  it("hands on the group, also where the folder was made before the base did, and follows no link", async () => {
    const store = await root();
    for (const folder of [".unbucket", "elsewhere"]) {
      await mkdir(store.path(folder));
      await chmod(store.path(folder), 0o700);
    }
    await chown(store.base, Number(own.uid), Number(other));
    await chmod(store.base, 0o2770);
    await share(store, ".unbucket");
    await symlink(store.path("elsewhere"), store.path(".unbucket/tmp"));
    for (const folder of [".unbucket/tmp", ".unbucket/none"]) await share(store, folder);
    expect([await gid(store.path(".unbucket")), await bits(store.path(".unbucket"))]).toEqual([other, "770"]);
    expect([await gid(store.path("elsewhere")), await bits(store.path("elsewhere"))]).toEqual([own.gid, "700"]);
  });
});
