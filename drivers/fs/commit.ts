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
import { endMaker } from "./multipart-folder.ts";
import { giveName, isOf } from "./naming.ts";
import type { Settings } from "./options.ts";
import { dress, type Own, ownerIn } from "./owner.ts";
import { folderOf, nameOf, type Candidate } from "./path.ts";
import { infoOf } from "./read.ts";
import { type Description, dropRecord, placeRecord, recordPath } from "./record.ts";
import { removeFile } from "./remove.ts";
import type { Root } from "./root.ts";
import { flushing, syncNames, syncRemoval } from "./sync.ts";

/** How often folders may vanish between being made and being used, when deletes empty them at the same time. */
const ATTEMPTS = 100;
/** How often of these at once. */
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
      checkPresent(key, before[0], conditions);
      const draft = await laterDraft(root, written, before[0]?.stats);
      // With a mode the version is for whom that says, whoever has put something under its key.
      if (before[0] && settings.mode === undefined)
        await dress(root, filesOf(draft), before[0].stats, bitsOf(before[0].stats));
      await placeRecord(root, key, draft);
      let placed: Placed;
      try {
        conditions.signal?.throwIfAborted();
        if (before[0]) await endMaker(root, key, before[0]);
        placed = await publish(root, key, draft, before, conditions.ifNoneMatch !== undefined);
      } catch (error) {
        // Else nobody knows if the draft has got its name: the record is its object's, or swept.
        if (draft.record && !hasCode(error, "ambiguous")) await dropRecord(root, key, draft.stats);
        throw error;
      }
      const stats = await statsAt(root, draft, placed.to);
      // The data has its name, which nothing undoes. Another may write the key while it is flushed, unless something older is to be removed: what
      // is written after a delete could have the time of that, and with it the name of its record.
      const others = before.filter(({ candidate }) => candidate.path !== placed.candidate.path);
      const isOver = others.length === 0 && !before.some(({ stats }) => mayHaveRecord(stats));
      if (isOver) void unlock();
      // The old version's record stays until the new name is on the disk.
      try {
        if (draft.durable)
          await flushing("stored", () => syncNames(root, folderOf(placed.candidate.path), placed.held.handle));
      } finally {
        await placed.held.close();
      }
      // The new file hides them, as one at a place that counts for more is replaced: what stays can wait for the key's next write. A power
      // cut must not bring back what a later delete does not find.
      for (const { candidate } of others) {
        try {
          const folder = await removeFile(root, candidate);
          if (draft.durable) await syncRemoval(root, folder);
        } catch {
          // Hidden all the same.
        }
      }
      for (const { stats } of before) await dropRecord(root, key, stats, draft.record ? draft.stats : null);
      return infoOf(key, stats, description);
    });
  } catch (error) {
    await discard(root, written.path);
    throw error;
  }
}

/** A draft, and its record, which may have its name already. */
function filesOf({ path, stats, record }: Draft, recordAt: string = recordBeside(path)): readonly [Own, ...Own[]] {
  return record
    ? [
        { path, stats },
        { path: recordAt, stats: record },
      ]
    : [{ path, stats }];
}

/** Where a draft has its name, and the folder of it, which the caller lets go. */
interface Placed {
  readonly candidate: Candidate;
  readonly held: Anchor;
  /** The absolute path of the name, in that folder. */
  readonly to: string;
}

/** Gives the draft the first name that is possible. */
async function publish(
  root: Root,
  key: string,
  draft: Draft,
  before: readonly Found[],
  createOnly: boolean,
): Promise<Placed> {
  let failure: unknown;
  for (const candidate of placesOf(root, key)) {
    for (let attempt = 0; ; attempt++) {
      try {
        // A file that was found has this spelling.
        const known = before.find((found) => found.candidate.path === candidate.path);
        if (!known && (await orAbsent(root.whereabouts(candidate.path, true))) === "respelled") break;
        const held = await root.hold(folderOf(candidate.path), attempt > 0);
        // Gone again, or something else by now: made anew, or refused.
        if (!held && attempt < ATTEMPTS) continue;
        if (!held) throw becameLink();
        try {
          const place = { candidate, held, to: held.path(nameOf(candidate.path)) };
          if (before.length === 0) {
            const { stats } = draft;
            await dress(root, filesOf(draft, recordPath(key, stats)), await ownerIn(root, held, stats));
          }
          await (createOnly ? create(root, key, draft, place) : replace(root, draft, place, known));
          return place;
        } catch (error) {
          await held.close();
          if (mayHaveDone(error, !root.isLocal())) throw unanswered(error);
          throw error;
        }
      } catch (error) {
        failure = error;
        // A delete has removed a folder that it found empty; or the draft itself is gone, which no attempt mends.
        const isGone = isErrno(error, "ENOENT") || isStale(error);
        if (isGone && attempt < ATTEMPTS && (await lookAt(root.path(draft.path)))) {
          // Out of step with who empties the folder again and again.
          if (attempt > UNTIMED) await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
          continue;
        }
        if (await isTaken(root, candidate, error)) break;
        throw error;
      }
    }
  }
  throw failure ?? new StorageError("conflict", "the object's name is that of another object here");
}

/** The server behind a mount may have given the name before it was lost. */
function unanswered(cause: unknown): StorageError {
  const text = `it is not known whether the object was stored: ${(fromErrno(cause) as Error).message}`;
  return new StorageError("ambiguous", text, { cause });
}

async function replace(root: Root, draft: Draft, { candidate, to }: Placed, known?: Found): Promise<void> {
  // The last of a large file may take long, since it frees the room.
  const local = (known?.stats.size ?? 0n) <= SMALL && root.isLocal();
  await giveName(root, draft, { path: candidate.path, at: to }, local);
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
async function create(root: Root, key: string, draft: Draft, place: Placed): Promise<void> {
  try {
    await link(root.path(draft.path), place.to);
  } catch (error) {
    const exists = isErrno(error, "EEXIST");
    if (!exists && !isErrno(error, ...NO_LINKS)) throw error;
    const there = exists ? await fileAt(place.to) : null;
    // A folder fails here with EISDIR, which leads to the next candidate; a symbolic link is no object and is replaced.
    if (!there) return replace(root, draft, place);
    // Nobody who asks for the lock has made it since the conditions were checked, but who does not may have.
    if (!isOf(draft, there)) throw refused(key, "the object exists already");
  }
  // What cannot be removed now is swept later.
  await unlink(root.path(draft.path), root.isLocal()).catch(() => {});
}

/** Whether a name cannot be had since a file or a folder stands in the way, or since the system cannot have it. */
async function isTaken(root: Root, { path }: Candidate, error: unknown): Promise<boolean> {
  if (errnoOf(error) === undefined) return false;
  if (isErrno(error, "ENOTDIR", "EEXIST", "EISDIR", "ENOTEMPTY", "ENAMETOOLONG")) return true;
  // Windows says EPERM or EACCES for a folder of that name.
  const present = await lookAt(root.path(path)).catch(() => null);
  return present?.isDirectory() ?? false;
}
