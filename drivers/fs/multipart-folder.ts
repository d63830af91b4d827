/**
 * What is kept of a multipart upload under way: a folder of its own with the parts by number, and a record of what they are to
 * become. The upload is there as long as its record is, which appears last and goes first.
 */
import { randomBytes } from "node:crypto";
import { rmdir, unlink } from "node:fs/promises";
import type { ObjectHeaders, PendingUpload } from "../../src/backend.ts";
import { compareKeys } from "../../src/key.ts";
import { toUtf8 } from "../../src/utf8.ts";
import { patiently } from "./again.ts";
import { anchor, becameLink } from "./anchor.ts";
import { discard, writeDraft } from "./draft.ts";
import { orAbsent } from "./errno.ts";
import { namesIn } from "./file.ts";
import { type Found, isReachable } from "./find.ts";
import { mayHaveRecord } from "./identity.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { giveName } from "./naming.ts";
import type { Settings } from "./options.ts";
import { RESERVED } from "./path.ts";
import { readRecord } from "./record.ts";
import type { Root } from "./root.ts";
import { flushing, syncNames, syncRemoval } from "./sync.ts";
import { readText } from "./text.ts";

/** Where uploads under way lie, each in a folder named by its id. */
export const UPLOADS_FOLDER: string = `${RESERVED}/uploads`;

const RECORD = "upload.json";
/** What ids look like: whatever else a caller passes for one never becomes part of a path. */
const ID = /^[0-9a-f]{32}$/;

/** What an upload is to become. */
export interface Upload {
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly initiated: number;
  readonly headers: ObjectHeaders;
  /** The name of the algorithm whose checksum is kept with the object. */
  readonly checksum?: string | undefined;
}

/** The folder of an upload. */
export function uploadFolder(uploadId: string): string {
  return `${UPLOADS_FOLDER}/${uploadId}`;
}

/** Begins an upload, and gives its id, which nobody can guess. */
export async function beginUpload(
  root: Root,
  settings: Settings,
  key: string,
  object: Pick<Upload, "headers" | "checksum">,
): Promise<string> {
  const uploadId = randomBytes(16).toString("hex");
  const folder = uploadFolder(uploadId);
  const upload: Upload = { key, initiated: Date.now(), ...object };
  const draft = await writeDraft(root, settings, { bytes: toUtf8(JSON.stringify(upload)) }, {});
  try {
    await root.make(folder);
    const held = await anchor(root, folder);
    if (!held) throw becameLink();
    try {
      await giveName(root, draft, { path: `${folder}/${RECORD}`, at: held.path(RECORD) });
      if (draft.durable) await syncNames(root, folder, held.handle);
    } finally {
      await held.close();
    }
  } catch (error) {
    await discard(root, draft.path);
    await endUpload(root, uploadId).catch(() => {});
    throw error;
  }
  return uploadId;
}

/** An upload of this key under way; null when there is none of that id. */
export async function findUpload(root: Root, key: string, uploadId: string): Promise<Upload | null> {
  if (!ID.test(uploadId) || !(await root.exists())) return null;
  const upload = await readUpload(root, uploadId);
  return upload?.key === key ? upload : null;
}

/** Uploads under way whose key starts with the prefix, by key, and of one key by age. */
export async function pendingUploads(root: Root, prefix: string): Promise<readonly PendingUpload[]> {
  const found: PendingUpload[] = [];
  for (const uploadId of await uploadIds(root)) {
    const upload = await readUpload(root, uploadId);
    if (upload?.key.startsWith(prefix))
      found.push({ key: upload.key, uploadId, initiated: new Date(upload.initiated) });
  }
  return found.sort((a, b) => compareKeys(a.key, b.key) || a.initiated.getTime() - b.initiated.getTime());
}

/** Removes what is left of an upload. A part that comes this moment finds no record, and has its upload removed again. */
export async function endUpload(root: Root, uploadId: string): Promise<void> {
  const folder = uploadFolder(uploadId);
  if (!(await isReachable(root, folder))) return;
  const held = await orAbsent(anchor(root, folder));
  if (!held) return;
  try {
    await orAbsent(unlink(held.path(RECORD)));
    for (const name of await namesIn(held.folder)) await orAbsent(patiently(() => unlink(held.path(name))));
  } finally {
    await held.close();
  }
  await rmdir(root.path(folder)).catch(() => {});
}

/**
 * Ends the upload that has made a version, should its process have died before it could: called before the version goes, since that upload
 * could then be completed once more, over what comes next. Never rejects.
 */
export async function endUploadOf(root: Root, key: string, { stats }: Found): Promise<void> {
  // The questions that cost nothing come first: most versions have no record.
  if (!mayHaveRecord(stats) || !root.mayHave(UPLOADS_FOLDER)) return;
  try {
    if ((await uploadIds(root)).length === 0) return;
    const { uploadId } = (await readRecord(root, key, stats)) ?? {};
    if (uploadId !== undefined && (await findUpload(root, key, uploadId))) await endUpload(root, uploadId);
  } catch {
    // Neither a damaged record nor parts that stay are a reason to keep the version.
  }
}

/** Runs work while no other call ends or completes this upload. */
export function withUploadLock<T>(
  root: Root,
  uploadId: string,
  options: LockOptions,
  work: () => Promise<T>,
): Promise<T> {
  // No key can have this name.
  return withLock(root, `../${uploadId}`, options, work);
}

/** Gives an upload up; one that is gone counts as given up. */
export async function abortUpload(
  root: Root,
  { durable = true }: Settings,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!(await findUpload(root, key, uploadId))) return;
  // Also on a full disk, where it makes room.
  await withUploadLock(root, uploadId, { signal, needsNoRoom: true }, () => endUpload(root, uploadId));
  if (durable) await flushing("aborted", () => syncRemoval(root, uploadFolder(uploadId)));
}

/** The ids of all folders of uploads. */
export async function uploadIds(root: Root): Promise<readonly string[]> {
  if (!(await root.exists()) || !(await isReachable(root, UPLOADS_FOLDER))) return [];
  return (await namesIn(root.path(UPLOADS_FOLDER))).filter((name) => ID.test(name));
}

/** The record of an upload; null when it is over, or a power cut has left no whole record of it. */
export async function readUpload(root: Root, uploadId: string): Promise<Upload | null> {
  const path = `${uploadFolder(uploadId)}/${RECORD}`;
  const text = await readText(root.path(path), root.isLocal());
  if (text === null || !(await isReachable(root, path))) return null;
  try {
    const upload = JSON.parse(text) as Upload;
    const whole = typeof upload.key === "string" && upload.initiated > 0 && typeof upload.headers === "object";
    return whole ? upload : null;
  } catch {
    return null;
  }
}
