/** An option that may be undefined is passed as it is, under `exactOptionalPropertyTypes` too: absent and undefined are one. */
import { type Backend, type ListOptions, objects, type ObjectStore, StorageError, toDriver } from "unbucket";
import { copyAll } from "unbucket/copy";
import env from "unbucket/drivers/env";
import fs from "unbucket/drivers/fs";
import memory from "unbucket/drivers/memory";
import s3 from "unbucket/drivers/s3";
import { readForm } from "unbucket/form";
import { guard } from "unbucket/guard";
import { presignPost } from "unbucket/post-policy";
import { probe } from "unbucket/probe";
import { minio } from "unbucket/providers";
import { respond } from "unbucket/respond";

declare const text: string | undefined;
declare const size: number | undefined;
declare const flag: boolean | undefined;
declare const signal: AbortSignal | undefined;
declare const body: ReadableStream<Uint8Array> | null;
declare const request: Request;
declare const storage: Parameters<typeof objects>[0];
declare const backend: Backend;

export const stores: readonly ObjectStore[] = [
  s3({ bucket: text, region: text, endpoint: text, accessKeyId: text, secretAccessKey: text, sessionToken: text }),
  s3({ ...minio({ endpoint: "http://localhost:9000", region: text }), retry: { attempts: size, maxDelay: size } }),
  s3({ timeout: { connect: size, headers: size, body: size } }),
  fs({ base: "./data", publicUrl: text, mode: size }),
  fs({ base: "./data", watchOptions: { depth: size, atomic: flag, awaitWriteFinish: { stabilityThreshold: size } } }),
  toDriver({ name: "own", open: () => backend, noClear: flag, watch: flag }),
  toDriver({ name: "other", open: () => ({ ...backend, multipart: backend.multipart && { ...backend.multipart } }) }),
  memory({ publicUrl: text }),
  env({ localPath: text, s3Bucket: text }),
  objects(storage),
];

export async function calls(store: ObjectStore): Promise<void> {
  const headers = { contentType: text, contentDisposition: text, cacheControl: text };
  await store.upload("a", body, { ...headers, ifMatch: text, size, signal });
  await store.download("a", { ifNoneMatch: text, range: { start: 0, end: size }, parallel: size, signal });
  await store.presign("a", { ...headers, method: "PUT", contentLength: size, expiresIn: size });
  await store.copy("a", "b", { ifMatch: text, versionId: text });
  await store.update("a", () => undefined, { attempts: size });
  await store.createMultipartUpload("a", { size, partSize: size });
  await store.sweepUploads({ prefix: text, olderThan: size });
  await copyAll(store, memory(), { prefix: text, concurrency: size, signal });
  for await (const { key } of store.list({ prefix: text, cursor: text, limit: size })) await store.head(key);
  await probe(s3(), { signal });
  if (flag) throw new StorageError("unknown", "no", { key: text, retryable: flag, cause: text });
  // With a delimiter, and where nobody knows, an entry may be a prefix, which has no key.
  const unknown: ListOptions = {};
  for (const list of [store.list({ delimiter: "/" }), store.list(unknown)])
    for await (const { key } of list) {
      const isPerhapsAbsent: undefined extends typeof key ? true : false = true;
      if (isPerhapsAbsent && key !== undefined) await store.head(key);
    }
  const file = await guard({ body, type: text, name: text, size }, { maxSize: size });
  for await (const part of readForm(request, { maxParts: size, maxTextSize: size }))
    if (part.kind === "file") await store.upload("a", (await guard(part)).body, { contentType: part.type });
  await respond(store, file.filename, request, { filename: text, cacheControl: text });
  await presignPost(store, "a", { contentLength: { min: size, max: 1 }, contentType: text, expiresIn: size });
}
