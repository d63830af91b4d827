/** The parts of an upload: files named by their numbers, each whole from the moment it has its name. */
import type { BigIntStats } from "node:fs";
import type { Source, StoredPart } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { MAX_PARTS } from "../../src/plan.ts";
import { over } from "../../src/resume.ts";
import { anchor, type Anchor } from "./anchor.ts";
import { discard, laterDraft, statsAt, writeDraft } from "./draft.ts";
import { isAbsent, onDisk, orAbsent } from "./errno.ts";
import { fileAt, lookAt, namesIn } from "./file.ts";
import { etagOf } from "./identity.ts";
import { endUpload, findUpload, uploadFolder } from "./multipart-folder.ts";
import { giveName } from "./naming.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";
import { syncNames } from "./sync.ts";

const NUMBER = /^[1-9]\d{0,4}$/;

/** A part of an upload. */
export interface PartName {
  readonly key: string;
  readonly uploadId: string;
  readonly partNumber: number;
}

/** Stores a part in place of an earlier one of its number. */
export async function storePart(
  root: Root,
  settings: Settings,
  { key, uploadId, partNumber }: PartName,
  source: Source,
  signal?: AbortSignal,
): Promise<StoredPart> {
  const draft = await writeDraft(root, settings, source, { signal });
  let { stats } = draft;
  return onDisk(async () => {
    const folder = uploadFolder(uploadId);
    let held: Anchor | null = null;
    try {
      // Held only now: while the bytes came, a link may have taken the folder's place.
      held = await anchor(root, folder);
      if (!held) throw over();
      const name = { path: `${folder}/${partNumber}`, at: held.path(String(partNumber)) };
      // The part that is there was begun later, and whoever sent it has its ETag already.
      const there = await lookAt(name.at);
      if (wasBegunLater(there, draft.stats)) throw overtaken();
      // Where times are whole seconds, a part of the same size could have the same ETag.
      const later = there && !root.isLocal() ? await laterDraft(root, draft, there) : draft;
      await giveName(root, later, name);
      stats = await statsAt(root, later, name.at);
      if (draft.durable) await syncNames(root, folder, held.handle);
    } catch (error) {
      await discard(root, draft.path);
      throw isAbsent(error) ? over() : error;
    } finally {
      await held?.close();
    }
    // Whoever has aborted the upload meanwhile may have removed its parts before this one came.
    if (!(await findUpload(root, key, uploadId))) {
      await endUpload(root, uploadId);
      throw over();
    }
    return { partNumber, etag: etagOf(stats), size: Number(stats.size) };
  });
}

/**
 * Whether a part that is there was begun after the one that comes now: a client that has lost its connection sends the part again, while what
 * came over the first connection is still on its way to the disk. A time in the future does not count: the clock was put back since.
 */
function wasBegunLater(part: BigIntStats | null, draft: BigIntStats): boolean {
  if (!part?.isFile()) return false;
  return part.birthtimeNs > draft.birthtimeNs && part.birthtimeMs <= BigInt(Date.now());
}

function overtaken(): StorageError {
  return new StorageError("conflict", "the part was sent again meanwhile, and that one stays", { retryable: true });
}

/** The parts of an upload, ascending; null for one that is over. */
export async function partsOf(root: Root, key: string, uploadId: string): Promise<readonly StoredPart[] | null> {
  if (!(await findUpload(root, key, uploadId))) return null;
  const parts = await storedParts(root, uploadId);
  // The record is removed before the parts: while it is there, none of them was missed.
  return (await findUpload(root, key, uploadId)) ? parts : null;
}

/** The parts that are stored, ascending. */
export async function storedParts(root: Root, uploadId: string): Promise<readonly StoredPart[]> {
  const parts: StoredPart[] = [];
  const held = await orAbsent(anchor(root, uploadFolder(uploadId)));
  if (!held) return parts;
  try {
    for (const name of await namesIn(held.folder)) {
      const partNumber = NUMBER.test(name) ? Number(name) : 0;
      if (partNumber < 1 || partNumber > MAX_PARTS) continue;
      const stats = await fileAt(held.path(name));
      if (!stats) continue;
      const lastModified = new Date(Number(stats.mtimeMs));
      parts.push({ partNumber, etag: etagOf(stats), size: Number(stats.size), lastModified });
    }
  } finally {
    await held.close();
  }
  return parts.sort((a, b) => a.partNumber - b.partNumber);
}
