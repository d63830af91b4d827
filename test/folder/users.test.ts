/**
 * Several users on one folder. Without root's rights, which none but root's tests have, all of them are one user: then these cases show that
 * sharing spoils nothing, and by bits that refuse their owner, too, what is said of a refusal.
 */
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptyFolder } from "../drivers/fs/folder.ts";
import { COMMON, DEPLOY, isRoot, STRANGER, type User, users, WWW } from "./users.ts";

const metadata = { name: "Ada" };
const denied = (text: string) => ({ code: "denied", message: expect.stringContaining(text) as unknown });

/** Gives a folder a mode, and a user and a group where that can be done. */
async function own(path: string, mode: number, uid: number, gid: number): Promise<void> {
  if (isRoot) await chown(path, uid, gid);
  await chmod(path, mode);
}

async function base(mode: number, uid: number, gid: number): Promise<string> {
  const above = await emptyFolder();
  await chmod(above, 0o755);
  const made = join(above, "base");
  await mkdir(made);
  await own(made, mode, uid, gid);
  return made;
}

/** User, group and mode of a file. */
async function whose(path: string): Promise<readonly [uid: number, gid: number, mode: string]> {
  const { uid, gid, mode } = await stat(path);
  return [uid, gid, (mode & 0o777).toString(8)];
}

const me = (uid: number): number => (isRoot ? uid : (process.getuid?.() as number));
const group = (gid: number): number => (isRoot ? gid : (process.getgid?.() as number));

describe("a folder that hands on its group", () => {
  const strict = (user: User): User => ({ ...user, umask: 0o077 });

  it.each([
    ["022", WWW, DEPLOY],
    ["077", strict(WWW), strict(DEPLOY)],
  ])("L32: is written by both users of the group, whoever came first, under umask %s", async (_, first, second) => {
    const as = await users();
    const folder = await base(0o2775, 0, COMMON);
    const writes = (name: string): unknown[][] => [
      ["upload", `${name}.txt`, "1", { metadata }],
      ["upload", `${name}/d.txt`, "1", { metadata }],
      ["upload", `${name}//d`, "1"],
      ["append", `${name}.txt`, "2"],
      ["text", `${name}.txt`],
      ["copy", `${name}.txt`, `${name}/copy`],
      ["move", `${name}/copy`, `${name}/moved`],
      ["metadata", `${name}/moved`],
      ["delete", [`${name}/moved`, `${name}//d`]],
      ["createMultipartUpload", `${name}.bin`],
    ];
    for (const [user, name] of [
      [first, "a"],
      [second, "b"],
      [first, "c"],
    ] as const) {
      const told = await as(user, folder, {}, ...writes(name));
      expect(told.filter((one) => (one as { code?: string } | null)?.code !== undefined)).toEqual([]);
      expect([told[4], told[7]]).toEqual(["12", metadata]);
    }
    // What lies in the base itself is both users' to replace and delete.
    expect(await as(second, folder, {}, ["upload", "a.txt", "of b", { metadata }], ["delete", "c.txt"])).toEqual([
      expect.any(String),
      null,
    ]);
  });

  it("L32: lets both change one object without a loss, and create it once", async () => {
    const as = await users();
    const folder = await base(0o2770, 0, COMMON);
    const shared = (user: User): User => ({ ...user, umask: 0o007 });
    const calls = Array.from({ length: 12 }, (_, at) => [
      ["append", "log", "."],
      ["upload", `once${at}`, "x", { ifNoneMatch: "*" }],
    ]).flat();
    await as(shared(WWW), folder, {}, ["upload", "log", "", { metadata }]);
    const both = await Promise.all([WWW, DEPLOY].map((user) => as(shared(user), folder, {}, ...calls)));
    const failed = both.flat().filter((one) => typeof one !== "string");
    expect(failed).toEqual(Array.from({ length: 12 }, () => expect.objectContaining({ code: "precondition-failed" })));
    expect(await as(shared(DEPLOY), folder, {}, ["text", "log"], ["metadata", "log"])).toEqual([
      ".".repeat(24),
      metadata,
    ]);
  });

  it("L32: gives its group to what is put there, to the object's record too, also if it lies in a folder of another one", async () => {
    const as = await users();
    const folder = await base(0o755, WWW.uid, WWW.uid);
    await mkdir(join(folder, "pub"));
    await own(join(folder, "pub"), 0o2750, WWW.uid, COMMON);
    const user = { ...WWW, umask: 0o027 };
    await as(
      user,
      folder,
      {},
      ["upload", "pub/a", "1", { metadata }],
      ["upload", "pub/b/c", "1"],
      ["upload", "own", "1"],
    );
    await as(user, folder, {}, ["copy", "own", "pub/d"], ["upload", "pub/e", "1", { ifNoneMatch: "*" }]);
    const [uid, gid] = [me(WWW.uid), group(COMMON)];
    for (const key of ["pub/a", "pub/b/c", "pub/d", "pub/e"])
      expect([key, await whose(join(folder, key))]).toEqual([key, [uid, gid, "640"]]);
    expect(await whose(join(folder, "own"))).toEqual([uid, group(WWW.uid), "640"]);
    const records = (await readdir(join(folder, ".unbucket/meta"), { recursive: true })).filter((name) =>
      name.endsWith(".json"),
    );
    expect(records).toHaveLength(1);
    expect(await whose(join(folder, ".unbucket/meta", records[0] as string))).toEqual([uid, gid, "640"]);
  });
});

