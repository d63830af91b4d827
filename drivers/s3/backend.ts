/** The S3 backend: each verb is one function of the workshop. */
import type { Backend, MultipartBackend } from "../../src/backend.ts";
import { MemoryBudget } from "../../src/budget.ts";
import type { Clock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { encodePath, joinBase, MAX_KEY_BYTES } from "../../src/key.ts";
import { putSource } from "../../src/put.ts";
import type { Conditions } from "../../src/s3/headers.ts";
import { objectUrl } from "../../src/s3/url.ts";
import { isLonger, toUtf8 } from "../../src/utf8.ts";
import { idOf } from "./checksum.ts";
import { Client } from "./client.ts";
import { clients } from "./clients.ts";
import { refuseConditions } from "./conditions.ts";
import { copyObject } from "./copy.ts";
import { deleteMatching, deleteObjects } from "./delete.ts";
import { listObjects } from "./list.ts";
import {
  abortUpload,
  completedUpload,
  completeUpload,
  createUpload,
  listParts,
  listUploads,
  putPart,
} from "./multipart.ts";
import type { S3Options } from "./options.ts";
import { presignObject } from "./presign.ts";
import { bucketCheck, getObject, headObject } from "./read.ts";
import { toSettings } from "./settings.ts";
import { putObject } from "./write.ts";

/** A backend over one bucket; `clock` is for tests. Rejects `invalid-option`. */
export function s3Backend(options: S3Options, clock?: Clock): Backend {
  const settings = toSettings(options, undefined, clock);
  const client = new Client(settings);
  const { base, publicUrl, partSize, concurrency, maxMemory } = settings;
  const memory = new MemoryBudget(maxMemory, partSize, concurrency + 1);
  const bucket = bucketCheck(client);
  const maxKey = MAX_KEY_BYTES - toUtf8(base).length;

  /** Runs what needs a key that the store takes. The limit is the store's, so the base counts. */
  const fits = <T>(key: string, run: () => T): T => {
    if (isLonger(key, maxKey)) {
      throw new StorageError("invalid-key", `a key has at most ${maxKey} UTF-8 bytes below base`);
    }
    return run();
  };
  /** The same for a write, whose conditions the store must not ignore. */
  const writes = <T>(key: string, options: Conditions, run: () => T): T => {
    refuseConditions(settings, options);
    return fits(key, run);
  };

  const own = settings.checksums.of(undefined);
  const multipart: MultipartBackend = {
    plan: { partSize, concurrency, memory, checksum: own && idOf(own) },
    maxPart: maxMemory,
    now: () => settings.clock.now(),
    create: (key, put) => writes(key, put, () => createUpload(client, key, put)),
    uploadPart: (key, uploadId, partNumber, bytes, call) => putPart(client, key, uploadId, partNumber, bytes, call),
    complete: (key, uploadId, parts, end) => writes(key, end, () => completeUpload(client, key, uploadId, parts, end)),
    abort: (key, uploadId, call) => abortUpload(client, key, uploadId, call),
    parts: (key, uploadId, call) => listParts(client, key, uploadId, call),
    completed: (key, begun, call) => completedUpload(client, key, begun, call),
    pending: (prefix, call, cursor) => listUploads(client, prefix, call, cursor),
  };

  const backend: Backend = {
    versions: true,
    head: (key, call) => fits(key, () => headObject(client, key, call, bucket)),
    get: (key, get) => fits(key, () => getObject(client, key, get)),
    put: (key, source, put) =>
      writes(key, put, () =>
        putSource((to, bytes, own) => putObject(client, to, bytes, own), multipart, key, source, put),
      ),
    delete: (key, options) => fits(key, () => deleteMatching(client, key, options, bucket)),
    deleteMany: (keys, call) => deleteObjects(client, keys, call),
    list: (list) => listObjects(client, list),
    // Only `ifNoneMatch` needs the store: where that ignores `ifMatch`, two looks at the source take its place.
    copy: (from, to, copy) =>
      writes(to, { ifNoneMatch: copy.ifNoneMatch }, () => copyObject(client, multipart, from, to, copy, bucket)),
    presign: (key, presign) => writes(key, presign, () => presignObject(settings, key, presign)),
    multipart,
    location: (key) => `s3://${settings.bucket}/${base}${key}`,
    url: (key) =>
      publicUrl === undefined
        ? objectUrl(settings.whereabouts.site.publicAddress, base + key).url
        : joinBase(publicUrl, encodePath(key)),
    close: () => client.close(),
  };
  clients.set(backend, client);
  return backend;
}
