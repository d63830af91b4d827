/**
 * The floor of a folder: the raw calls by hand. A write is open, write, fsync, rename and fsync of the folder, a read is open,
 * fstat, read; each closes what it opened. Streams go through in the pieces in which they come, downloads through one buffer.
 */
import { mkdir, open, rename, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import type { Connect } from "../client.ts";
import { FILE_PIECE, source } from "../streams.ts";

const connect: Connect = async (base) => {
  await mkdir(`${base}/objects`, { recursive: true });
  let temps = 0;

  async function write(key: string, fill: (file: FileHandle) => Promise<unknown>): Promise<void> {
    const temp = `${base}/${temps++}.tmp`;
    const file = await open(temp, "wx");
    await fill(file);
    await file.sync();
    await file.close();
    const path = `${base}/${key}`;
    await rename(temp, path);
    const folder = await open(dirname(path), "r");
    await folder.sync();
    await folder.close();
  }

  async function read(key: string, pieces: number): Promise<number> {
    const file = await open(`${base}/${key}`, "r");
    const { size } = await file.stat();
    const buffer = new Uint8Array(Math.min(size, pieces));
    let at = 0;
    while (at < size) at += (await file.read(buffer, 0, buffer.byteLength, at)).bytesRead;
    await file.close();
    return at;
  }

  return {
    put: (key, bytes) => write(key, (file) => file.write(bytes)),
    get: (key) => read(key, Infinity),
    up: (key, size) =>
      write(key, async (file) => {
        const reader = source(size, FILE_PIECE).getReader();
        for (let piece = await reader.read(); !piece.done; piece = await reader.read()) await file.write(piece.value);
      }),
    down: (key) => read(key, FILE_PIECE),
  };
};

export default connect;