describe("a folder that a script of root's has written first", () => {
  it.each([
    ["755", {}],
    ["777", {}],
    ["2775", {}],
    ["755", { mode: 0o604 }],
  ])("L32: stays its owner's to write, with mode %s and the options %o", async (mode, options) => {
    const as = await users();
    const folder = await base(Number.parseInt(mode, 8), WWW.uid, WWW.uid);
    await as(
      null,
      folder,
      options,
      ["upload", "root.txt", "1", { metadata }],
      ["upload", "root//d", "1", { metadata }],
    );
    expect(
      await as(
        WWW,
        folder,
        options,
        ["metadata", "root.txt"],
        ["append", "root.txt", "2"],
        ["upload", "own.txt", "1", { metadata }],
        ["delete", ["root.txt", "root//d"]],
        ["keys"],
      ),
    ).toEqual([metadata, expect.any(String), expect.any(String), null, ["own.txt"]]);
  });

  it("L32: has its objects' owner, group and bits after root has replaced them, and what root made is root's", async () => {
    const as = await users();
    const folder = await base(0o755, WWW.uid, WWW.uid);
    await as(WWW, folder, {}, ["upload", "d/private", "1", { metadata }]);
    await own(join(folder, "d/private"), 0o640, WWW.uid, COMMON);
    await as(null, folder, {}, ["upload", "d/private", "2", { metadata }], ["upload", "d/new", "2"]);
    expect(await whose(join(folder, "d/private"))).toEqual([me(WWW.uid), group(COMMON), "640"]);
    expect((await whose(join(folder, "d/new")))[0]).toBe(process.getuid?.());
    expect(await as(WWW, folder, {}, ["text", "d/private"], ["metadata", "d/private"])).toEqual(["2", metadata]);
  });
});

