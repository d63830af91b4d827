/**
 * Objects in an R2 bucket through the binding of a Worker: no access keys, no signatures, and bodies that the runtime
 * streams.
 * @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
 */
import type { Backend, CallOptions, Key, ObjectHeaders, PutOptions, StoredInfo } from "../src/backend.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import { hasCode, StorageError } from "../src/error.ts";
import type { OnEvent } from "../src/event.ts";
import { encodePath, joinBase } from "../src/key.ts";
import { driverOptions, headersOf, publicBase, refuse } from "../src/options.ts";
import { following } from "../src/pages.ts";
import { usualPlan } from "../src/plan.ts";
import { putSource } from "../src/put.ts";
import { resolveRange, type Span } from "../src/range.ts";
import { type ByteReader, readerOf } from "../src/reader.ts";
import { sized } from "../src/sized.ts";
import { callsOf } from "./r2/calls.ts";
import { deleteInBatches } from "./r2/delete.ts";
import { rethrow } from "./r2/errors.ts";
import { conditionOf, type Conditions, metadataOf, rangeOf, stored, WRITE_ID } from "./r2/headers.ts";

/** Options of the R2 driver. */
export interface R2Options {
  /** The bucket's binding, or its name if the host publishes bindings, as Nitro does in `globalThis.__env__`. Required. */
  readonly binding?: string | R2Bucket | undefined;
  /** Prefix of all keys in the bucket, joined with exactly one `/`; not part of the keys that callers see. Default: none. */
  readonly base?: string | undefined;
  /** Base of the `url` that `upload` and `head` return, such as the bucket's public domain. Default: `url` is null. */
  readonly publicUrl?: string | undefined;
  /** An `s3` driver for the same bucket and base, used for `presign`. Default: `presign` returns null. */
  readonly s3?: Pick<Driver, "getInstance"> | undefined;
  /** Called after every call and body, see `StorageEvent`. What it throws is ignored. */
  readonly onEvent?: OnEvent | undefined;
}

/** The part of R2's binding that the driver uses. */
export interface R2Bucket {
  head(key: string): Promise<R2Object | null>;
  get(key: string, options: object): Promise<R2Answer>;
  put(key: string, value: Uint8Array | Bytes, options: object): Promise<R2Object | null>;
  delete(keys: string | string[]): Promise<void>;
  list(options: object): Promise<R2Page>;
  createMultipartUpload(key: string, options: object): Promise<R2MultipartUpload>;
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUpload;
}

/** An object's metadata, as the binding gives it. */
export interface R2Object {
  readonly key: string;
  readonly size: number;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly httpMetadata?: Omit<ObjectHeaders, "metadata"> | undefined;
  readonly customMetadata?: Readonly<Record<string, string>> | undefined;
}

/** A multipart upload, as the binding gives it. */
export interface R2MultipartUpload {
  readonly uploadId: string;
  uploadPart(partNumber: number, value: Uint8Array): Promise<R2Part>;
  complete(parts: readonly R2Part[]): Promise<R2Object>;
  abort(): Promise<void>;
}

type R2Part = { partNumber: number; etag: string };
type R2Page = { objects: R2Object[]; delimitedPrefixes: string[]; truncated: boolean; cursor?: string };
type R2Answer = R2Object | (R2Object & { readonly body: Bytes }) | null;
type Bytes = ReadableStream<Uint8Array>;
type Write = () => Promise<R2Object | null>;

/** Of workerd. Absent on Node, where hosts provide proxies of bindings during development. */
declare const FixedLengthStream: new (size: number) => TransformStream<Uint8Array, Uint8Array>;

/** A driver over an R2 bucket's binding. */
export default function r2(options: R2Options): Driver {
  return toDriver({ name: "r2", open: () => r2Backend(options), onEvent: options?.onEvent });
}

/** The most bytes that one `put` stores: @see https://developers.cloudflare.com/r2/platform/limits/ */
const MOST_IN_ONE = 5 * 1024 ** 3 - 5 * 1024 ** 2;

