/** Reading an object: one descriptor for its identity, its length and its bytes. */
import { constants, type BigIntStats } from "node:fs";
import { lstat, open, type FileHandle } from "node:fs/promises";
import type { GetOptions, Key, ObjectHeaders, StoredInfo, StoredObject } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import { resolveRange } from "../../src/range.ts";
import { isAbsent, orAbsent, patiently } from "./errno.ts";
import { findAt, firstOf, isReachable } from "./find.ts";
import { etagOf, isSame, type Identity } from "./identity.ts";
import type { Candidate } from "./path.ts";
import { headersOf, readRecord } from "./record.ts";
import type { Root } from "./root.ts";
import { streamOf } from "./stream.ts";

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** How often a version may be replaced under a reader's eyes before it gives up. */
const ATTEMPTS = 50;

/** A version with its headers, and what held it. */
export interface Version<T> {
  readonly candidate: Candidate;
  readonly stats: BigIntStats;
  readonly headers: ObjectHeaders;
  readonly holder: T;
}

/** What is known of a version. */
export function infoOf(
  key: string,
  stats: Identity & { readonly mtimeMs: bigint },
  headers: ObjectHeaders,
): StoredInfo {
  return {
    key,
    size: Number(stats.size),
    etag: etagOf(stats),
    lastModified: new Date(Number(stats.mtimeMs)),
    ...headersOf(key, headers),
  };
}

/** Metadata of an object, or null. */
export async function head(root: Root, key: Key): Promise<StoredInfo | null> {
  if (!(await root.exists())) return null;
  const version = await versionOf(root, key, async (candidate) => {
    const found = await findAt(root, candidate);
    return found && { stats: found.stats, holder: null, close: async () => {} };
  });
  return version && infoOf(key, version.stats, version.headers);
}

/** Opens a version for reading, or null; the caller closes it. */
export async function openVersion(root: Root, key: string): Promise<Version<FileHandle> | null> {
  if (!(await root.exists())) return null;
  return versionOf(root, key, async (candidate) => {
    const opened = await openAt(root, candidate);
    return opened && { stats: opened.stats, holder: opened.handle, close: () => opened.handle.close() };
  });
}

/** Opens an object, checks conditions and range, and gives its bytes lazily. */
export async function get(root: Root, key: Key, options: GetOptions): Promise<StoredObject | null> {
  const version = await openVersion(root, key);
  if (!version) return null;
  const { holder: handle, stats, headers } = version;
  try {
    options.signal?.throwIfAborted();
    const info = infoOf(key, stats, headers);
    if (options.ifMatch !== undefined && options.ifMatch !== info.etag) {
      throw new StorageError("precondition-failed", `the object has another version, ${info.etag}`);
    }
    if (options.ifNoneMatch === "*" || options.ifNoneMatch === info.etag) {
      throw new StorageError("not-modified", "the object still has this version");
    }
    const span = options.range && resolveRange(options.range, info.size);
    const body = await streamOf(handle, span?.start ?? 0, span ? span.end + 1 : info.size, options.signal);
    return { info, body, ...(span ? { range: span } : {}) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Held<T> {
  readonly stats: BigIntStats;
  readonly holder: T;
  close(): Promise<void>;
}

/**
 * A version and the headers that belong to it. A writer publishes a record before its data and drops the old record after,
 * so a version without a record has none only while it is the present one.
 */
async function versionOf<T>(
  root: Root,
  key: string,
  look: (candidate: Candidate) => Promise<Held<T> | null>,
): Promise<Version<T> | null> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let at: Candidate | undefined;
    const held = await firstOf(root, key, (candidate) => look((at = candidate)));
    if (!held || !at) return null;
    try {
      const { stats, holder } = held;
      const recorded = await readRecord(root, key, stats);
      if (recorded) return { candidate: at, stats, holder, headers: recorded };
      const now = await orAbsent(lstat(root.path(at.path), { bigint: true }));
      if (now && isSame(now, stats)) return { candidate: at, stats, holder, headers: {} };
    } catch (error) {
      await held.close();
      throw error;
    }
    await held.close();
  }
  throw new StorageError("unavailable", "the object is replaced faster than it can be read");
}

async function openAt(root: Root, candidate: Candidate): Promise<{ handle: FileHandle; stats: BigIntStats } | null> {
  const path = root.path(candidate.path);
  // Where the system cannot refuse links, they are looked for; and a pipe must not make the open wait for a writer.
  if (!O_NOFOLLOW && !(await findAt(root, candidate))) return null;
  let handle: FileHandle;
  try {
    handle = await patiently(() => open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  } catch (error) {
    // Some say EMLINK for a link that may not be followed; ENXIO is a socket.
    const code = (error as { code?: unknown }).code;
    if (isAbsent(error) || code === "EMLINK" || code === "ENXIO" || code === "EISDIR") return null;
    throw error;
  }
  try {
    const [stats, reachable] = await Promise.all([handle.stat({ bigint: true }), isReachable(root, candidate.path)]);
    if (stats.isFile() && reachable) return { handle, stats };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return null;
}
