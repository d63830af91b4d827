/** Multipart uploads whose keys have the names that their reader knows them by: relative to a scope, or below a mount. */
import type { PendingUpload } from "./backend.ts";
import { renaming } from "./error.ts";
import type { MultipartUpload, ObjectStore, UploadsOptions } from "./interface.ts";

type Name = (key: string) => string;

/** An upload under another name. */
export function renamed(upload: MultipartUpload, named: Name): MultipartUpload {
  const run = <T>(outcome: Promise<T>): Promise<T> => renaming(outcome, named);
  const keyed = async <T extends { readonly key: string }>(outcome: Promise<T>): Promise<T> => {
    const found = await run(outcome);
    return { ...found, key: named(found.key) };
  };
  return {
    ...upload,
    key: named(upload.key),
    uploadPart: (partNumber, body, options) => run(upload.uploadPart(partNumber, body, options)),
    parts: (options) => run(upload.parts(options)),
    complete: (parts, options) => keyed(upload.complete(parts, options)),
    abort: (options) => run(upload.abort(options)),
    send: (open, options) => keyed(upload.send(open, options)),
    state: () => ({ ...upload.state(), key: named(upload.key) }),
    presign: (options) => run(upload.presign(options)),
  };
}

/** The uploads of a store under other names. */
export async function* renamedUploads(
  store: ObjectStore,
  options: UploadsOptions,
  named: Name,
): AsyncGenerator<PendingUpload, void, void> {
  const uploads = store.listUploads(options)[Symbol.asyncIterator]();
  for (;;) {
    const step = await renaming(uploads.next(), named);
    if (step.done) return;
    yield { ...step.value, key: named(step.value.key) };
  }
}
