/** This package on a folder, as built, with headers that neither name nor file tell, so that each object has a record. */
import fs from "unbucket/drivers/fs";
import type { Connect } from "../client.ts";
import { clientOf } from "../store.ts";
import { FILE_PIECE } from "../streams.ts";

const connect: Connect = (base) => {
  const store = fs({ base });
  return {
    ...clientOf(store, FILE_PIECE),
    put: (key, bytes) => store.upload(key, bytes, { contentType: "image/png", metadata: { by: "bench" } }),
  };
};

export default connect;
