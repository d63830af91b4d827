/** A draft: an object's bytes in a temporary file, and its record in one beside it, complete, checked and stamped, but not yet visible. */
import type { BigIntStats } from "node:fs";
import { copyFile, unlink } from "node:fs/promises";
import type { PutOptions, Source } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { abandon } from "../../src/reader.ts";
import { toUtf8 } from "../../src/utf8.ts";
import { patiently } from "./again.ts";
import { turn, utimes } from "./calls.ts";
import { isErrno, isOutOfDescriptors, onDisk } from "./errno.ts";
import { keptIf, lookAt, open, openNow, READ, type File } from "./file.ts";
import { COPY_MODE } from "./host.ts";
import { type Identity, isSameFile, nextStamp, stampAfter, stampOf } from "./identity.ts";
import { bitsOf, setBits } from "./mode.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";
import { writeAll, writeSource } from "./write.ts";

/** A file that waits for its name. */
export interface Draft {
  /** Relative to the root. */
  readonly path: string;
  /** What the file will be known by under its name. */
  readonly stats: BigIntStats;
  /** Whether its bytes are on the disk. */
  readonly durable: boolean;
  /** What its record is, at {@link recordBeside}; null when it has none. */
  readonly record: BigIntStats | null;
}

/** How a draft is written. */
export interface DraftOptions extends Pick<PutOptions, "signal" | "durable" | "onBytes"> {
  /** The text of the version's record, or null for none; asked for when all bytes have come. */
  readonly record?: () => string | null;
}

/** A temporary file that is being written. */
interface Unfinished {
  /** Relative to the root. */
  readonly path: string;
  readonly file: File;
  /** Whether its bytes are to be flushed. */
  readonly durable: boolean;
}

/** Writes a source to a draft. On any failure nothing remains, and a stream is cancelled. */
export async function writeDraft(
  root: Root,
  settings: Settings,
  source: Source,
  options: DraftOptions,
): Promise<Draft> {
  const { signal } = options;
  const durable = settings.durable ?? options.durable ?? true;
  let begun: Unfinished | undefined;
  try {
    signal?.throwIfAborted();
    const draft = (begun = await onDisk(() => begin(root, settings.mode, durable)));
    await writeSource(draft.file, source, options);
    return await onDisk(async () => {
      // The umask has taken bits away that were asked for.
      if (settings.mode !== undefined) await setBits(draft.file, root.path(draft.path), settings.mode);
      return finish(root, draft, options.record?.() ?? null, settings.mode);
    });
  } catch (error) {
    if ("stream" in source) await abandon(source.stream, error);
    if (begun) {
      await begun.file.close().catch(() => {});
      await discard(root, begun.path);
    }
    throw error;
  }
}

async function begin(root: Root, mode: number | undefined, durable: boolean): Promise<Unfinished> {
  const path = await root.temp();
  await turn(root.isLocal());
  return { path, file: await open(root.path(path), "wx", root.isLocal(), mode ?? 0o666), durable };
}

/** Copies a file, by its absolute path, to a draft, in the file system itself where it can. */
export async function copyDraft(root: Root, settings: Settings, from: string, record: string | null): Promise<Draft> {
  const path = await root.temp();
  const target = root.path(path);
  try {
    await patiently(() => copyFile(from, target, COPY_MODE));
    const file = await reopened(root, path);
    const mode = await keptIf(file, async () => {
      if (settings.mode !== undefined) await setBits(file, target, settings.mode);
      // The copy has its source's bits, which are its record's too.
      return settings.mode ?? (record === null ? undefined : bitsOf(await file.stat()));
    });
    return await finish(root, { path, file, durable: settings.durable ?? true }, record, mode);
  } catch (error) {
    // One that was there before is not ours to remove.
    if (!isErrno(error, "EEXIST")) await discard(root, path);
    throw error;
  }
}

/** What file systems may cut times to, in microseconds: SFTP and ext3 to seconds, FAT to every other one. */
const UNITS = [1n, 1_000_000n, 2_000_000n];

/** The draft, stamped anew where its time is not later than that of the version before, which another process may have given. */
export async function laterDraft(root: Root, draft: Draft, before: Identity | undefined): Promise<Draft> {
  let later = draft;
  for (const unit of UNITS) {
    const stamp = before && stampAfter(before, later.stats, draft.record !== null, unit);
    const stats = stamp && (await stampedAnew(root, later, stamp));
    if (!stats) break;
    later = { ...draft, stats: await atRest(root, draft.path, stats) };
  }
  return later;
}

/** Null where another file is in its place: that is somebody else's, gets no time, and is not taken for the draft. */
async function stampedAnew(
  root: Root,
  { path, durable, stats }: Draft,
  stamp: number | Date,
): Promise<BigIntStats | null> {
  const file = await reopened(root, path);
  try {
    return isSameFile(await file.stat(), stats) ? await stamped(root, { path, file, durable }, stamp) : null;
  } finally {
    await file.close();
  }
}

