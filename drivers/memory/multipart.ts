/** Multipart uploads in memory: parts by number, which become one object at completion. */
import type { Key, MultipartBackend, PutOptions, StoredPart, StoredVersion } from "../../src/backend.ts";
import { compareKeys } from "../../src/key.ts";
import { listedParts } from "../../src/listed.ts";
import { usualPlan } from "../../src/plan.ts";
import { over } from "../../src/resume.ts";

/** What uploads need of the objects. */
export interface Objects {
  /** Stores the object of a completed upload if the conditions hold. */
  put(key: Key, bytes: Uint8Array<ArrayBuffer>, options: PutOptions, uploadId: string): StoredVersion;
  /** The object if this upload made it, else null. */
  madeBy(key: Key, uploadId: string): StoredVersion | null;
}

interface Part extends StoredPart {
  readonly bytes: Uint8Array;
  readonly lastModified: Date;
}

interface Upload {
  readonly key: string;
  readonly options: PutOptions;
  readonly initiated: Date;
  readonly parts: Map<number, Part>;
}

/** Unfinished uploads, by id. */
export type Uploads = Map<string, Upload>;

/** The steps of multipart uploads. */
export function multipart(uploads: Uploads, objects: Objects): MultipartBackend {
  let version = 0;
  const find = (key: Key, uploadId: string): Upload | undefined => {
    const upload = uploads.get(uploadId);
    return upload?.key === key ? upload : undefined;
  };

  return {
    ...usualPlan(),
    async create(key, options) {
      const uploadId = crypto.randomUUID();
      uploads.set(uploadId, { key, options, initiated: new Date(), parts: new Map() });
      return { uploadId };
    },
    async uploadPart(key, uploadId, partNumber, bytes) {
      const upload = find(key, uploadId);
      if (!upload) throw over();
      // A copy: the caller may change its bytes afterwards.
      const stored = { partNumber, etag: `"part-${++version}"`, size: bytes.byteLength };
      upload.parts.set(partNumber, { ...stored, bytes: bytes.slice(), lastModified: new Date() });
      return stored;
    },
    // Nothing is awaited here, so that the second of two completions of one upload finds the object of the first.
    async complete(key, uploadId, list, { ifMatch, ifNoneMatch }) {
      const upload = find(key, uploadId);
      if (!upload) {
        const made = objects.madeBy(key, uploadId);
        if (made === null) throw over();
        return made;
      }
      const parts = listedParts(list, [...upload.parts.values()]);
      const all = new Uint8Array(parts.reduce((sum, { size }) => sum + size, 0));
      let at = 0;
      for (const { bytes, size } of parts) {
        all.set(bytes, at);
        at += size;
      }
      const made = objects.put(key, all, { ...upload.options, ifMatch, ifNoneMatch }, uploadId);
      uploads.delete(uploadId);
      return made;
    },
    async abort(key, uploadId) {
      if (find(key, uploadId)) uploads.delete(uploadId);
    },
    async parts(key, uploadId) {
      const parts = find(key, uploadId)?.parts.values();
      return parts ? [...parts].map(withoutBytes).sort((a, b) => a.partNumber - b.partNumber) : null;
    },
    completed: async (key, { uploadId }) => objects.madeBy(key, uploadId),
    async pending(prefix) {
      const found = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
      // The sort is stable: uploads of one key stay in the order in which they were started.
      found.sort(([, a], [, b]) => compareKeys(a.key, b.key));
      return { uploads: found.map(([uploadId, { key, initiated }]) => ({ key, uploadId, initiated })) };
    },
  };
}

function withoutBytes({ partNumber, etag, size, lastModified }: Part): StoredPart {
  return { partNumber, etag, size, lastModified };
}
