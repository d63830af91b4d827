/** unstorage's own folder driver, which has no streams, and writes in place without fsync. */
import driver from "unstorage/drivers/fs";
import type { Connect } from "../client.ts";
import { FILE_PIECE, source } from "../streams.ts";

const connect: Connect = (base) => {
  const store = driver({ base });
  const get = async (key: string): Promise<number> =>
    ((await store.getItemRaw?.(key, {})) as Uint8Array | undefined)?.byteLength ?? 0;
  return {
    put: async (key, bytes) => store.setItemRaw?.(key, bytes, {}),
    get,
    up: async (key, size) =>
      store.setItemRaw?.(key, new Uint8Array(await new Response(source(size, FILE_PIECE)).arrayBuffer()), {}),
    down: get,
  };
};

export default connect;