/**
 * How a file is opened to be stamped and flushed: to be read, since its mode may forbid to write. Windows flushes only what is open for
 * writing: https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-flushfilebuffers
 */
const toStamp = (): "r+" | number => (process.platform === "win32" ? "r+" : READ);

/** A draft's file, to be stamped. */
function reopened(root: Root, path: string): Promise<File> {
  return open(root.path(path), toStamp(), root.isLocal());
}

/**
 * Stamps a file that has all its bytes, writes the text of its record, null for none, and closes both. The record's file has the bits of `mode`,
 * whatever the umask is: it is for the object's readers alone.
 */
async function finish(root: Root, draft: Unfinished, text: string | null, mode: number | undefined): Promise<Draft> {
  const { path, durable } = draft;
  const stamping = stamped(root, draft, nextStamp(text !== null)).finally(() => draft.file.close());
  let record: BigIntStats | null = null;
  if (text !== null) {
    const beside = recordBeside(path);
    // While the draft is flushed: both take the time of one. Where there is no second descriptor, after it.
    const opening = openNow(root.path(beside), "wx", root.isLocal(), mode).catch(async (error: unknown) => {
      if (!isOutOfDescriptors(error)) throw error;
      await stamping;
      return open(root.path(beside), "wx", root.isLocal(), mode);
    });
    const writing = opening.then((file) => writeRecord(root, { path: beside, file, durable }, text, mode));
    // Both have ended before a failure of either is told, since the caller removes the files then.
    await Promise.allSettled([stamping, writing]);
    record = await writing;
  }
  return { path, stats: await atRest(root, path, await stamping), durable, record };
}

/**
 * What a file is known by once it is closed: some programs behind a mount only then send its bytes, and set its time (s3fs tells another
 * one before). Rejects unless the mount has all `size` bytes. `before` is what the file was known by while it was open.
 */
async function atRest(root: Root, path: string, before: BigIntStats, size = before.size): Promise<BigIntStats> {
  if (root.isLocal()) return before;
  const stats = await lookAt(root.path(path));
  if (stats?.size === size) return stats;
  const found = stats ? `${stats.size} of ${size} bytes` : "nothing";
  throw new StorageError("unavailable", `the file system has kept ${found} of what was written; nothing was stored`);
}

/** Writes a record into its new file and closes that; gives what it is known by. */
async function writeRecord(
  root: Root,
  { path, file, durable }: Unfinished,
  text: string,
  mode: number | undefined,
): Promise<BigIntStats> {
  const bytes = toUtf8(text);
  try {
    await writeAll(file, bytes);
    const stats = await file.stat();
    if (mode !== undefined && bitsOf(stats) !== mode) await setBits(file, root.path(path), mode);
    if (durable) await file.sync();
    await file.close();
    return await atRest(root, path, stats, BigInt(bytes.byteLength));
  } finally {
    await file.close();
  }
}

/** Where a draft's record waits: beside it, in a folder that was there this moment. */
export function recordBeside(path: string): string {
  return `${path}0`;
}

/** Sets the time that a version is known by, flushes it with the bytes, and gives what the file system has made of it. */
async function stamped(root: Root, { path, file, durable }: Unfinished, stamp: number | Date): Promise<BigIntStats> {
  // By name, as Node's permission model demands.
  await utimes(root.path(path), stamp, root.isLocal());
  if (durable) await file.sync();
  return file.stat();
}

/**
 * What a draft is known by under its name, at an absolute path. Behind some mounts the naming gives it another number (rclone, and SSHFS for a
 * link) or another time (EncFS, and SeaweedFS for a link); the time is set anew, or its record would be nobody's. Never rejects: it has its
 * name, whatever a look says.
 */
export async function statsAt(root: Root, { stats, durable }: Draft, place: string): Promise<BigIntStats> {
  if (root.isLocal()) return stats;
  const look = async (): Promise<BigIntStats | null> => {
    const now = await lookAt(place).catch(() => null);
    // One of another size is another program's.
    return now?.size === stats.size ? now : null;
  };
  const found = await look();
  if (!found || found.mtimeNs === stats.mtimeNs) return found ?? stats;
  await restamp(place, stats, durable).catch(() => {});
  return (await look()) ?? found;
}

async function restamp(place: string, stats: BigIntStats, durable: boolean): Promise<void> {
  const file = await open(place, toStamp(), false);
  try {
    await utimes(place, stampOf(stats));
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a draft and its record, if they are still there. */
export async function discard(root: Root, path: string): Promise<void> {
  // What cannot be removed now is swept later; the caller has a failure of its own to tell.
  for (const temp of [path, recordBeside(path)]) await unlink(root.path(temp)).catch(() => {});
}
