/**
 * The calls that every read and write makes. By `node:fs/promises` each would take half as much time again, and an open file
 * twice as much; each that goes to a thread takes five times as long as what the system answers from memory.
 */
import * as fs from "node:fs";
import { readdir, stat, statfs, type FileHandle } from "node:fs/promises";
import { patiently } from "./again.ts";
import { call, type Local } from "./calls.ts";
import { orAbsent } from "./errno.ts";
import { inMemory, open as openHandle, readAt } from "./host.ts";

/** An open file. It is closed by whoever opened it. */
export interface File {
  readonly fd: number;
  /** Reads some bytes; gives how many, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Writes some of the bytes from an index on; gives how many. */
  write(bytes: Uint8Array, from: number): Promise<number>;
  sync(): Promise<void>;
  chmod(bits: number): Promise<void>;
  stat(): Promise<fs.BigIntStats>;
  /** The second call does nothing. Rejects when bytes may be lost: not when the file was only read, or is flushed to a disk of this machine. */
  close(): Promise<void>;
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/** Flags to read a file: a link or a pipe that lies there, or has taken a file's place, is neither followed nor waited for. */
export const READ: number = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** What a name stands for, links not followed; null when there is no such file. */
export function lookAt(path: string, local?: Local): Promise<fs.BigIntStats | null> {
  return orAbsent(call<fs.BigIntStats>(local === "memory", "lstat", path, { bigint: true }));
}

/** What a folder is that was looked at before, links followed: on a disk of this machine the system has that in memory. */
export function statSeen(folder: string, local: Local): Promise<fs.BigIntStats> {
  return call(!!local, "stat", folder, { bigint: true });
}

/** What was looked at, if it is a regular file; else null. */
export function ifFile(stats: fs.BigIntStats | null): fs.BigIntStats | null {
  return stats?.isFile() ? stats : null;
}

/** The regular file at a path; null when there is none. */
export async function fileAt(path: string, local?: Local): Promise<fs.BigIntStats | null> {
  return ifFile(await lookAt(path, local));
}

/** The names in a folder; none when it is gone. */
export async function namesIn(path: string): Promise<readonly string[]> {
  return (await orAbsent(patiently(() => readdir(path)))) ?? [];
}

/** A root, for those who need its paths alone. */
export interface Paths {
  /** The absolute path of a relative one. */
  path(relative: string): string;
  /** Whether its file system asks nobody else; false until the base has been seen. */
  isLocal(): Local;
}

/** The types of file systems on disks of this machine, on Linux: ext, XFS, Btrfs, overlay, F2FS, ZFS. */
const LOCAL: readonly number[] = [0xef53, 0x58465342, 0x9123683e, 0x794c7630, 0xf2f52010, 0x2fc12fc1];

const TMPFS = 0x01021994;

/** Answers for up to a minute what it remembers of a folder, whatever other machines have written there. */
const NFS = 0x6969;

/** Served by programs, of which many number files as they come. */
const FUSE = 0x65735546;

/** What a file system does with questions. */
export interface Nature {
  /** Whether it asks nobody else. One that does may stall, and would stall the process with it. */
  readonly local: Local;
  /** Whether it may answer without asking, though others write. */
  readonly remembers: boolean;
  /** Its device, if a file that nobody has changed may have another number the next time. */
  readonly renumbered: bigint | undefined;
}

/** What the file system of a folder does with questions. */
export async function natureOf(folder: string): Promise<Nature> {
  const asked = process.platform === "linux" ? await statfs(folder).catch(() => null) : null;
  const type = asked?.type ?? 0;
  const local = type === TMPFS ? "memory" : LOCAL.includes(type);
  const renumbered = type === FUSE ? (await stat(folder, { bigint: true })).dev : undefined;
  return { local, remembers: type === NFS, renumbered };
}

/** The last close of a deleted file may take long when it is larger, since it frees the room. */
export const SMALL: bigint = 2n ** 20n;

/** Up to so many bytes are written to memory, or read from it, in less time than it takes to tell a thread of them. */
const AT_ONCE = 64 * 1024;

/** Whether files are opened as handles of `node:fs/promises`: workerd can do more with these, and Node's permission model lets nothing else flush. */
const byHandle: boolean = inMemory || (process as { permission?: unknown }).permission !== undefined;

/** Gives what is made of an open file, which is closed when that is null, or fails. */
export async function keptIf<T>(file: File, make: () => Promise<T>): Promise<T> {
  let made: T | null = null;
  try {
    return (made = await make());
  } finally {
    if (made === null) await file.close();
  }
}

/** Opens a file, waiting for a descriptor. `local` says what {@link natureOf} did of its folder. */
export function open(path: string, flags: string | number, local: Local, mode?: number): Promise<File> {
  return patiently(() => openNow(path, flags, local, mode));
}

/** Opens a file, and rejects at once when there is no descriptor: for those who hold one, since all who wait for another might. */
export async function openNow(path: string, flags: string | number, local: Local, mode?: number): Promise<File> {
  if (byHandle) return fileOf(await openHandle(path, flags, mode));
  const isMemory = local === "memory";
  const fd = await call<number>(isMemory, "open", path, flags, mode);
  let isOpen = true;
  /** Whether all that was written is on the disk. If not, the last close may wait for it. */
  let isClean = true;
  /** Whether the close may send bytes, as with some programs behind mounts, whatever they said of the flush. */
  let maySend = false;
  let size = 0n;
  return {
    fd,
    read: (into, position) =>
      call(isMemory && into.byteLength <= AT_ONCE, "read", fd, into, 0, into.byteLength, position),
    write(bytes, from) {
      isClean = isMemory;
      maySend = !local;
      const length = bytes.byteLength - from;
      return call(isMemory && length <= AT_ONCE, "write", fd, bytes, from, length);
    },
    async sync() {
      // Memory has nothing to flush.
      await call(isMemory, "fsync", fd);
      isClean = true;
    },
    chmod: (bits) => call(isMemory, "fchmod", fd, bits),
    async stat() {
      const stats = await call<fs.BigIntStats>(!!local, "fstat", fd, { bigint: true });
      size = stats.size;
      return stats;
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      try {
        await call(!!local && isClean && size <= SMALL, "close", fd);
      } catch (error) {
        if (!isClean || maySend) throw error;
      }
    },
  };
}

/** A handle as an open file. */
function fileOf(handle: FileHandle): File {
  return {
    fd: handle.fd,
    read: (into, position) => readAt(handle, into, position),
    // `write` of workerd takes no view that begins far in its buffer.
    write: async (bytes, from) => (await handle.writev([bytes.subarray(from)])).bytesWritten,
    sync: () => handle.sync(),
    chmod: (bits) => handle.chmod(bits),
    stat: () => handle.stat({ bigint: true }),
    close: () => handle.close(),
  };
}
