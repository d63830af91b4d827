/** Lists and aborts unfinished multipart uploads. */
import type { Backend, PendingPage, PendingUpload } from "./backend.ts";
import type { Caller } from "./call.ts";
import type { SweepOptions, UploadsOptions } from "./interface.ts";
import { parsePrefix } from "./key.ts";
import { stepsOf, unlisted } from "./multipart.ts";
import { wholeNumber } from "./options.ts";
import { advancing } from "./pages.ts";

/** Seven days. */
const STALE = 604_800;

/** Lists unfinished uploads below a prefix. Each page is a call of its own, as in a listing of objects. */
export function listUploads(call: Caller, options: UploadsOptions): AsyncGenerator<PendingUpload, void, void> {
  const { prefix = "", signal } = options ?? {};
  return uploadsOf((load) => call("listUploads", prefix, options, (backend) => load(backend, prefix, signal)));
}

/** Aborts uploads older than `olderThan` seconds; returns their number. */
export function sweepUploads(call: Caller, options: SweepOptions): Promise<number> {
  const { prefix = "", olderThan = STALE, signal } = options ?? {};
  return call("sweepUploads", prefix, options, async (backend) => {
    wholeNumber("olderThan", olderThan);
    const steps = stepsOf(backend);
    let before: number | undefined;
    let count = 0;
    for await (const { key, uploadId, initiated } of uploadsOf((load) => load(backend, prefix, signal))) {
      // Computed after the first page, from whose answer the driver knows the store's time.
      before ??= (steps.now ?? Date.now)() - olderThan * 1000;
      // 0 means all, also those that seem to be of the future: some stores round the time up, and clocks differ.
      if (olderThan > 0 && initiated.getTime() > before) continue;
      // Not checked by parseKey: others may have started uploads with keys that no URL can carry, which the store
      // refuses itself.
      await steps.abort(key as Parameters<typeof steps.abort>[0], uploadId, { signal });
      count++;
    }
    return count;
  });
}

/** Loads the next page. */
type Load = (backend: Backend, prefix: string, signal: AbortSignal | undefined) => Promise<PendingPage>;

async function* uploadsOf(page: (load: Load) => Promise<PendingPage>): AsyncGenerator<PendingUpload, void, void> {
  let cursor: string | undefined;
  const advance = advancing();
  do {
    const from = cursor;
    const found = await page(async (backend, prefix, signal) => {
      const { pending } = stepsOf(backend);
      if (!pending) throw unlisted();
      const next = await pending(parsePrefix(prefix), { signal }, from);
      advance(next.cursor);
      return next;
    });
    yield* found.uploads;
    cursor = found.cursor;
  } while (cursor !== undefined);
}
