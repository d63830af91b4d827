/**
 * Objects in an R2 bucket over a Worker's binding: no keys and no signatures, and bodies that the runtime streams by itself.
 * @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
 */
import { heeding } from "../src/abort.ts";
import type {
  Backend,
  BackendPresignOptions,
  CallOptions,
  DeleteFailure,
  GetOptions,
  Key,
  MultipartBackend,
  ObjectHeaders,
  PutOptions,
  StoredInfo,
  UploadedPart,
} from "../src/backend.ts";
import { type Driver, toDriver } from "../src/driver.ts";
import { type ErrorCode, StorageError } from "../src/error.ts";
import type { OnEvent } from "../src/event.ts";
import { encodePath, joinBase } from "../src/key.ts";
import { driverOptions, emptyMetadata, headersOf, publicBase, refuse } from "../src/options.ts";
import { usualPlan } from "../src/plan.ts";
import { putSource } from "../src/put.ts";
import { rangeHeader, resolveRange } from "../src/range.ts";
import { readerOf } from "../src/reader.ts";
import { type Failure, retry, RetryBudget } from "../src/retry.ts";

/** Options of the R2 driver. */
export interface R2Options {
  /** The bucket's binding, or its name where the host puts bindings in reach, as Nitro does in `globalThis.__env__`. Required. */
  readonly binding?: string | R2Bucket;
  /** Put before every key, joined with exactly one `/`; not part of the keys that come out. */
  readonly base?: string;
  /** Base of the `url` that `upload` and `head` give: the bucket's public domain. Default: none, `url` is null. */
  readonly publicUrl?: string;
  /** An `s3` driver of the same bucket and base, which presigns. Default: none, `presign` gives null. */
  readonly s3?: Pick<Driver, "getInstance">;
  readonly onEvent?: OnEvent;
}

/** What is used of the binding. */
export interface R2Bucket {
  head(key: string): Promise<R2Object | null>;
  get(key: string, options: object): Promise<R2Object | (R2Object & { readonly body: Bytes }) | null>;
  put(key: string, value: Uint8Array | Bytes, options: object): Promise<R2Object | null>;
  delete(keys: string | string[]): Promise<void>;
  list(options: object): Promise<R2Objects>;
  createMultipartUpload(key: string, options: object): Promise<R2MultipartUpload>;
  resumeMultipartUpload(key: string, uploadId: string): R2MultipartUpload;
}

/** What R2 knows of an object. */
export interface R2Object {
  readonly key: string;
  readonly size: number;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly httpMetadata?: Omit<ObjectHeaders, "metadata"> | undefined;
  readonly customMetadata?: Readonly<Record<string, string>> | undefined;
}

