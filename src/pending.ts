/** Uploads that were begun and left. */
import type { Backend, MultipartBackend, PendingUpload } from "./backend.ts";
import type { Caller } from "./call.ts";
import type { SweepOptions, UploadsOptions } from "./interface.ts";
import { parsePrefix } from "./key.ts";
import { stepsOf, unlisted } from "./multipart.ts";
import { wholeNumber } from "./options.ts";

/** Seven days. */
const STALE = 604_800;

/** Uploads under way below a prefix. */
export async function* listUploads(call: Caller, options: UploadsOptions): AsyncGenerator<PendingUpload, void, void> {
  const { prefix = "", signal } = options ?? {};
  const uploads = await call("listUploads", prefix, options, (backend) =>
    pendingOf(backend)(parsePrefix(prefix), { signal })[Symbol.asyncIterator](),
  );
  for (;;) {
    const step = await call("listUploads", prefix, { signal }, () => uploads.next());
    if (step.done) return;
    yield step.value;
  }
}

/** Aborts those that are older than so many seconds; gives their number. */
export function sweepUploads(call: Caller, options: SweepOptions): Promise<number> {
  const { prefix = "", olderThan = STALE, signal } = options ?? {};
  return call("sweepUploads", prefix, options, async (backend) => {
    wholeNumber("olderThan", olderThan);
    const steps = stepsOf(backend);
    let before: number | undefined;
    let count = 0;
    for await (const { key, uploadId, initiated } of pendingOf(backend)(parsePrefix(prefix), { signal })) {
      // Once the first page is there: by then a driver knows the store's time.
      before ??= (steps.now ?? Date.now)() - olderThan * 1000;
      if (initiated.getTime() > before) continue;
      // Not parsed: others may have begun uploads of keys that no URL can name, and the store refuses those itself.
      await steps.abort(key as Parameters<typeof steps.abort>[0], uploadId, { signal });
      count++;
    }
    return count;
  });
}

function pendingOf(backend: Backend): NonNullable<MultipartBackend["pending"]> {
  const { pending } = stepsOf(backend);
  if (pending) return pending;
  throw unlisted();
}