describe("what the system gives to nobody", () => {
  it("L32: stays whose it is, and fails nothing: a group that the user is not in", async () => {
    const as = await users();
    const folder = await base(0o777, 0, 0);
    await as(WWW, folder, {}, ["upload", "k", "1", { metadata }]);
    await own(join(folder, "k"), 0o640, STRANGER.uid, STRANGER.uid);
    expect(await as(WWW, folder, {}, ["upload", "k", "2", { metadata }], ["text", "k"], ["metadata", "k"])).toEqual([
      expect.any(String),
      "2",
      metadata,
    ]);
    expect(await whose(join(folder, "k"))).toEqual([me(WWW.uid), group(WWW.uid), "640"]);
  });

  it("L32: nor does it fail for root without CAP_FOWNER, who sets no bits of what he has given away", async () => {
    const setpriv = "/usr/bin/setpriv";
    const as = await users(...(isRoot && existsSync(setpriv) ? [setpriv, "--bounding-set=-fowner"] : []));
    const folder = await base(0o2777, WWW.uid, COMMON);
    await writeFile(join(folder, "k"), "1");
    await own(join(folder, "k"), 0o640, WWW.uid, COMMON);
    expect(await as(null, folder, {}, ["upload", "k", "2", { metadata }])).toEqual([expect.any(String)]);
    for (const [name, mode] of [
      ["k", "640"],
      [".unbucket", "777"],
    ] as const)
      expect([name, ...(await whose(join(folder, name)))]).toEqual([name, me(WWW.uid), group(COMMON), mode]);
  });
});

describe("what is refused to a user", () => {
  it("L32: is told with the user, the folder and its owner, and changes nothing", async () => {
    const as = await users();
    const folder = await base(0o755, WWW.uid, WWW.uid);
    await as(WWW, folder, {}, ["upload", "d/a.txt", "1", { metadata }]);
    // Refuses also the owner, who runs all of this where there is no root.
    const [d, tmp] = [join(folder, "d"), join(folder, ".unbucket/tmp")];
    for (const path of [d, tmp]) await chmod(path, 0o555);
    const refused = (path: string) =>
      denied(
        `user ${me(STRANGER.uid)} may not write in ${JSON.stringify(path)}, which belongs to user ${me(WWW.uid)} ` +
          `and group ${group(WWW.uid)} with mode 555`,
      );
    const writes = [
      ["upload", "d/a.txt", "2"],
      ["delete", "d/a.txt"],
      ["copy", "d/a.txt", "d/b.txt"],
    ];
    expect(await as(STRANGER, folder, {}, ...writes, ["text", "d/a.txt"], ["metadata", "d/a.txt"], ["keys"])).toEqual([
      ...writes.map(() => refused(tmp)),
      "1",
      metadata,
      ["d/a.txt"],
    ]);
    await chmod(tmp, isRoot ? 0o777 : 0o700);
    expect(await as(STRANGER, folder, {}, ...writes.slice(0, 2))).toEqual([refused(d), refused(d)]);
    await chmod(d, 0o755);
    expect(await as(WWW, folder, {}, ["text", "d/a.txt"], ["metadata", "d/a.txt"])).toEqual(["1", metadata]);
  });

  it("fails a listing, which would miss what is there, and reads only what lies there", async () => {
    const as = await users();
    const folder = await base(0o755, WWW.uid, WWW.uid);
    await as(WWW, folder, {}, ["upload", "d/a", "1"], ["upload", "e", "1"]);
    await chmod(join(folder, "d"), 0);
    const told = await as(STRANGER, folder, {}, ["keys"], ["text", "d/a"], ["exists", "d/a"], ["text", "e"]);
    const at = JSON.stringify(join(folder, "d"));
    expect(told).toEqual([
      denied(`may not read ${at}`),
      denied(`may not enter ${at}`),
      denied(`may not enter ${at}`),
      "1",
    ]);
    await chmod(join(folder, "d"), 0o755);
  });

  it("is no failure where a volume's own lost+found lies in the base", async () => {
    const as = await users();
    const folder = await base(0o755, WWW.uid, WWW.uid);
    await as(WWW, folder, {}, ["upload", "d/lost+found/a", "1"]);
    await mkdir(join(folder, "lost+found"), { mode: 0o000 });
    await writeFile(join(folder, "b"), "1");
    expect(await as(WWW, folder, {}, ["keys"], ["watched"])).toEqual([["b", "d/lost+found/a"], null]);
    await chmod(join(folder, "d/lost+found"), 0o000);
    expect(await as(STRANGER, folder, {}, ["keys"], ["watched"])).toEqual([denied("d/lost+found"), denied("may not")]);
    await chmod(join(folder, "d/lost+found"), 0o755);
  });
});
