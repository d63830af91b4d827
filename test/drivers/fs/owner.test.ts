/** Between users: `test/folder/users.test.ts`. Here the groups are those that whoever runs the tests may give something to. */
import { chmod, chown, link, mkdir, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { anchor } from "../../../drivers/fs/anchor.ts";
import { giveAll, ownerIn, share } from "../../../drivers/fs/owner.ts";
import { type Root, rootAt } from "../../../drivers/fs/root.ts";
import { emptyFolder } from "./folder.ts";

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

const gid = async (path: string): Promise<bigint> => (await stat(path, { bigint: true })).gid;
const bits = async (path: string): Promise<string> => ((await stat(path)).mode & 0o7777).toString(8);

describe("giveAll", () => {
  it("gives files to a group of the user's, but nothing that a link or a second name stands for", async () => {
    const store = await root();
    for (const name of ["a", "b", "linked", "twice"]) await writeFile(store.path(name), name);
    await symlink(store.path("linked"), store.path("link"));
    await link(store.path("twice"), store.path("second"));
    await giveAll(store, ["a", "none", "link", "second", "b"], own, { uid: own.uid, gid: other });
    expect(await Promise.all(["a", "b", "linked", "twice"].map((name) => gid(store.path(name))))).toEqual([
      other,
      other,
      own.gid,
      own.gid,
    ]);
  });

  it("leaves to others than root what is another user's, and fails nothing when the system refuses", async () => {
    const store = await root();
    await writeFile(store.path("a"), "a");
    const spy = vi.spyOn(process, "geteuid").mockReturnValue(64_301);
    await giveAll(store, ["a"], own, { uid: 64_302n, gid: own.gid });
    spy.mockReturnValue(0);
    // No group has this number.
    await giveAll(store, ["a"], own, { uid: own.uid, gid: 0xff_ff_ff_ffn });
    spy.mockRestore();
    const { uid, gid: now } = await stat(store.path("a"), { bigint: true });
    expect({ uid, gid: now }).toEqual(own);
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
    ["777", "700", "707"],
    ["2777", "2755", "2777"],
    ["1777", "755", "755"],
    ["3777", "2755", "2775"],
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
    await symlink(store.path("elsewhere"), store.path(".unbucket/tmp"));
    await chown(store.base, Number(own.uid), Number(other));
    await chmod(store.base, 0o2770);
    for (const folder of [".unbucket", ".unbucket/tmp", ".unbucket/none"]) await share(store, folder);
    expect([await gid(store.path(".unbucket")), await bits(store.path(".unbucket"))]).toEqual([other, "770"]);
    expect([await gid(store.path("elsewhere")), await bits(store.path("elsewhere"))]).toEqual([own.gid, "700"]);
  });
});
