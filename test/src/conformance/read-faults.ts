/** Faults of head and get. */
import type { Key } from "../../../src/backend.ts";
import { StorageError } from "../../../src/error.ts";
import { body, type Faults, known, streamOf, without } from "./fault.ts";

export const readFaults: Faults = {
  "a range ends one byte early": body((bytes, { range }) => (range ? bytes.subarray(0, -1) : bytes)),
  "a range begins one byte late": ({ get }) => ({
    get: (key, { range, ...options }) =>
      get(key, {
        ...options,
        ...(range && { range: "start" in range ? { ...range, start: range.start + 1 } : range }),
      }),
  }),
  "a range is ignored": ({ get }) => ({ get: (key, options) => get(key, without(options, "range")) }),
  "a range is not said": ({ get }) => ({
    get: async (...call) => {
      const object = await get(...call);
      return object && { info: object.info, body: object.body };
    },
  }),
  "a suffix is taken from the beginning": ({ get }) => ({
    get: (key, { range, ...options }) =>
      get(key, {
        ...options,
        ...(range && { range: "suffix" in range ? { start: 0, end: range.suffix - 1 } : range }),
      }),
  }),
  "a range that ends behind the object is refused": ({ get }) => ({
    get: async (key, options) => {
      const object = await get(key, options);
      const { range } = options;
      if (object && range && "start" in range && (range.end ?? 0) >= object.info.size)
        throw new StorageError("invalid-range", "it ends behind the object");
      return object;
    },
  }),
  "a range behind the object is the whole object": ({ get }) => ({
    get: (key, options) =>
      get(key, options).catch((error: unknown) => {
        if (StorageError.is(error) && error.code === "invalid-range") return get(key, {});
        throw error;
      }),
  }),
  "a suffix longer than the object is refused": ({ get }) => ({
    get: async (key, options) => {
      const object = await get(key, options);
      if (object && options.range && "suffix" in options.range && options.range.suffix > object.info.size)
        throw new StorageError("invalid-range", "the object is shorter");
      return object;
    },
  }),
  "get ignores ifMatch": ({ get }) => ({ get: (key, options) => get(key, without(options, "ifMatch")) }),
  "get ignores ifNoneMatch": ({ get }) => ({ get: (key, options) => get(key, without(options, "ifNoneMatch")) }),
  "get takes ifNoneMatch * for an ETag": ({ get }) => ({
    get: (key, options) => get(key, options.ifNoneMatch === "*" ? { ...options, ifNoneMatch: '"*"' } : options),
  }),
  "get says precondition-failed for not-modified": ({ get }) => ({
    get: (...call) =>
      get(...call).catch((error: unknown) => {
        if (StorageError.is(error) && error.code === "not-modified")
          throw new StorageError("precondition-failed", "no");
        throw error;
      }),
  }),
  "get rejects with a plain Error on a condition": ({ get }) => ({
    get: (...call) => get(...call).catch((error: Error) => Promise.reject(new Error(error.message))),
  }),
  "get of an absent key is an empty object": ({ get }) => ({
    get: async (key, options) =>
      (await get(key, options)) ?? {
        info: { key, size: 0, etag: '"0"', lastModified: new Date() },
        body: streamOf(new Uint8Array()),
      },
  }),
  "head of an absent key rejects": ({ head }) => ({
    head: async (...call) => {
      const info = await head(...call);
      if (!info) throw new StorageError("unknown", "no such thing");
      return info;
    },
  }),
  "head finds a key by what it begins with": ({ head, list }) => ({
    head: async (key, call) => {
      const exact = await head(key, call);
      return exact ?? (await list({ prefix: key, limit: 1 })).objects[0] ?? null;
    },
  }),
  "the last byte of a body is missing": body((bytes) => bytes.subarray(0, -1)),
  "a body has a byte too many": body(
    (bytes) => new Uint8Array([...bytes.subarray(0, 100_000), ...bytes.subarray(100_000), 0]),
  ),
  "one byte of a body is another one": body((bytes) => bytes.map((byte, at) => (at === 70_000 ? byte ^ 1 : byte))),
  "a byte order mark is dropped": body((bytes) => (bytes[0] === 0xef && bytes[1] === 0xbb ? bytes.subarray(3) : bytes)),
  "bodies share memory with the object": ({ get, put }) => {
    const kept = new Map<string, Uint8Array>();
    return {
      put: (key, source, options) => (kept.delete(key), put(key, source, options)),
      get: async (key, options) => {
        const object = await get(key, options);
        if (!object || options.range) return object;
        const bytes = kept.get(key) ?? new Uint8Array(await new Response(object.body).arrayBuffer());
        kept.set(key, bytes);
        return { ...object, body: streamOf(bytes) };
      },
    };
  },
  "a body does not hear of an abort": ({ get }) => ({ get: (key, options) => get(key, without(options, "signal")) }),
  "a body that is cancelled never says so": ({ get }) => ({
    get: async (...call) => {
      const object = await get(...call);
      if (!object) return null;
      const reader = object.body.getReader();
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      };
      return { ...object, body: new ReadableStream({ pull, cancel: () => new Promise<void>(() => {}) }) };
    },
  }),
  "sizes are one too small": known((info) => ({ ...info, size: Math.max(0, info.size - 1) })),
  "ETags have no quotes": known((info) => ({ ...info, etag: info.etag.slice(1, -1) })),
  "every version has the same ETag": known((info) => ({ ...info, etag: '"1"' })),
  "an ETag is of the size alone": known((info) => ({ ...info, etag: `"${info.size}"` })),
  "head has another ETag than get": ({ head }) => ({
    head: async (...call) => {
      const info = await head(...call);
      return info && { ...info, etag: '"head"' };
    },
  }),
  "lastModified is missing": known((info) => without(info, "lastModified")),
  "lastModified is the time of the question": known((info) => ({ ...info, lastModified: new Date() })),
  "lastModified is in seconds": known((info) => ({
    ...info,
    lastModified: new Date(Number(info.lastModified) / 1000),
  })),
  "keys come back in lower case": known((info) => ({ ...info, key: info.key.toLowerCase() })),
  "location is empty": () => ({ location: () => "" }),
  "location is one for all": () => ({ location: () => "memory:" }),
  "url is no address": () => ({ url: (key: Key) => `not an address ${key}` }),
};
