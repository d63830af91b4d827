/** This package on a folder, as built; what comes down is read into one buffer, as the bare loop does. */
import fs from "unbucket/drivers/fs";
import type { Connect } from "../client.ts";
import { clientOf } from "../store.ts";
import { drainInto, FILE_PIECE } from "../streams.ts";

const connect: Connect = (base) => {
  const store = fs({ base });
  return {
    ...clientOf(store, FILE_PIECE),
    down: async (key) => drainInto((await store.download(key)).body, FILE_PIECE),
  };
};

export default connect;
