/** A source of any length into one object: by one request up to a part, else by a multipart upload. */
import type { BegunUpload, Key, MultipartBackend, PutOptions, Source, StoredInfo, UploadedPart } from "./backend.ts";
import { StorageError } from "./error.ts";
import { headersOf } from "./options.ts";
import { firstPiece, type Piece, piecesOf, type SendPart, sendParts, slicesOf } from "./parts.ts";
import { partSizeFor } from "./plan.ts";
import { readerOf } from "./reader.ts";

/** Stores bytes by one request. */
export type PutBytes = (key: Key, bytes: Uint8Array, options: PutOptions) => Promise<StoredInfo>;

/** The `put` of a driver whose store takes whole bodies and parts. */
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
    pieces: AsyncGenerator<Piece>,
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
    return inParts(steps, key, options, (upload) => send(upload, slicesOf(bytes, partSize), () => {}));
  }
  const reader = readerOf(source, signal);
  let held: Piece | undefined;
  try {
    const partSize = partSizeFor(plan.partSize, source.size);
    const first = await firstPiece(plan.memory, reader, Math.min(partSize, source.size ?? partSize), signal);
    held = first;
    if (await reader.ended()) {
      const info = await whole(first.bytes);
      held = undefined;
      first.release(true);
      return info;
    }
    return await inParts(steps, key, options, (upload) => {
      held = undefined;
      return send(upload, piecesOf(plan.memory, reader, first, partSize, signal), reader.cancel);
    });
  } catch (error) {
    held?.release(false);
    await reader.cancel(error);
    throw error;
  }
}

/** An upload in parts around `send`, which gives them and their length in all. When anything fails nothing is left behind. */
export async function inParts(
  steps: Pick<MultipartBackend, "create" | "complete" | "abort">,
  key: Key,
  options: PutOptions,
  send: (upload: BegunUpload) => Promise<{ readonly parts: readonly UploadedPart[]; readonly size: number }>,
): Promise<StoredInfo> {
  const { signal, ifMatch, ifNoneMatch } = options;
  const upload = await steps.create(key, options);
  const { uploadId, writeId, checksum } = upload;
  try {
    const { parts, size } = await send(upload);
    const etag = await steps.complete(key, uploadId, parts, { ifMatch, ifNoneMatch, writeId, checksum, signal });
    return { key, size, etag, ...headersOf(options) };
  } catch (error) {
    // Without the caller's signal: an aborted upload would otherwise keep its parts, and cost, for ever. One whose completion
    // is in doubt is left alone, since it may be the object by now.
    if (!(StorageError.is(error) && error.code === "ambiguous")) {
      await steps.abort(key, uploadId, {}).catch(() => {
        if (StorageError.is(error)) error.message += `; upload ${uploadId} keeps its parts, since aborting it failed`;
      });
    }
    throw error;
  }
}
