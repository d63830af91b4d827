/** Faults of put, delete, copy. */
import type { Backend, Key, ObjectHeaders, PutOptions, Source } from "../../../src/backend.ts";
import { hasCode, StorageError } from "../../../src/error.ts";
import { type Fault, type Faults, known, streamOf } from "./fault.ts";

/** A put whose source or options are changed before. */
const putting =
  (change: (source: Source, options: PutOptions) => readonly [Source, PutOptions]): Fault =>
  ({ put }) => ({ put: (key, source, options) => put(key, ...change(source, options)) });

const optionless = (...names: readonly (keyof PutOptions)[]): Fault =>
  putting((source, options) => [
    source,
    Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name as keyof PutOptions))),
  ]);

/** Every verb by another key. */
const keyed =
  (change: (key: string) => string): Fault =>
  ({ head, get, put, delete: remove, copy }) => {
    const other = change as unknown as (key: Key) => Key;
    return {
      head: async (key, call) => renamed(await head(other(key), call), key),
      get: async (key, options) => {
        const object = await get(other(key), options);
        return object && { ...object, info: { ...object.info, key } };
      },
      put: async (key, source, options) => ({ ...(await put(other(key), source, options)), key }),
      delete: (key, call) => remove(other(key), call),
      copy: async (from, to, options) => renamed((await copy?.(other(from), other(to), options)) ?? null, to),
    };
  };

function renamed<T extends { readonly key: string }>(info: T | null, key: string): T | null {
  return info && { ...info, key };
}

const HEADERS = ["contentType", "contentEncoding", "contentLanguage", "contentDisposition", "cacheControl"] as const;

