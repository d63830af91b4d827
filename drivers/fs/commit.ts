/** Making a draft visible under its key, in one step, with its record. */
import { link } from "node:fs/promises";
import type { StoredInfo } from "../../src/backend.ts";
import { hasCode, StorageError } from "../../src/error.ts";
import { type Anchor, becameLink } from "./anchor.ts";
import { unlink } from "./calls.ts";
import { checkPresent, type Conditions, refused } from "./conditions.ts";
import { discard, laterDraft, recordBeside, statsAt, type Draft } from "./draft.ts";
import { errnoOf, fromErrno, isErrno, isStale, mayHaveDone, orAbsent } from "./errno.ts";
import { fileAt, lookAt, SMALL } from "./file.ts";
import { findAll, placesOf, type Found } from "./find.ts";
import { mayHaveRecord } from "./identity.ts";
import { withLock } from "./lock.ts";
import { bitsOf } from "./mode.ts";
import { endUploadOf } from "./multipart-folder.ts";
import { giveName, isOf } from "./naming.ts";
import type { Settings } from "./options.ts";
import { type Own, ownerIn, setBitsAndOwner } from "./owner.ts";
import { folderOf, nameOf, type Candidate } from "./path.ts";
import { infoOf } from "./read.ts";
import { type Description, dropRecord, placeRecord, recordPath } from "./record.ts";
import { removeFile } from "./remove.ts";
import type { Root } from "./root.ts";
import { flushing, syncNames, syncRemoval } from "./sync.ts";

/** How often folders may vanish between being made and being used, when deletes empty them at the same time. */
const ATTEMPTS = 100;
/** How many of these attempts follow at once; before each further one is a pause. */
const UNTIMED = 10;

/**
 * Publishes a draft. On failure the draft and its record are gone, and the object is as it was; but for `ambiguous`: the
 * object is stored, and whether it survives a power cut is not known.
 */
export async function commit(
  root: Root,
  settings: Settings,
  key: string,
  written: Draft,
  description: Description,
  conditions: Conditions,
): Promise<StoredInfo> {
  try {
    return await withLock(root, key, { signal: conditions.signal, folder: folderOf(written.path) }, async (unlock) => {
      const before = await findAll(root, key);
      const [present] = before;
      checkPresent(key, present, conditions);
      const draft = await laterDraft(root, written, present?.stats);
      // The option `mode` says for whom a version is, whatever the one before it was.
      if (present && settings.mode === undefined)
        await setBitsAndOwner(root, filesOf(draft), present.stats, bitsOf(present.stats));
      const placed = await publish(root, key, draft, before, conditions);
      const stats = await statsAt(root, draft, placed.to);
      const hidden = before.filter(({ candidate }) => candidate.path !== placed.candidate.path);
      // Nothing undoes the new name, so that the key's next writer need not wait for the flush. It must where files or records of old versions are
      // still to be removed: what it writes after a delete may have the time of one of them, and with it the name of its record.
      if (hidden.length === 0 && !before.some((old) => mayHaveRecord(old.stats))) void unlock();
      try {
        if (draft.durable)
          await flushing("stored", () => syncNames(root, folderOf(placed.candidate.path), placed.held.handle));
      } finally {
        await placed.held.close();
      }
      await removeHidden(root, hidden, draft.durable);
      // Not before the new name is on the disk: after a power cut the old version may be back, and needs its record.
      for (const old of before) await dropRecord(root, key, old.stats, draft.record ? draft.stats : null);
      return infoOf(key, stats, description);
    });
  } catch (error) {
    await discard(root, written.path);
    throw error;
  }
}

/** Gives a draft's record its name, and then the draft the first one that is possible; on failure neither has one, but where it is ambiguous. */
async function publish(
  root: Root,
  key: string,
  draft: Draft,
  before: readonly Found[],
  { ifNoneMatch, signal }: Conditions,
): Promise<Placed> {
  await placeRecord(root, key, draft);
  try {
    signal?.throwIfAborted();
    if (before[0]) await endUploadOf(root, key, before[0]);
    return await placeDraft(root, { key, draft, before, createOnly: ifNoneMatch !== undefined });
  } catch (error) {
    // Where the draft may have its name, the record may be an object's; if not, it is swept.
    if (draft.record && !hasCode(error, "ambiguous")) await dropRecord(root, key, draft.stats);
    throw error;
  }
}

/**
 * Removes older files of a key, which the new one hides: what cannot be removed now waits for the key's next write. The removal is flushed,
 * since a power cut must not bring a file back that a later delete did not find.
 */
async function removeHidden(root: Root, hidden: readonly Found[], durable: boolean): Promise<void> {
  for (const { candidate } of hidden) {
    try {
      const folder = await removeFile(root, candidate);
      if (durable) await syncRemoval(root, folder);
    } catch {
      // Hidden all the same.
    }
  }
}

/** The files of a draft: its own, and that of its record, which may have its name already. */
function filesOf({ path, stats, record }: Draft, recordAt: string = recordBeside(path)): readonly [Own, ...Own[]] {
  const own = { path, stats };
  return record ? [own, { path: recordAt, stats: record }] : [own];
}

