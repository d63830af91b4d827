/** Every verb of a store that takes options, called with the same ones; each key of `at` begins with it. */
import type { CallOptions } from "../../src/backend.ts";
import type { ObjectStore } from "../../src/interface.ts";

export function everyVerb(
  store: ObjectStore,
  at: string,
  options: CallOptions,
): Readonly<Record<string, Promise<unknown>>> {
  const [key, other] = [`${at}k`, `${at}l`];
  const uploads = store.listUploads({ ...options, prefix: at })[Symbol.asyncIterator]();
  return {
    upload: store.upload(key, "x", options),
    download: store.download(key, options),
    delete: store.delete(key, options),
    "delete of many": store.delete([key, other], options),
    exists: store.exists(key, options),
    presign: store.presign(key, options),
    head: store.head(key, options),
    list: store
      .list({ ...options, prefix: at })
      .pages()
      .next(),
    copy: store.copy(key, other, options),
    move: store.move(key, other, options),
    deletePrefix: store.deletePrefix(key, options),
    createMultipartUpload: store.createMultipartUpload(key, options),
    listUploads: uploads.next() as Promise<unknown>,
    sweepUploads: store.sweepUploads({ ...options, prefix: at }),
    update: store.update(key, () => "x", options),
  };
}