function r2Backend(options: R2Options): Backend {
  driverOptions(options, { binding: 1, base: "string", publicUrl: "string", s3: "object", onEvent: "function" });
  const [bucket, s3] = [bindingOf(options.binding), options.s3];
  const [publicUrl, { ask, repeat }] = [publicBase(options.publicUrl), callsOf()];
  const base = (options.base ?? "").replace(/^\/+|\/+$/g, "").replace(/.$/, "$&/");

  /** A write that its own success may refuse when repeated. After a lost answer the id in the metadata tells who made the object. */
  async function marked(key: Key, id: string | undefined, call: CallOptions, run: Write, attempts?: number) {
    const { made, lost } = await repeat(call, run, attempts);
    if (made || lost === undefined) return made;
    if (id === undefined) throw lost;
    const found = await ask(call, () => bucket.head(base + key)).catch(() => null);
    if (found?.customMetadata?.[WRITE_ID] === id) return found;
    throw new StorageError("ambiguous", "R2 failed: the write may have taken effect", { cause: lost });
  }

  async function remove(keys: readonly Key[], call: CallOptions): Promise<void> {
    const names = keys.map((key) => base + key);
    const { made, lost } = await repeat(call, async () => (await bucket.delete(names), true));
    if (!made) throw lost;
  }

  async function putWhole(key: Key, body: Uint8Array | Bytes, options: PutOptions): Promise<StoredInfo> {
    const condition = conditionOf(options);
    const writeId = condition && crypto.randomUUID();
    const run = () => bucket.put(base + key, body, { ...stored(options, writeId), onlyIf: condition });
    // A stream cannot be sent a second time.
    const made = await marked(key, writeId, options, run, body instanceof Uint8Array ? 4 : 1);
    if (made) return infoOf(made);
    throw new StorageError("precondition-failed", "the object is not the version that was asked for");
  }

  /** Stores a stream of known length by one call. */
  async function putStream(key: Key, stream: Bytes, size: number, options: PutOptions): Promise<StoredInfo> {
    const { readable, writable } = new FixedLengthStream(size);
    const reader = readerOf({ stream, size }, options.signal);
    const writer = writable.getWriter();
    let broken: { readonly error: unknown } | undefined;
    const next = () => reader.next().catch((error: unknown) => Promise.reject((broken = { error }).error));
    const pump = async (): Promise<void> => {
      for (let left = size; left > 0;) {
        const piece = (await next()) as Uint8Array;
        left -= piece.byteLength;
        // R2 stores the object once it has the last byte, so that one is held back until the source has ended well.
        const held = left > 0 ? piece : piece.slice();
        if (left === 0) await next();
        await writer.write(held);
        options.onBytes?.(held.byteLength);
      }
      await writer.close();
    };
    pump().catch((error: unknown) => writer.abort(error).catch(() => {}));
    try {
      return await putWhole(key, readable, options);
    } catch (error) {
      throw broken ? broken.error : error;
    } finally {
      writer.abort().catch(() => {});
      await reader.cancel();
    }
  }

  const upload = (key: Key, uploadId: string): R2MultipartUpload => bucket.resumeMultipartUpload(base + key, uploadId);
  const steps: NonNullable<Backend["multipart"]> = {
    ...usualPlan(),
    async create(key, options) {
      refuseCondition(options);
      const writeId = crypto.randomUUID();
      const { uploadId } = await ask(options, () => bucket.createMultipartUpload(base + key, stored(options, writeId)));
      return { uploadId, writeId };
    },
    async uploadPart(key, uploadId, partNumber, bytes, call) {
      const { etag } = await ask(call, () => upload(key, uploadId).uploadPart(partNumber, bytes));
      return { partNumber, etag, size: bytes.byteLength };
    },
    async complete(key, uploadId, parts, call) {
      // The conditions may come from the state of another driver for this bucket.
      refuseCondition(call);
      // Without an id a lost answer stays ambiguous.
      const made = await marked(key, call.writeId ?? "", call, () => upload(key, uploadId).complete(parts));
      return { etag: (made as R2Object).httpEtag };
    },
    abort: (key, uploadId, call) =>
      ask(call, () => upload(key, uploadId).abort()).catch((error: unknown) => {
        if (!hasCode(error, "not-found")) throw error;
      }),
    async completed(key, { writeId }, call) {
      const found = await ask(call, () => bucket.head(base + key));
      return writeId !== undefined && found?.customMetadata?.[WRITE_ID] === writeId ? { etag: found.httpEtag } : null;
    },
  };

  const infoOf = (found: R2Object): StoredInfo => {
    const { key, size, httpEtag: etag, uploaded: lastModified, httpMetadata, customMetadata } = found;
    const described = { ...headersOf({ ...httpMetadata }), ...metadataOf(customMetadata) };
    return { ...described, key: key.slice(base.length), size, etag, lastModified };
  };

  return {
    head: (key, call) => ask(call, () => bucket.head(base + key)).then((found) => found && infoOf(found)),
    async get(key, options) {
      const { range, ifMatch, signal } = options;
      const asked = { onlyIf: conditionOf(options), range: rangeOf(range) };
      let span: Span | undefined;
      const found = await ask(options, async (): Promise<R2Answer> => {
        const answer = await bucket.get(base + key, asked);
        if (!answer || !("body" in answer)) return answer;
        try {
          signal?.throwIfAborted();
          span = range && resolveRange(range, answer.size);
          return answer;
        } catch (error) {
          answer.body.cancel().catch(() => {});
          throw error;
        }
      });
      if (!found) return null;
      if (!("body" in found)) {
        const same = ifMatch === undefined || ifMatch === "*" || ifMatch === found.httpEtag;
        throw new StorageError(same ? "not-modified" : "precondition-failed", `the object has ETag ${found.httpEtag}`);
      }
      const length = span ? span.end - span.start + 1 : found.size;
      const body = signal ? sized(found.body, length, signal) : found.body;
      let reader: ByteReader | undefined;
      let left = length;
      const next = async (): Promise<Uint8Array | null> => {
        reader ??= readerOf({ stream: body }, signal);
        const piece = await reader.next().catch((error: unknown) => rethrow(error, signal));
        left -= piece?.byteLength ?? 0;
        if (piece || left === 0) return piece;
        throw new StorageError("unavailable", `the body ended after ${length - left} of ${length} bytes`);
      };
      return {
        info: infoOf(found),
        // If `next` was called, the body is locked: it is then cancelled through its reader.
        get body() {
          return reader ? new ReadableStream({ cancel: reader.cancel }) : body;
        },
        range: span,
        next,
      };
    },
    async put(key, source, options) {
      if ("bytes" in source) {
        const info = await putWhole(key, source.bytes, options);
        options.onBytes?.(source.bytes.byteLength);
        return info;
      }
      const { stream, size = 0 } = source;
      if ("FixedLengthStream" in globalThis && size > steps.plan.partSize && size <= MOST_IN_ONE)
        return putStream(key, stream, size, options);
      return putSource(putWhole, steps, key, source, options);
    },
    async delete(key, call) {
      if (call.ifMatch !== undefined) throw new StorageError("unsupported", "R2 deletes none on a condition");
      await remove([key], call);
    },
    deleteMany: (keys, call) => deleteInBatches(keys, call, remove),
    async list({ prefix, delimiter, cursor, startAfter, limit, signal }) {
      const from = startAfter ? { startAfter: base + startAfter } : { cursor };
      const asked = { ...from, prefix: base + prefix, delimiter, limit, include: ["httpMetadata", "customMetadata"] };
      const page = await ask({ signal }, () => bucket.list(asked));
      // Leaves out the folder marker of some tools, whose key is the base itself: no key below the base could name it.
      const objects = page.objects.map(infoOf).filter((object) => object.key !== "");
      const prefixes = page.delimitedPrefixes.map((name) => name.slice(base.length));
      return { objects, prefixes, cursor: following(page.truncated, page.cursor) };
    },
    ...(s3 && {
      presign: async (...asked: Parameters<NonNullable<Backend["presign"]>>) => {
        const { presign } = await s3.getInstance();
        if (presign) return presign(...asked);
        throw refuse("s3", "must be an s3 driver, which can presign");
      },
    }),
    multipart: steps,
    location: (key) => `r2:${encodePath(base + key)}`,
    url: (key) => (publicUrl === undefined ? null : joinBase(publicUrl, encodePath(base + key))),
  };
}

function refuseCondition(options: Conditions): void {
  if (!conditionOf(options)) return;
  throw new StorageError("unsupported", "R2 completes none on a condition: give bytes, or the size on Workers");
}

function bindingOf(binding: R2Options["binding"]): R2Bucket {
  const shared = globalThis as { readonly __env__?: Record<string, unknown> } & Record<string, unknown>;
  const found = typeof binding === "string" ? (shared.__env__?.[binding] ?? shared[binding]) : binding;
  if (typeof (found as R2Bucket | undefined)?.resumeMultipartUpload === "function") return found as R2Bucket;
  throw refuse("binding", "must be an R2 bucket, env.BUCKET of a Worker, or the name of one that is in reach");
}
