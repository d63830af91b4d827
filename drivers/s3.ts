/** Objects in any S3-compatible store: AWS S3, MinIO, R2, Garage, Ceph, Spaces. */
import type { Backend, StoredInfo } from "../src/backend.ts";
import { MemoryBudget } from "../src/budget.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import { StorageError } from "../src/error.ts";
import { encodePath, joinBase, MAX_KEY_BYTES } from "../src/key.ts";
import { Client } from "./s3/client.ts";
import { deleteObject, deleteObjects } from "./s3/delete.ts";
import { listObjects } from "./s3/list.ts";
import type { S3Options } from "./s3/options.ts";
import { presignObject } from "./s3/presign.ts";
import { bucketCheck, getObject, headObject } from "./s3/read.ts";
import { toSettings } from "./s3/settings.ts";
import { uploadSource } from "./s3/upload.ts";
import { objectUrl } from "./s3/url.ts";
import { abortUpload, completeUpload, copyObject, createUpload, putPart } from "./s3/write.ts";

export type { Credentials, S3Options } from "./s3/options.ts";

/**
 * A driver over one bucket. The factory does nothing but keep the options: they are checked, and the environment is read, at
 * the first call, which rejects `invalid-option` for what is missing or wrong.
 */
export default function s3(options: S3Options = {}): Driver {
  return toDriver({ name: "s3", open: () => s3Backend(options), onEvent: options.onEvent });
}

function s3Backend(options: S3Options): Backend {
  const settings = toSettings(options);
  const client = new Client(settings);
  const budget = new MemoryBudget(settings.maxMemory, settings.partSize, settings.concurrency + 1);
  const bucket = bucketCheck(client);
  const { base, publicUrl } = settings;
  const spare = MAX_KEY_BYTES - new TextEncoder().encode(base).length;

  /** The limit is the store's, so the base counts. */
  const fits = <T>(key: string, run: () => T): T => {
    if (key.length * 3 > spare && new TextEncoder().encode(key).length > spare) {
      throw new StorageError("invalid-key", `a key has at most ${spare} UTF-8 bytes below this base`);
    }
    return run();
  };

  return {
    head: (key, call) => fits(key, () => headObject(client, key, call, bucket)),
    get: (key, get) => fits(key, () => getObject(client, key, get, bucket)),
    put: (key, source, put) => fits(key, () => uploadSource(client, budget, key, source, put)),
    delete: (key, call) => fits(key, () => deleteObject(client, key, call)),
    deleteMany: (keys, call) => deleteObjects(client, keys, call),
    list: (list) => listObjects(client, list),
    copy: async (from, to, copy) => {
      if (!(await fits(to, () => copyObject(client, from, to, copy)))) return null;
      // A copy's answer has neither size nor headers.
      return present(await headObject(client, to, { signal: copy.signal }, bucket));
    },
    presign: (key, presign) => fits(key, () => presignObject(settings, key, presign)),
    multipart: {
      maxPart: settings.maxMemory,
      create: (key, put) => fits(key, () => createUpload(client, key, put)),
      uploadPart: (key, uploadId, partNumber, bytes, call) => putPart(client, key, uploadId, partNumber, bytes, call),
      complete: async (key, uploadId, parts, put) => {
        const etag = await completeUpload(client, key, uploadId, parts, put);
        const info = await headObject(client, key, put.signal ? { signal: put.signal } : {}, bucket);
        return { ...present(info), etag };
      },
      abort: (key, uploadId, call) => abortUpload(client, key, uploadId, call),
    },
    location: (key) => `s3://${settings.bucket}/${base}${key}`,
    url: (key) =>
      publicUrl === undefined
        ? objectUrl(settings.publicAddress, base + key).url
        : joinBase(publicUrl, encodePath(key)),
    close: () => client.close(),
  };
}

function present(info: StoredInfo | null): StoredInfo {
  if (info) return info;
  throw new StorageError("ambiguous", "the object was written, and is not there: another call may have deleted it");
}
