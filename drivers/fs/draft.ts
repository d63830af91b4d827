/** A draft: an object's bytes in a temporary file, complete, checked and stamped, but not yet visible. */
import type { BigIntStats } from "node:fs";
import { chmod, copyFile, open, unlink, utimes, type FileHandle } from "node:fs/promises";
import type { PutOptions, Source } from "../../src/backend.ts";
import { letGo, readerOf } from "../../src/reader.ts";
import { errnoOf, onDisk, patiently } from "./errno.ts";
import { COPY_MODE } from "./host.ts";
import { nextStamp } from "./identity.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";

/** A file that waits for its name. */
export interface Draft {
  /** Relative to the root. */
  readonly path: string;
  /** What the file will be known by under its name. */
  readonly stats: BigIntStats;
  /** Whether its bytes are on the disk. */
  readonly durable: boolean;
}

const GATHER_BYTES = 256 * 1024;

/** Writes a source to a draft. On any failure nothing remains, and a stream is cancelled. */
export async function writeDraft(root: Root, settings: Settings, source: Source, options: PutOptions): Promise<Draft> {
  const { signal } = options;
  const durable = settings.durable ?? options.durable ?? true;
  let path: string | undefined;
  let handle: FileHandle | undefined;
  try {
    signal?.throwIfAborted();
    const made = await onDisk(() => root.temp());
    const opened = await onDisk(() => patiently(() => open(root.path(made), "wx", settings.mode ?? 0o666)));
    // From here on it is ours to remove.
    path = made;
    handle = opened;
    if ("bytes" in source) await writeBytes(opened, source.bytes, options);
    else await writeStream(opened, source, options);
    const stats = await onDisk(async () => {
      // The umask has taken bits away that were asked for.
      if (settings.mode !== undefined) await opened.chmod(settings.mode);
      const stamp = nextStamp();
      await opened.utimes(stamp, stamp);
      if (durable) await opened.sync();
      return opened.stat({ bigint: true });
    });
    await onDisk(() => opened.close());
    return { path: made, stats, durable };
  } catch (error) {
    if ("stream" in source) await abandon(source.stream, error);
    await handle?.close().catch(() => {});
    if (path !== undefined) await discard(root, path);
    throw error;
  }
}

/** Copies a file, by its absolute path, to a draft, in the file system itself where it can. */
export async function copyDraft(root: Root, settings: Settings, from: string): Promise<Draft> {
  const path = await root.temp();
  const target = root.path(path);
  try {
    await patiently(() => copyFile(from, target, COPY_MODE));
    if (settings.mode !== undefined) await chmod(target, settings.mode);
    const stamp = nextStamp();
    await utimes(target, stamp, stamp);
    const durable = settings.durable ?? true;
    // A copy has the mode of its source, which may forbid to write.
    const handle = await patiently(() => open(target, "r+").catch(() => open(target, "r")));
    try {
      if (durable) await handle.sync();
      return { path, stats: await handle.stat({ bigint: true }), durable };
    } finally {
      await handle.close();
    }
  } catch (error) {
    // One that was there before is not ours to remove.
    if (errnoOf(error) !== "EEXIST") await discard(root, path);
    throw error;
  }
}

/** Removes a draft, if it is still there. */
export async function discard(root: Root, path: string): Promise<void> {
  // What cannot be removed now is swept later; the reason why it is removed matters more.
  await unlink(root.path(path)).catch(() => {});
}

/** Cancels a stream that nobody reads on; one that is locked has been cancelled by its reader. */
export async function abandon(stream: ReadableStream<Uint8Array>, reason: unknown): Promise<void> {
  if (!stream.locked) await letGo(stream, reason);
}

async function writeBytes(handle: FileHandle, bytes: Uint8Array, options: PutOptions): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += GATHER_BYTES * 4) {
    options.signal?.throwIfAborted();
    await writeAll(handle, bytes.subarray(at, at + GATHER_BYTES * 4), options);
  }
}

/** Gathers pieces, which may be as small as 4 KiB, and reads on while the system writes. */
async function writeStream(
  handle: FileHandle,
  source: Extract<Source, { stream: unknown }>,
  options: PutOptions,
): Promise<void> {
  const reader = readerOf(source, options.signal);
  // One byte more than declared, so that a body of that size is known to have ended.
  const room = Math.min(GATHER_BYTES, (source.size ?? GATHER_BYTES) + 1);
  let [filling, writing] = [new Uint8Array(room), new Uint8Array(0)];
  try {
    let filled = await reader.fill({ buffer: filling, end: 0 });
    while (filled > 0) {
      const full = filled === filling.byteLength;
      const spare = writing.byteLength > 0 || !full ? writing : new Uint8Array(room);
      [writing, filling] = [filling, spare];
      const write = writeAll(handle, writing.subarray(0, filled), options);
      // Short means that the source has ended.
      [filled] = await Promise.all([full ? reader.fill({ buffer: filling, end: 0 }) : 0, write]);
    }
  } catch (error) {
    await reader.cancel(error);
    throw error;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, options: PutOptions): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    // `write` of workerd takes no view that begins far in its buffer.
    const { bytesWritten } = await onDisk(() => handle.writev([bytes.subarray(at)]));
    at += bytesWritten;
    options.onBytes?.(bytesWritten);
  }
}
