/** Whose the files and folders are that the driver makes where several users write. The system says who may give what to whom. */
import { type BigIntStats, statSync } from "node:fs";
import { chmod, lstat, stat } from "node:fs/promises";
import { type Anchor, anchor, type Places } from "./anchor.ts";
import { call } from "./calls.ts";
import { type File, open, type Paths, READ } from "./file.ts";
import { inMemory } from "./host.ts";
import { bitsOf, ownUser } from "./mode.ts";

/** The bit of a folder by which what is made in it has its group, and the one by which files are their owners' alone to replace. */
const [HANDS_ON, STICKY] = [0o2000n, 0o1000n];
const [GROUP_WRITES, OTHERS_WRITE] = [0o020, 0o002];

/** A user and a group, by their numbers. */
export type Owner = Pick<BigIntStats, "uid" | "gid">;

const hasOwners: boolean = process.platform !== "win32" && !inMemory;

/** What this process may give something to: root gives it to anybody, others to a group of theirs. */
function withinReach(now: Owner, wanted: Owner): Owner {
  return ownUser() === 0 ? wanted : { uid: now.uid, gid: wanted.gid };
}

function isSame(a: Owner, b: Owner): boolean {
  return a.uid === b.uid && a.gid === b.gid;
}

/** By what is open, so that a link in its place makes nobody the owner of something else. */
async function give({ fd }: File, now: Owner, wanted: Owner): Promise<void> {
  const { uid, gid } = withinReach(now, wanted);
  if (!isSame(now, { uid, gid })) await call(false, "fchown", fd, Number(uid), Number(gid));
}

/** Gives a draft, or a record, to an owner, as far as the system lets. Never rejects: it is whose it was then. */
async function giveAt(root: Paths, path: string, owner: Owner): Promise<void> {
  try {
    const file = await open(root.path(path), READ, root.isLocal());
    try {
      const now = await file.stat();
      // What has a second name is none of the driver's.
      if (now.isFile() && now.nlink === 1n) await give(file, now, owner);
    } finally {
      await file.close();
    }
  } catch {
    // Such as a group that the user is not in.
  }
}

/** Gives the files of a new version, made by `now`, the owner of the version that they replace, as if that had been written into. */
export async function giveAll(root: Paths, paths: readonly string[], now: Owner, owner: Owner): Promise<void> {
  if (!hasOwners || isSame(now, withinReach(now, owner))) return;
  for (const path of paths) await giveAt(root, path, owner);
}

/** The owner that a new file of `now` has in a folder which hands on its group. */
export async function ownerIn(root: Paths, held: Anchor, now: Owner): Promise<Owner> {
  if (!hasOwners) return now;
  const { mode, gid } = held.handle
    ? await held.handle.stat()
    : // In memory, since it was looked at before.
      await (root.isLocal() ? statSync(held.folder, { bigint: true }) : stat(held.folder, { bigint: true }));
  return mode & HANDS_ON ? { uid: now.uid, gid } : now;
}

/**
 * Opens a folder of the driver's own, made this moment, to those who may write in the base, whatever the umask is: whoever writes first would keep
 * the others out. What root makes there is the base's owner's. The bits of the base's group count where it hands that on: elsewhere they may be those of
 * an access control list, of which nothing is told here. With
 * a mode of files its bits are those that go with it. Never rejects: it is as the umask has it then, and whom that keeps out is told.
 */
export async function share(root: Places, folder: string, mode?: number): Promise<void> {
  if (!hasOwners) return;
  try {
    const held = await anchor(root, folder);
    if (!held) return;
    const { handle, folder: path } = held;
    try {
      const look = (): Promise<BigIntStats> => (handle ? handle.stat() : lstat(path, { bigint: true }));
      const [base, made] = [await stat(root.path(""), { bigint: true }), await look()];
      const gid = base.mode & HANDS_ON || ownUser() === 0 ? base.gid : made.gid;
      // By a name alone nothing is given away.
      if (handle) await give(handle, made, { uid: base.uid, gid }).catch(() => {});
      if (mode !== undefined) return;
      const now = await look();
      const shared = base.mode & HANDS_ON && now.gid === base.gid ? GROUP_WRITES : 0;
      const writers = bitsOf(base) & (shared | (base.mode & STICKY ? 0 : OTHERS_WRITE));
      const bits = Number(now.mode & 0o7777n) | (writers << 1) | writers | (writers >> 1);
      if (!now.isDirectory() || bits === Number(now.mode & 0o7777n)) return;
      await (handle ? call(false, "fchmod", handle.fd, bits) : chmod(path, bits));
    } finally {
      await held.close();
    }
  } catch {
    // Gone again, or the runtime forbids it.
  }
}
