/** Both majors of unstorage mount every driver as it is. */
import { createStorage, prefixStorage } from "unstorage";
import { createStorage as createStorage2, prefixStorage as prefixStorage2 } from "unstorage2";
import { objects } from "unbucket";
import env from "unbucket/drivers/env";
import fs from "unbucket/drivers/fs";
import memory from "unbucket/drivers/memory";
import r2, { type R2Bucket } from "unbucket/drivers/r2";
import s3 from "unbucket/drivers/s3";

declare const binding: R2Bucket;

for (const driver of [env(), fs({ base: "./data" }), memory(), r2({ binding }), s3({ bucket: "my-bucket" })]) {
  const storage = createStorage({ driver });
  storage.mount("files", driver);
  objects(storage);
  objects(prefixStorage(storage, "files"));
  const storage2 = createStorage2({ driver });
  storage2.mount("files", driver);
  objects(storage2);
  objects(prefixStorage2(storage2, "files"));
}
