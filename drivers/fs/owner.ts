/** Whose the files and folders are that the driver makes where several users write. The system says who may give what to whom. */
import type { BigIntStats } from "node:fs";
import { chmod, lstat, readdir } from "node:fs/promises";
import { type Anchor, anchor, type Places } from "./anchor.ts";
import { call } from "./calls.ts";
import { type File, open, type Paths, READ, statSeen } from "./file.ts";
import { inMemory } from "./host.ts";
import { isSameFile } from "./identity.ts";
import { bitsOf, ownUser, setBits } from "./mode.ts";

/** Bits of a folder: what is made in it gets its group; only its owner may replace or remove a file in it. */
const [HANDS_ON, STICKY] = [0o2000n, 0o1000n];
const [GROUP_WRITES, OTHERS_WRITE] = [0o020, 0o002];

/** A user and a group, by their numbers. */
export type Owner = Pick<BigIntStats, "uid" | "gid">;

const hasOwners: boolean = process.platform !== "win32" && !inMemory;

/** Whom something of `now` may be given to: what is root's to anybody, the rest only to another group. */
function withinReach(now: Owner, wanted: Owner): Owner {
  return now.uid === 0n ? wanted : { uid: now.uid, gid: wanted.gid };
}

function isSameOwner(a: Owner, b: Owner): boolean {
  return a.uid === b.uid && a.gid === b.gid;
}

/** Gives what is open, so that a link in its place makes nobody the owner of something else. */
async function give({ fd }: File, now: Owner, wanted: Owner): Promise<void> {
  const { uid, gid } = withinReach(now, wanted);
  if (!isSameOwner(now, { uid, gid })) await call(false, "fchown", fd, Number(uid), Number(gid));
}

/** A file that the driver has written: where it is, and what it was when it was written. */
export interface Own {
  readonly path: string;
  readonly stats: BigIntStats;
}

/**
 * Gives the files of a new version, the draft first, the bits and the owner of what they replace, as if that had been written into. The
 * owner as far as the system lets; else they stay whose they are.
 */
export async function setBitsAndOwner(
  root: Paths,
  files: readonly [Own, ...Own[]],
  owner: Owner,
  bits: number = bitsOf(files[0].stats),
): Promise<void> {
  const { stats } = files[0];
  const setsBits = bits !== bitsOf(stats);
  if (!setsBits && (!hasOwners || isSameOwner(stats, withinReach(stats, owner)))) return;
  for (const own of files)
    await setOne(root, own, owner, bits).catch((error: unknown) => {
      if (setsBits) throw error;
    });
}

/** Only this very file, by a descriptor: whoever may write in the folder may have put another one, or a link, in its place. */
async function setOne(root: Paths, { path, stats }: Own, owner: Owner, bits: number): Promise<void> {
  const file = await open(root.path(path), READ, root.isLocal());
  try {
    const now = await file.stat();
    if (!isSameFile(now, stats)) return;
    // Bits first: whoever has given a file away may not set them any more.
    if (bits !== bitsOf(now)) await setBits(file, root.path(path), bits);
    // Refused, for example, for a group that the user is not in.
    if (hasOwners) await give(file, now, owner).catch(() => {});
  } finally {
    await file.close();
  }
}

/** The owner that a new file of `now` has in a folder which hands on its group. */
export async function ownerIn(root: Paths, held: Anchor, now: Owner): Promise<Owner> {
  if (!hasOwners) return now;
  const { mode, gid } = await statSeen(held.folder, root.isLocal());
  return mode & HANDS_ON ? { uid: now.uid, gid } : now;
}

/** The bits by which its group and others may write in a base. None where it is sticky: there they may not replace what is another user's. */
function writersOf(base: BigIntStats, group: bigint): number {
  if (base.mode & STICKY) return 0;
  const bits = bitsOf(base);
  const isShared = base.mode & HANDS_ON && group === base.gid;
  const ofGroup = isShared && bits & GROUP_WRITES ? bits & 0o070 : 0;
  const ofOthers = bits & OTHERS_WRITE ? bits & 0o007 : 0;
  return ofGroup | ofOthers;
}

/** Whether a folder can be the one that was made this moment: whoever may write in the base may have moved another one there. */
async function isNew(made: BigIntStats, folder: string): Promise<boolean> {
  const user = ownUser();
  return (user === undefined || made.uid === BigInt(user)) && (await readdir(folder)).length === 0;
}

/**
 * Opens a folder of the driver's own, made this moment, to all who may write in the base, whatever the umask is: else whoever writes first would
 * keep the others out. What root makes there becomes the base's owner's. The bits of the base's group count only where it hands that on:
 * elsewhere they may be those of an access control list, of which Node tells nothing. With a mode of files its bits stay those that go with it.
 * Never rejects: then it stays as the umask has it, and whoever that keeps out is told.
 */
export async function share(root: Places, folder: string, mode?: number): Promise<void> {
  if (!hasOwners) return;
  try {
    const held = await anchor(root, folder);
    if (held) await shareHeld(root, held, mode).finally(() => held.close());
  } catch {
    // Gone again, or the runtime forbids it.
  }
}

async function shareHeld(root: Paths, { handle, folder }: Anchor, mode: number | undefined): Promise<void> {
  const look = (): Promise<BigIntStats> => (handle ? handle.stat() : lstat(folder, { bigint: true }));
  const [base, made] = [await statSeen(root.path(""), root.isLocal()), await look()];
  const gid = base.mode & HANDS_ON || made.uid === 0n ? base.gid : made.gid;
  const owner = withinReach(made, { uid: base.uid, gid });
  const lacking = (now: BigIntStats, group: bigint): number =>
    mode === undefined ? writersOf(base, group) & ~bitsOf(now) : 0;
  // Most bases are one user's.
  if (isSameOwner(made, owner) && lacking(made, gid) === 0) return;
  if (handle && !(await isNew(made, folder))) return;
  const widen = async (): Promise<void> => {
    const now = await look();
    const more = lacking(now, now.gid);
    const bits = Number(now.mode & 0o7777n) | more;
    if (now.isDirectory() && more !== 0) await (handle?.chmod(bits) ?? chmod(folder, bits));
  };
  // Before it is given away, which only its owner may do, and again for the group that it has then.
  await widen();
  // Only what is open: a name alone may mean something else by now.
  if (handle) await give(handle, made, owner).catch(() => {});
  await widen();
}