/** One page of a list. */
export interface R2Objects {
  readonly objects: readonly R2Object[];
  readonly delimitedPrefixes: readonly string[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

/** A part that was sent. */
export type R2Part = Pick<UploadedPart, "partNumber" | "etag">;

/** An upload in parts. */
export interface R2MultipartUpload {
  readonly uploadId: string;
  uploadPart(partNumber: number, value: Uint8Array): Promise<R2Part>;
  complete(parts: readonly R2Part[]): Promise<R2Object>;
  abort(): Promise<void>;
}

type Bytes = ReadableStream<Uint8Array>;

declare const FixedLengthStream: new (size: number) => TransformStream<Uint8Array, Uint8Array>;

/** A driver over a bucket's binding. */
export default function r2(options: R2Options): Driver {
  return toDriver({ name: "r2", open: () => r2Backend(options), onEvent: options?.onEvent });
}

/** The name in an object's metadata under which the id of its write stands. */
const WRITE_ID = "unbucket-write";
/** Keys that one call deletes, and bytes that one call stores: @see https://developers.cloudflare.com/r2/platform/limits/ */
const [MOST_DELETES, MOST_IN_ONE] = [1000, 5 * 1024 ** 3 - 5 * 1024 ** 2];

function r2Backend(options: R2Options): Backend {
  driverOptions(options, { binding: 1, base: "string", publicUrl: "string", s3: "object", onEvent: "function" });
  const bucket = bindingOf(options.binding);
  const { s3 } = options;
  const publicUrl = publicBase(options.publicUrl);
  const base = (options.base ?? "").replace(/^\/+|\/+$/g, "").replace(/.$/, "$&/");
  const budget = new RetryBudget();

  /** Asks the bucket, again where it could not. An abort ends the waiting alone, since a binding does not heed one. */
  const ask = <T>({ signal }: CallOptions, run: () => Promise<T>): Promise<T> =>
    retry({}, budget, signal, () => heeding(run().catch(rethrow), signal), judge);

  /** A write that is made once: where R2 fails, the id in its metadata says whether the object is the one that it made. */
  async function once(key: Key, writeId: string, call: CallOptions, run: () => Promise<R2Object | null>) {
    try {
      return await heeding(run().catch(rethrow), call.signal);
    } catch (error) {
      if (call.signal?.aborted || !StorageError.is(error) || !error.retryable) throw error;
      const found = await ask(call, () => bucket.head(base + key)).catch(() => null);
      if (found?.customMetadata?.[WRITE_ID] === writeId) return found;
      throw new StorageError("ambiguous", "R2 failed: the write may have taken effect", { cause: error });
    }
  }

  async function putWhole(key: Key, body: Uint8Array | Bytes, options: PutOptions): Promise<StoredInfo> {
    const condition = conditionOf(options);
    const writeId = condition && crypto.randomUUID();
    const run = () => bucket.put(base + key, body, { ...stored(options, writeId), onlyIf: condition });
    const made = writeId
      ? await once(key, writeId, options, run)
      : // A stream cannot be sent a second time.
        await (body instanceof Uint8Array ? ask(options, run) : heeding(run().catch(rethrow), options.signal));
    if (made) return infoOf(made);
    throw new StorageError("precondition-failed", "the object is not the version that was asked for");
  }

  /** A stream whose length is known, which R2 takes as it comes. */
  async function putStream(key: Key, stream: Bytes, size: number, options: PutOptions): Promise<StoredInfo> {
    const { readable, writable } = new FixedLengthStream(size);
    const reader = readerOf({ stream, size }, options.signal);
    const writer = writable.getWriter();
    let broken: { readonly error: unknown } | undefined;
    const next = (): ReturnType<typeof reader.next> =>
      reader.next().catch((error: unknown) => {
        broken = { error };
        throw error;
      });
    const pump = async (): Promise<void> => {
      for (let piece = await next(); piece; piece = await next()) {
        await writer.write(piece);
        options.onBytes?.(piece.byteLength);
      }
      await writer.close();
    };
    // What breaks off is not stored.
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

  const { plan, maxPart } = usualPlan();
  const upload = (key: Key, uploadId: string): R2MultipartUpload => bucket.resumeMultipartUpload(base + key, uploadId);
  const steps: MultipartBackend = {
    plan,
    maxPart,
    async create(key, options) {
      if (conditionOf(options))
        throw new StorageError("unsupported", "R2 completes no upload on a condition: give the body's size, or bytes");
      const writeId = crypto.randomUUID();
      const { uploadId } = await ask(options, () => bucket.createMultipartUpload(base + key, stored(options, writeId)));
      return { uploadId, writeId };
    },
    async uploadPart(key, uploadId, partNumber, bytes, call) {
      const { etag } = await ask(call, () => upload(key, uploadId).uploadPart(partNumber, bytes));
      return { partNumber, etag, size: bytes.byteLength };
    },
    async complete(key, uploadId, parts, call) {
      const made = await once(key, call.writeId ?? "", call, () => upload(key, uploadId).complete(parts));
      return (made as R2Object).httpEtag;
    },
    abort: (key, uploadId, call) =>
      ask(call, () => upload(key, uploadId).abort()).catch((error: unknown) => {
        if (!StorageError.is(error) || error.code !== "not-found") throw error;
      }),
    async completed(key, { writeId }, call) {
      const found = await ask(call, () => bucket.head(base + key));
      return writeId !== undefined && found?.customMetadata?.[WRITE_ID] === writeId ? found.httpEtag : null;
    },
  };

  const infoOf = ({ key, size, httpEtag, uploaded, httpMetadata, customMetadata }: R2Object): StoredInfo => {
    const metadata = emptyMetadata();
    for (const [name, value] of Object.entries(customMetadata ?? {}))
      if (name !== WRITE_ID) metadata[name.toLowerCase()] = value;
    const headers = headersOf({ ...httpMetadata, metadata });
    return { ...headers, key: key.slice(base.length), size, etag: httpEtag, lastModified: uploaded };
  };

  return {
    async head(key, call) {
      const found = await ask(call, () => bucket.head(base + key));
      return found && infoOf(found);
    },
    async get(key, options) {
      const { range, ifMatch, signal } = options;
      const asked = { onlyIf: conditionOf(options), range: range && new Headers({ range: rangeHeader(range) }) };
      const found = await ask(options, () => bucket.get(base + key, asked));
      if (!found) return null;
      if (!("body" in found)) {
        if (ifMatch === undefined || ifMatch === found.httpEtag)
          throw new StorageError("not-modified", "the object still has this ETag");
        throw new StorageError("precondition-failed", `the object has another version, ${found.httpEtag}`);
      }
      const body = signal ? found.body.pipeThrough(new TransformStream(), { signal }) : found.body;
      return { info: infoOf(found), body, range: range && resolveRange(range, found.size) };
    },
    async put(key, source, options) {
      if ("bytes" in source) {
        const info = await putWhole(key, source.bytes, options);
        options.onBytes?.(source.bytes.byteLength);
        return info;
      }
      const { stream, size = 0 } = source;
      if (size > plan.partSize && size <= MOST_IN_ONE) return putStream(key, stream, size, options);
      return putSource(putWhole, steps, key, source, options);
    },
    delete: (key, call) => ask(call, () => bucket.delete(base + key)),
    async deleteMany(keys, call) {
      const failures: DeleteFailure[] = [];
      for (let at = 0; at < keys.length; at += MOST_DELETES) {
        const some = keys.slice(at, at + MOST_DELETES);
        await ask(call, () => bucket.delete(some.map((key) => base + key))).catch((error: unknown) => {
          call.signal?.throwIfAborted();
          if (!StorageError.is(error)) throw error;
          failures.push(...some.map((key) => ({ key, error })));
        });
      }
      return failures;
    },
    async list({ prefix, delimiter, cursor, limit, signal }) {
      const include = ["httpMetadata", "customMetadata"];
      const asked = { prefix: base + prefix, delimiter, cursor, limit, include };
      const page = await ask({ signal }, () => bucket.list(asked));
      const prefixes = page.delimitedPrefixes.map((name) => name.slice(base.length));
      return { objects: page.objects.map(infoOf), prefixes, ...(page.truncated && { cursor: page.cursor }) };
    },
    ...(s3 && {
      presign: async (key: Key, options: BackendPresignOptions) => {
        const { presign } = await s3.getInstance();
        if (presign) return presign(key, options);
        throw refuse("s3", "must be an s3 driver, which can presign");
      },
    }),
    multipart: steps,
    location: (key) => `r2:${encodePath(base + key)}`,
    url: (key) => (publicUrl === undefined ? null : joinBase(publicUrl, encodePath(base + key))),
  };
}

function bindingOf(binding: R2Options["binding"]): R2Bucket {
  const shared = globalThis as { readonly __env__?: Record<string, unknown> } & Record<string, unknown>;
  const found = typeof binding === "string" ? (shared.__env__?.[binding] ?? shared[binding]) : binding;
  if (typeof (found as R2Bucket | undefined)?.resumeMultipartUpload === "function") return found as R2Bucket;
  throw refuse("binding", "must be an R2 bucket, env.BUCKET of a Worker, or the name of one that is in reach");
}

/** What is stored with an object, as R2 takes it. */
function stored({ metadata, ...options }: ObjectHeaders, writeId: string | undefined): object {
  const { metadata: _, ...httpMetadata } = headersOf(options);
  return { httpMetadata, customMetadata: { ...metadata, ...(writeId && { [WRITE_ID]: writeId }) } };
}

function conditionOf({ ifMatch, ifNoneMatch }: Pick<GetOptions, "ifMatch" | "ifNoneMatch">): Headers | undefined {
  if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
  return new Headers({ ...(ifMatch && { "if-match": ifMatch }), ...(ifNoneMatch && { "if-none-match": ifNoneMatch }) });
}

/** @see https://developers.cloudflare.com/r2/api/error-codes/ */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ...{ 10001: "unavailable", 10002: "unauthenticated", 10003: "denied", 10006: "bucket-not-found" },
  ...{ 10007: "not-found", 10010: "too-large", 10011: "invalid-option", 10012: "invalid-option" },
  ...{ 10020: "invalid-key", 10024: "not-found", 10025: "invalid-option", 10031: "precondition-failed" },
  ...{ 10037: "corrupt", 10039: "invalid-range", 10043: "unavailable", 10048: "invalid-option" },
  ...{ 10054: "unavailable", 10058: "unavailable" },
};

/** R2's errors have their number at the end of the message; those of the runtime between, such as a lost connection, have none. */
function rethrow(error: unknown): never {
  if (StorageError.is(error) || !(error instanceof Error)) throw error;
  const number = /\((\d{5})\)$/.exec(error.message)?.[1];
  const code = number === undefined ? (error instanceof TypeError ? "unknown" : "unavailable") : CODES[number];
  throw new StorageError(code ?? "unknown", error.message, { cause: error });
}

function judge(error: unknown): Failure {
  const retryable = StorageError.is(error) && error.retryable;
  return { error, retryable, kind: String(error).endsWith("(10058)") ? "throttled" : "transient" };
}
