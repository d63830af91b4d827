/** Faults of multipart uploads, and of what else a driver says that it has. */
import type { Backend, MultipartBackend } from "../../../src/backend.ts";
import { StorageError } from "../../../src/error.ts";
import { type Fault, type Faults, without } from "./fault.ts";

const steps =
  (change: (sound: MultipartBackend, backend: Backend) => Partial<MultipartBackend>): Fault =>
  (backend) => {
    const sound = backend.multipart as MultipartBackend;
    return { multipart: { ...sound, ...change(sound, backend) } };
  };

/** Completes with the parts that are there under these numbers, whatever ETags they were named with. */
function byNumber({ complete, parts }: MultipartBackend): MultipartBackend["complete"] {
  return async (key, id, list, options) => {
    const stored = (await parts?.(key, id, {})) ?? [];
    const named = list.map((one) => stored.find(({ partNumber }) => partNumber === one.partNumber) ?? one);
    return complete(key, id, named, options);
  };
}

export const multipartFaults: Faults = {
  "multipart verbs are missing": () => ({ multipart: undefined }) as never,
  "uploads are not listed": steps(() => ({ pending: undefined }) as never),
  "parts are not listed": steps(() => ({ parts: undefined }) as never),
  "headers of an upload in parts are lost": steps(({ create }) => ({
    create: (key) => create(key, {}),
  })),
  "parts are joined as they came": steps(({ uploadPart }) => {
    let number = 0;
    return {
      uploadPart: (key, id, at, ...rest) =>
        uploadPart(key, id, ++number, ...rest).then((part) => ({ ...part, partNumber: at })),
    };
  }),
  "a part cannot be sent again": steps(({ uploadPart, parts }) => ({
    async uploadPart(key, id, number, ...rest) {
      const known = (await parts?.(key, id, {}))?.find(({ partNumber }) => partNumber === number);
      return known ?? uploadPart(key, id, number, ...rest);
    },
  })),
  "every part has the same ETag": steps((sound) => ({
    uploadPart: async (...call) => ({ ...(await sound.uploadPart(...call)), etag: '"part"' }),
    complete: byNumber(sound),
  })),
  "ETags of parts are not looked at": steps((sound) => ({ complete: byNumber(sound) })),
  "completion joins all parts that are there": steps(({ complete, parts }) => ({
    complete: async (key, id, list, options) => complete(key, id, (await parts?.(key, id, {})) ?? list, options),
  })),
  "completion ignores conditions": steps(({ complete }) => ({
    complete: (key, id, list, options) => complete(key, id, list, without(options, "ifMatch", "ifNoneMatch")),
  })),
  "completion gives another ETag": steps(({ complete }) => ({
    complete: async (...call) => (await complete(...call), { etag: '"complete"' }),
  })),
  "abort does nothing": steps(() => ({ abort: async () => {} })),
  "abort can be said once": steps(({ abort }) => {
    const done = new Set<string>();
    return {
      async abort(key, id, call) {
        if (done.has(id)) throw new StorageError("not-found", "there is no such upload");
        done.add(id);
        return abort(key, id, call);
      },
    };
  }),
  "abort deletes the object": steps(({ abort }, { delete: remove }) => ({
    abort: async (key, id, call) => (await abort(key, id, call), remove(key, call)),
  })),
  "abort takes the uploads of other keys along": steps(({ abort, pending }) => ({
    async abort(key, id, call) {
      for (const one of (await pending?.("", {}))?.uploads ?? []) await abort(one.key as never, one.uploadId, call);
      return abort(key, id, call);
    },
  })),
  "an upload under way is an object": steps(({ create }, { put }) => ({
    create: async (key, options) => {
      await put(key, { bytes: new Uint8Array() }, { ifNoneMatch: "*" }).catch(() => {});
      return create(key, options);
    },
  })),
  "a part is an object of its own": steps(({ uploadPart }, { put }) => ({
    uploadPart: async (key, id, number, bytes, options) => {
      await put(`${key}.part${number}` as never, { bytes }, {});
      return uploadPart(key, id, number, bytes, options);
    },
  })),
  "parts of an upload that nobody knows are none": steps(({ parts }) => ({
    parts: async (...call) => (await parts?.(...call)) ?? [],
  })),
  "parts have no size": steps(({ parts }) => ({
    parts: async (...call) => (await parts?.(...call))?.map((part) => ({ ...part, size: 0 })) ?? null,
  })),
  "uploads of all keys are listed": steps(({ pending }) => ({
    pending: (_prefix, ...page) => pending?.("", ...page) as never,
  })),
  "uploads are listed when they are over": steps(({ create }) => {
    const all = new Map<string, string>();
    return {
      async create(key, options) {
        const begun = await create(key, options);
        all.set(begun.uploadId, key);
        return begun;
      },
      async pending(prefix) {
        const begun = [...all].filter(([, key]) => key.startsWith(prefix));
        return { uploads: begun.map(([uploadId, key]) => ({ key, uploadId, initiated: new Date(Date.now() - 1000) })) };
      },
    };
  }),
  "an upload is begun at the beginning of time": steps(({ pending }) => ({
    async pending(...page) {
      const found = await pending?.(...page);
      return { ...found, uploads: found?.uploads.map((one) => ({ ...one, initiated: new Date(0) })) ?? [] };
    },
  })),
  "uploadPart gives a wrong size": steps(({ uploadPart }) => ({
    uploadPart: (key, id, number, bytes, options) =>
      uploadPart(key, id, number, bytes, options).then((part) => ({ ...part, size: bytes.byteLength + 1 })),
  })),
};