/** Where a draft has its name, in a folder that the caller lets go. */
interface Placed {
  readonly candidate: Candidate;
  readonly held: Anchor;
  /** The absolute path of the name, in that folder. */
  readonly to: string;
}

/** A draft that is to have its key's name, and the files that the key has before. */
interface Publication {
  readonly key: string;
  readonly draft: Draft;
  readonly before: readonly Found[];
  readonly createOnly: boolean;
}

/** Gives a draft the name of the first of its key's places that can be had. */
async function placeDraft(root: Root, publication: Publication): Promise<Placed> {
  let failure: unknown;
  for (const candidate of placesOf(root, publication.key)) {
    try {
      const placed = await placeAt(root, publication, candidate);
      if (placed) return placed;
    } catch (error) {
      failure = error;
      if (!(await isTaken(root, candidate, error))) throw error;
    }
  }
  throw failure ?? new StorageError("conflict", "the object's name is that of another object here");
}

/** Gives a draft its name at one place, as often as the folder of that vanishes; null where the name is that of another object. */
async function placeAt(
  root: Root,
  { key, draft, before, createOnly }: Publication,
  candidate: Candidate,
): Promise<Placed | null> {
  const known = before.find((found) => found.candidate.path === candidate.path);
  for (let attempt = 0; ; attempt++) {
    try {
      // A file that was found has this spelling.
      if (!known && (await orAbsent(root.whereabouts(candidate.path, true))) === "respelled") return null;
      const held = await root.hold(folderOf(candidate.path), attempt > 0);
      if (!held) {
        // The folder is gone again, and the next attempt makes it anew; or it is something else by now, which that refuses.
        if (attempt < ATTEMPTS) continue;
        throw becameLink();
      }
      try {
        const placed = { candidate, held, to: held.path(nameOf(candidate.path)) };
        if (before.length === 0) {
          const files = filesOf(draft, recordPath(key, draft.stats));
          await setBitsAndOwner(root, files, await ownerIn(root, held, draft.stats));
        }
        await (createOnly ? create(root, key, draft, placed) : replace(root, draft, placed, known));
        return placed;
      } catch (error) {
        await held.close();
        throw mayHaveDone(error, !root.isLocal()) ? unanswered(error) : error;
      }
    } catch (error) {
      // A delete has removed a folder that it found empty. No further attempt helps if it is the draft that is gone.
      const isGone = isErrno(error, "ENOENT") || isStale(error);
      if (!isGone || attempt >= ATTEMPTS || !(await lookAt(root.path(draft.path)))) throw error;
      // A pause of any length, to fall out of step with who empties the folder again and again.
      if (attempt > UNTIMED) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    }
  }
}

/** The failure of a name that the server behind a mount may have given before it was lost. */
function unanswered(cause: unknown): StorageError {
  const text = `it is not known whether the object was stored: ${(fromErrno(cause) as Error).message}`;
  return new StorageError("ambiguous", text, { cause });
}

/** Gives a draft its name, in place of what has it. */
function replace(root: Root, draft: Draft, { candidate, to }: Placed, known?: Found): Promise<void> {
  // Replacing a large file may take long, since that frees its room, and is left to a thread.
  const local = (known?.stats.size ?? 0n) <= SMALL && root.isLocal();
  return giveName(root, draft, { path: candidate.path, at: to }, local);
}

const NO_LINKS = [
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "ENOSYS",
  "EMLINK",
  "EINVAL",
  "EACCES",
  // Of CryFS, and of mounts that join several disks.
  "ERANGE",
  "EXDEV",
];

/** A hard link is the one step that fails when the name exists; without it only the lock keeps others off. */
async function create(root: Root, key: string, draft: Draft, placed: Placed): Promise<void> {
  try {
    await link(root.path(draft.path), placed.to);
  } catch (error) {
    const exists = isErrno(error, "EEXIST");
    if (!exists && !isErrno(error, ...NO_LINKS)) throw error;
    const there = exists ? await fileAt(placed.to) : null;
    // A folder fails here with EISDIR, which leads to the next candidate; a symbolic link is no object and is replaced.
    if (!there) return replace(root, draft, placed);
    // Made since the conditions were checked, by a program that asks for no lock; or by us, when NFS has asked again.
    if (!isOf(draft, there)) throw refused(key, "the object exists already");
  }
  // What cannot be removed now is swept later.
  await unlink(root.path(draft.path), root.isLocal()).catch(() => {});
}

/** Whether a name cannot be had, since a file or a folder stands in the way or the system allows no such name. */
async function isTaken(root: Root, { path }: Candidate, error: unknown): Promise<boolean> {
  if (errnoOf(error) === undefined) return false;
  if (isErrno(error, "ENOTDIR", "EEXIST", "EISDIR", "ENOTEMPTY", "ENAMETOOLONG")) return true;
  // Windows says EPERM or EACCES for a folder of that name.
  const present = await lookAt(root.path(path)).catch(() => null);
  return present?.isDirectory() ?? false;
}
