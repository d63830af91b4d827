/** Stores a source of any length: with one request if it fits into a part, else by a multipart upload. */
import { heeding, whenAborted } from "./abort.ts";
import type { BegunUpload, Key, MultipartBackend, PutOptions, Source, StoredInfo, UploadedPart } from "./backend.ts";
import { hasCode, storageError } from "./error.ts";
import { headersOf } from "./options.ts";
import { nextPiece, type Piece, type Pieces, piecesOf, type SendPart, sendParts, slicesOf } from "./parts.ts";
import { partSizeFor } from "./plan.ts";
import { readerOf } from "./reader.ts";

/** Stores bytes with one request. */
export type PutBytes = (key: Key, bytes: Uint8Array, options: PutOptions) => Promise<StoredInfo>;

/** `put` for drivers of stores that take whole objects and multipart uploads. */
export async function putSource(
  putBytes: PutBytes,
  steps: MultipartBackend,
  key: Key,
  source: Source,
  options: PutOptions,
): Promise<StoredInfo> {
  const { plan } = steps;
  const { signal, onBytes } = options;
  const whole = async (bytes: Uint8Array): Promise<StoredInfo> => {
    const info = await putBytes(key, bytes, options);
    onBytes?.(bytes.byteLength);
    return info;
  };
  const send = (
    { uploadId, checksum }: BegunUpload,
    pieces: Pieces,
    stopSource: (reason: unknown) => void,
  ): ReturnType<typeof sendParts> => {
    const sendPart: SendPart = (partNumber, bytes, stop) =>
      steps.uploadPart(key, uploadId, partNumber, bytes, { checksum, signal: stop });
    return sendParts(plan, 1, pieces, sendPart, { signal, onBytes, stopSource });
  };
  if ("bytes" in source) {
    const { bytes } = source;
    const partSize = partSizeFor(plan.partSize, bytes.byteLength);
    if (bytes.byteLength <= partSize) return whole(bytes);
    return inParts(steps, key, options, (upload) =>
      send(
        upload,
        () => slicesOf(bytes, partSize),
        () => {},
      ),
    );
  }
  const reader = readerOf(source, signal);
  let held: Piece | undefined;
  try {
    const partSize = partSizeFor(plan.partSize, source.size);
    const first = await nextPiece(plan.memory, reader, Math.min(partSize, source.size ?? partSize), signal);
    held = first;
    if (await reader.ended()) {
      const info = await whole(first.bytes);
      held = undefined;
      first.release(true);
      return info;
    }
    return await inParts(steps, key, options, (upload) => {
      held = undefined;
      return send(upload, (stop) => piecesOf(plan.memory, reader, first, partSize, stop), reader.cancel);
    });
  } catch (error) {
    held?.release(false);
    await reader.cancel(error);
    throw error;
  }
}

/** Milliseconds that a failed upload, or the disposal of its driver, waits for parts to be removed. */
const CLEANUP = 10_000;

/** For the steps of each driver: the removals that aborted calls have left behind, each with its start. */
const removing = new WeakMap<object, readonly (readonly [Promise<void>, number])[]>();

/** Waits for the removals that aborted calls have left behind, at most ten seconds. */
export async function removals(steps: object): Promise<void> {
  const begun = removing.get(steps);
  if (begun) await heeding(Promise.all(begun.flat()), AbortSignal.timeout(CLEANUP)).catch(() => {});
}

/** Records a removal that its call does not wait for, and drops old ones, whether or not they have settled. */
function note(steps: object, removal: Promise<void>): void {
  const now = Date.now();
  const recent = (removing.get(steps) ?? []).filter(([, since]) => now - since < 2 * CLEANUP);
  removing.set(steps, [...recent, [removal.catch(() => {}), now]]);
}

/**
 * Starts a multipart upload. The caller's signal only ends the waiting, and not the request: an upload whose id is lost
 * would stay in the store for ever. So when the id of a given-up upload arrives, the upload is aborted.
 */
export async function begin(
  steps: Pick<MultipartBackend, "create" | "abort">,
  key: Key,
  options: PutOptions,
): Promise<BegunUpload> {
  const { signal } = options;
  signal?.throwIfAborted();
  const late = new AbortController();
  const begun = steps.create(key, { ...options, signal: late.signal });
  try {
    return await heeding(begun, signal);
  } catch (error) {
    if (signal?.aborted) {
      note(
        steps,
        begun.then(({ uploadId }) => giveUp(steps, key, uploadId)),
      );
      whenAborted(AbortSignal.timeout(CLEANUP), (reason) => late.abort(reason));
    }
    throw error;
  }
}

/** Aborts an upload, without the caller's signal: its parts would otherwise stay, and cost, for ever. */
function giveUp({ abort }: Pick<MultipartBackend, "abort">, key: Key, uploadId: string): Promise<void> {
  return abort(key, uploadId, { signal: AbortSignal.timeout(CLEANUP) });
}

/**
 * A multipart upload around `send`, which sends the parts and returns them with their total length. On failure the
 * upload is aborted before this rejects, so that nothing is left behind; a caller who aborts does not wait for that.
 */
export async function inParts(
  steps: Pick<MultipartBackend, "create" | "complete" | "abort">,
  key: Key,
  options: PutOptions,
  send: (upload: BegunUpload) => Promise<{ readonly parts: readonly UploadedPart[]; readonly size: number }>,
): Promise<StoredInfo> {
  const { signal, ifMatch, ifNoneMatch } = options;
  const upload = await begin(steps, key, options);
  const { uploadId, writeId, checksum } = upload;
  let completing = false;
  try {
    const { parts, size } = await send(upload);
    completing = true;
    const conditions = { ifMatch, ifNoneMatch, writeId, checksum, signal };
    const { etag, versionId } = await steps.complete(key, uploadId, parts, conditions);
    return { key, size, etag, versionId, ...headersOf(options) };
  } catch (thrown) {
    let error: unknown = thrown;
    // If the completion is in doubt, the upload is not aborted: it may be the object by now.
    const doubtful = completing && (signal?.aborted || hasCode(error, "ambiguous"));
    if (!doubtful) {
      const over = giveUp(steps, key, uploadId).catch(() => {
        const told = (error = storageError(error));
        told.message += `; upload ${uploadId} keeps its parts: aborting it failed`;
      });
      note(steps, over);
      await heeding(over, signal);
    }
    throw error;
  }
}
