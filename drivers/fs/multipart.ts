/** Multipart uploads in a folder, by the steps that S3 has. */
import type { Key, MultipartBackend, PartOptions, Source, UploadedPart } from "../../src/backend.ts";
import { usualPlan } from "../../src/plan.ts";
import { over } from "../../src/resume.ts";
import { headersOf } from "../../src/options.ts";
import { abandon } from "../../src/reader.ts";
import { algorithmFor } from "./checksum.ts";
import { onDisk } from "./errno.ts";
import { completeUpload, madeBy } from "./multipart-complete.ts";
import { abortUpload, beginUpload, findUpload, pendingUploads } from "./multipart-folder.ts";
import { partsOf, storePart } from "./multipart-parts.ts";
import type { Settings } from "./options.ts";
import type { Root } from "./root.ts";

/** The steps; `beforeWrite` refuses where nothing may be written. */
export function multipart(root: Root, settings: Settings, beforeWrite: () => void): MultipartBackend {
  async function store(
    key: Key,
    uploadId: string,
    partNumber: number,
    source: Source,
    { signal }: PartOptions,
  ): Promise<UploadedPart> {
    try {
      beforeWrite();
      if (!(await onDisk(() => findUpload(root, key, uploadId)))) throw over();
    } catch (error) {
      if ("stream" in source) await abandon(source.stream, error);
      throw error;
    }
    return storePart(root, settings, { key, uploadId, partNumber }, source, signal);
  }

  return {
    ...usualPlan(),
    create: async (key, put) => {
      beforeWrite();
      const checksum = algorithmFor(settings.checksums, put)?.name;
      return { uploadId: await onDisk(() => beginUpload(root, settings, key, { headers: headersOf(put), checksum })) };
    },
    uploadPart: (key, uploadId, partNumber, bytes, part) => store(key, uploadId, partNumber, { bytes }, part),
    streamPart: store,
    complete: async (key, uploadId, list, { ifMatch, ifNoneMatch, signal }) => {
      beforeWrite();
      const conditions = { ifMatch, ifNoneMatch, signal };
      return { etag: await onDisk(() => completeUpload(root, settings, { key, uploadId, list, conditions })) };
    },
    abort: async (key, uploadId, { signal }) => {
      beforeWrite();
      await onDisk(() => abortUpload(root, settings, key, uploadId, signal));
    },
    parts: (key, uploadId) => onDisk(() => partsOf(root, key, uploadId)),
    completed: (key, { uploadId }) => onDisk(() => madeBy(root, key, uploadId)),
    pending: async (prefix) => ({ uploads: await onDisk(() => pendingUploads(root, prefix)) }),
  };
}
