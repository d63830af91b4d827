/**
 * What differs between runtimes: mostly calls that the file system of workerd answers otherwise than disks do. That lies in memory, is a
 * request's own, and is gone with its answer.
 * @see https://developers.cloudflare.com/workers/runtime-apis/nodejs/fs/
 */
import { constants, lstatSync, renameSync, unlinkSync } from "node:fs";
import * as disk from "node:fs/promises";
import { dirname } from "node:path";
import { rename as renameOnDisk } from "./calls.ts";

/** Whether this is workerd: no other process sees the files, names are parts of URLs, and times are whole milliseconds. */
export const inMemory: boolean = globalThis.navigator?.userAgent === "Cloudflare-Workers";

/** Whether the runtime tells the times of files in whole milliseconds, whatever they are on the disk: workerd and Deno do. */
export const coarseTimes: boolean = inMemory || "Deno" in globalThis;

/**
 * A time that is set must be a multiple of this to stay what it is, in microseconds. On Windows Node and Bun calculate with doubles, which
 * are 1.6 µs apart there: https://github.com/libuv/libuv/blob/v1.x/src/win/fs.c
 */
export const timeStep: 1 | 8 = process.platform === "win32" ? 8 : 1;

/** As Node's own. In workerd opening an absent file to read it would make it. */
export const open: typeof disk.open = inMemory
  ? async (path, flags, mode) => {
      if (typeof flags === "number" || flags === "r" || flags === "r+") lstatSync(path);
      return disk.open(path, flags, mode);
    }
  : disk.open;

/** As Node's own. In workerd a rename replaces nothing; nobody looks in between, since these steps do not wait. */
export const rename: typeof renameOnDisk = inMemory
  ? async (from, to) => {
      // Says ENOENT when the folder is missing, where rename says ENOTDIR.
      lstatSync(dirname(to));
      if (lstatSync(to, { throwIfNoEntry: false })) unlinkSync(to);
      renameSync(from, to);
    }
  : renameOnDisk;

/** Refuses to replace a file, and shares the bytes of the copied one where the system can. */
export const COPY_MODE: number = constants.COPYFILE_EXCL | (inMemory ? 0 : constants.COPYFILE_FICLONE);

/** Reads into a view, and gives the number of bytes. By the whole buffer: in workerd a read into a view fills the buffer's beginning. */
export async function readAt(handle: disk.FileHandle, view: Uint8Array, position: number): Promise<number> {
  const { buffer, byteOffset, byteLength } = view;
  return (await handle.read(new Uint8Array(buffer), byteOffset, byteLength, position)).bytesRead;
}
