/** files-sdk on a folder: a temporary file and a rename, a second file with the headers, no fsync; holds streams whole. */
import { Files } from "files-sdk";
import { fs } from "files-sdk/fs";
import type { Connect } from "../client.ts";
import { drain, FILE_PIECE, source } from "../streams.ts";

const connect: Connect = (base) => {
  const files = new Files({ adapter: fs({ root: base }) });
  return {
    put: (key, bytes) => files.upload(key, bytes),
    get: async (key) => (await (await files.download(key)).arrayBuffer()).byteLength,
    up: (key, size) => files.upload(key, source(size, FILE_PIECE)),
    down: async (key) => drain((await files.download(key, { as: "stream" })).stream()),
  };
};

export default connect;
