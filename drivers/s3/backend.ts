/** The S3 backend: options become settings, each verb is one function of the workshop. */
import type { Backend, StoredInfo } from "../../src/backend.ts";
import { MemoryBudget } from "../../src/budget.ts";
import type { Clock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { encodePath, joinBase, MAX_KEY_BYTES } from "../../src/key.ts";
import { Client } from "./client.ts";
import { deleteObject, deleteObjects } from "./delete.ts";
import { listObjects } from "./list.ts";
import type { S3Options } from "./options.ts";
import { presignObject } from "./presign.ts";
import { bucketCheck, getObject, headObject } from "./read.ts";
import { toSettings } from "./settings.ts";
import { uploadSource } from "./upload.ts";
import { objectUrl } from "./url.ts";
import { abortUpload, completeUpload, copyObject, createUpload, putPart } from "./write.ts";

/** A backend over one bucket; `clock` is what tests turn. Rejects `invalid-option`. */
export function s3Backend(options: S3Options, clock?: Clock): Backend {
  const settings = toSettings(options, undefined, clock);
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