async function read(source: Source): Promise<Uint8Array<ArrayBuffer>> {
  if ("bytes" in source) return new Uint8Array(source.bytes);
  return new Uint8Array(await new Response(source.stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** What a stream gives before it breaks. */
async function readable(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  const reader = stream.getReader();
  for (;;) {
    const step = await reader.read().catch(() => undefined);
    if (!step?.value) break;
    pieces.push(step.value);
  }
  return new Uint8Array(await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** A put that fails in another way. */
const failing =
  (change: (error: unknown, sound: Backend, ...call: Parameters<Backend["put"]>) => unknown): Fault =>
  (sound) => ({
    put: (...call) => sound.put(...call).catch((error: unknown) => change(error, sound, ...call) as never),
  });

export const writeFaults: Faults = {
  "put ignores ifMatch": optionless("ifMatch"),
  "put ignores ifNoneMatch": optionless("ifNoneMatch"),
  "put takes ifMatch * for any key": putting((source, { ifMatch, ...options }) => [
    source,
    ifMatch === "*" ? options : { ...options, ...(ifMatch && { ifMatch }) },
  ]),
  "put takes ifMatch * for an ETag": putting((source, options) => [
    source,
    options.ifMatch === "*" ? { ...options, ifMatch: '"*"' } : options,
  ]),
  "put checks a condition and writes later": ({ put, head }) => ({
    async put(key, source, { ifMatch, ifNoneMatch, ...options }) {
      const there = await head(key, {});
      await new Promise((resolve) => setTimeout(resolve, 1));
      const fails = (ifNoneMatch && there) || (ifMatch && (!there || (ifMatch !== "*" && ifMatch !== there.etag)));
      if (!fails) return put(key, source, options);
      if ("stream" in source) await source.stream.cancel();
      throw new StorageError("precondition-failed", "no");
    },
  }),
  "a failed condition is a conflict": failing((error) => {
    throw StorageError.is(error) && error.code === "precondition-failed" ? new StorageError("conflict", "no") : error;
  }),
  ...Object.fromEntries([...HEADERS, "metadata" as const].map((name) => [`${name} is lost`, optionless(name)])),
  "only metadata in ASCII is kept": putting((source, options) => [
    source,
    {
      ...options,
      metadata: Object.fromEntries(
        Object.entries(options.metadata ?? {}).filter(([, value]) => /^[ -~]*$/.test(value)),
      ),
    },
  ]),
  "metadata with an empty value is lost": putting((source, options) => [
    source,
    { ...options, metadata: Object.fromEntries(Object.entries(options.metadata ?? {}).filter(([, value]) => value)) },
  ]),
  "headers of the version before stay": ({ put, head }) => ({
    put: async (key, source, options) => {
      const { metadata, contentType, cacheControl }: ObjectHeaders = (await head(key, {})) ?? {};
      return put(key, source, {
        ...(metadata && { metadata }),
        ...(cacheControl && { cacheControl }),
        ...(contentType && {}),
        ...options,
      });
    },
  }),
  "a source that breaks is stored as far as it came": ({ put }) => ({
    put: async (key, source, options) =>
      put(
        key,
        "stream" in source && source.size === undefined ? { bytes: await readable(source.stream) } : source,
        options,
      ),
  }),
  "a source that breaks takes the old object along": failing(async (error, sound, key) => {
    await sound.delete(key, {});
    throw error;
  }),
  "what fails leaves an empty object": failing(async (error, sound, key) => {
    await sound.put(key, { bytes: new Uint8Array() }, { ifNoneMatch: "*" }).catch(() => {});
    throw error;
  }),
  "the source's error is replaced": failing((error) => {
    throw hasCode(error, "interrupted") ? new Error("could not write") : error;
  }),
  "the source's error has no code of its own": failing((error) => {
    throw hasCode(error, "interrupted") ? error.cause : error;
  }),
  "a StorageError of the source is wrapped": failing((error) => {
    throw StorageError.is(error) && error.code === "too-large"
      ? new StorageError("unknown", "no", { cause: error })
      : error;
  }),
  "the declared size is not checked": putting((source, options) => [
    "stream" in source ? { stream: source.stream } : source,
    options,
  ]),
  "a body that is shorter than declared is stored": ({ put }) => ({
    async put(key, source, options) {
      if (!("stream" in source) || source.size === undefined) return put(key, source, options);
      const bytes = await read(source);
      if (bytes.byteLength > source.size) throw new StorageError("invalid-option", "longer than declared");
      return put(key, { bytes }, options);
    },
  }),
  "a body that is longer than declared is cut": ({ put }) => ({
    async put(key, source, options) {
      if (!("stream" in source) || source.size === undefined) return put(key, source, options);
      const bytes = await read(source);
      if (bytes.byteLength < source.size) throw new StorageError("invalid-option", "shorter than declared");
      return put(key, { bytes: bytes.subarray(0, source.size) }, options);
    },
  }),
  "the source is read before the size is checked": ({ put }) => ({
    put: async (key, source, options) =>
      put(
        key,
        "stream" in source && source.size ? { ...source, stream: streamOf(await read(source)) } : source,
        options,
      ),
  }),
  "put does not hear of an abort": optionless("signal"),
  "put never says how far it is": optionless("onBytes"),
  "put says twice how far it is": putting((source, options) => [
    source,
    { ...options, onBytes: (count) => (options.onBytes?.(count), options.onBytes?.(count)) },
  ]),
  "bytes are kept by reference": ({ put, get }) => {
    const kept = new Map<string, Uint8Array>();
    return {
      put: (key, source, options) => {
        if ("bytes" in source) kept.set(key, source.bytes);
        else kept.delete(key);
        return put(key, source, options);
      },
      get: async (key, options) => {
        const object = await get(key, options);
        const bytes = kept.get(key);
        if (!object || !bytes || options.range) return object;
        await object.body.cancel();
        return { ...object, body: streamOf(bytes.slice()) };
      },
    };
  },
  "empty bodies are not stored": ({ put, delete: remove }) => ({
    async put(key, source, options) {
      const info = await put(key, source, options);
      if (info.size === 0) await remove(key, {});
      return info;
    },
  }),
  "put gives an ETag that is not the object's": ({ put }) => ({
    put: async (...call) => ({ ...(await put(...call)), etag: '"put"' }),
  }),
  "put gives the size that was declared": ({ put }) => ({
    put: async (key, source, options) => ({
      ...(await put(key, source, options)),
      size: "stream" in source ? (source.size ?? 0) : source.bytes.byteLength,
    }),
  }),
  "an object grows while it is written": ({ put }) => ({
    async put(key, source, options) {
      if ("stream" in source) await put(key, { bytes: new Uint8Array() }, {});
      return put(key, source, options);
    },
  }),
  "keys are joined at double slashes": keyed((key) => key.replaceAll(/\/+/g, "/")),
  "keys lose a slash at their end": keyed((key) => key.replace(/\/$/, "") || key),
  "keys lose a slash at their beginning": keyed((key) => key.replace(/^\//, "") || key),
  "keys are told apart without case": keyed((key) => key.toLowerCase()),
  "keys are normalised": keyed((key) => key.normalize("NFC")),
  "keys are trimmed": keyed((key) => key.trim()),
  "keys are decoded": keyed((key) => key.replaceAll("%20", " ")),
  "a plus in keys is a space": keyed((key) => key.replaceAll("+", " ")),
  "a backslash in keys is a slash": keyed((key) => key.replaceAll("\\", "/")),
  "keys are cut at 255 characters": keyed((key) => key.slice(0, 255)),
  "keys end at a question mark": keyed((key) => key.split("?")[0] || key),
  "delete of an absent key rejects": ({ delete: remove, head }) => ({
    async delete(key, call) {
      if (!(await head(key, {}))) throw new StorageError("not-found", "there is no such object", { key });
      return remove(key, call);
    },
  }),
  "a body that was cut is stored": ({ put }) => ({
    put: (key, source, options) =>
      put(key, "stream" in source ? { stream: source.stream, size: source.size } : source, options),
  }),
  "delete passes over its condition": ({ delete: remove }) => ({
    delete: (key, { signal, headers }) => remove(key, { signal, headers }),
  }),
  "delete on a condition does nothing": ({ delete: remove }) => ({
    delete: async (key, call) => (call.ifMatch === undefined ? remove(key, call) : undefined),
  }),
  "delete does nothing": () => ({ delete: async () => {} }),
  "delete takes what lies below along": ({ delete: remove, list }) => ({
    async delete(key, call) {
      const { objects } = await list({ prefix: `${key}/`, limit: 1000 });
      for (const { key: below } of objects) await remove(below as Key, call);
      return remove(key, call);
    },
  }),
  "delete takes what begins so along": ({ delete: remove, list }) => ({
    async delete(key, call) {
      const { objects } = await list({ prefix: key, limit: 1000 });
      for (const { key: longer } of objects) await remove(longer as Key, call);
    },
  }),
  "deleteMany leaves the last key": ({ delete: remove }) => ({
    async deleteMany(keys, call) {
      for (const key of keys.length > 1 ? keys.slice(0, -1) : keys) await remove(key, call);
      return [];
    },
  }),
  "deleteMany calls an absent key a failure": ({ delete: remove, head }) => ({
    async deleteMany(keys, call) {
      const failures = [];
      for (const key of keys) {
        if (!(await head(key, {}))) failures.push({ key, error: new StorageError("not-found", "absent", { key }) });
        await remove(key, call);
      }
      return failures;
    },
  }),
  "deleteMany takes only fifty keys": ({ delete: remove }) => ({
    async deleteMany(keys, call) {
      for (const key of keys.slice(0, 50)) await remove(key, call);
      return [];
    },
  }),
  "copy leaves headers and metadata behind": ({ get, put }) => ({
    async copy(from, to, { ifMatch }) {
      const object = await get(from, ifMatch ? { ifMatch } : {});
      return object && put(to, { stream: object.body }, {});
    },
  }),
  "copy ignores ifMatch": ({ copy }) => ({
    copy: async (from, to, { ifNoneMatch }) => (await copy?.(from, to, { ifNoneMatch })) ?? null,
  }),
  "copy ignores ifNoneMatch": ({ copy }) => ({
    copy: async (from, to, { ifMatch }) => (await copy?.(from, to, { ifMatch })) ?? null,
  }),
  "copy looks for its target before it writes": ({ copy, head }) => ({
    async copy(from, to, { ifMatch, ifNoneMatch }) {
      if (ifNoneMatch && (await head(to, {}))) throw new StorageError("precondition-failed", "exists", { key: to });
      return (await copy?.(from, to, { ifMatch })) ?? null;
    },
  }),
  "copy takes the target's condition for the source's": ({ copy }) => ({
    copy: (from, to, options) =>
      copy?.(from, to, options).catch((error) => {
        throw Object.assign(error as object, { key: undefined });
      }) ?? Promise.resolve(null),
  }),
  "copy of an absent object makes an empty one": ({ copy, put }) => ({
    copy: async (from, to, options) =>
      (await copy?.(from, to, options)) ?? (await put(to, { bytes: new Uint8Array() }, {})),
  }),
  "copy gives the source's ETag": ({ copy, head }) => ({
    async copy(from, to, options) {
      const source = await head(from, {});
      const made = await copy?.(from, to, options);
      return made && source ? { ...made, etag: source.etag } : null;
    },
  }),
  "copy does nothing where the target is there": ({ copy, head }) => ({
    copy: async (from, to, options) => (await head(to, {})) ?? (await copy?.(from, to, options)) ?? null,
  }),
  "copy is a move": ({ copy, delete: remove }) => ({
    async copy(from, to, options) {
      const made = await copy?.(from, to, options);
      if (made) await remove(from, {});
      return made ?? null;
    },
  }),
  "metadata names are inherited": known((info) => ({
    ...info,
    metadata: { ...info.metadata, "x-own": "1" },
  })),
};
