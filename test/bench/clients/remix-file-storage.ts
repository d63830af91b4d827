/** Remix's file storage on a folder: in place, without fsync, a second file with the headers. Of streams it takes none but a File's. */
import { createFsFileStorage } from "@remix-run/file-storage/fs";
import type { Connect } from "../client.ts";
import { drain, FILE_PIECE, source } from "../streams.ts";

const connect: Connect = (base) => {
  const storage = createFsFileStorage(base);
  return {
    put: (key, bytes) => storage.set(key, new File([bytes as Uint8Array<ArrayBuffer>], "file")),
    get: async (key) => (await (await storage.get(key))?.arrayBuffer())?.byteLength ?? 0,
    up: async (key, size) => storage.set(key, new File([await new Response(source(size, FILE_PIECE)).blob()], "file")),
    down: async (key) => drain((await storage.get(key))?.stream() ?? null),
  };
};

export default connect;
