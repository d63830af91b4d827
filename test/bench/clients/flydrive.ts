/** flydrive on a folder, which writes in place, without fsync. */
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { Disk } from "flydrive";
import { FSDriver } from "flydrive/drivers/fs";
import type { Connect } from "../client.ts";
import { drain, FILE_PIECE, source } from "../streams.ts";

const connect: Connect = (base) => {
  const disk = new Disk(new FSDriver({ location: base, visibility: "private" }));
  return {
    put: (key, bytes) => disk.put(key, bytes),
    get: async (key) => (await disk.getBytes(key)).byteLength,
    up: (key, size) => disk.putStream(key, Readable.fromWeb(source(size, FILE_PIECE) as NodeStream)),
    down: async (key) => drain(await disk.getStream(key)),
  };
};

export default connect;
