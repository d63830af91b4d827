/** A source of any length into one object: by one request up to a part, else by a multipart upload. */
import type { Key, PutOptions, Source, StoredInfo, UploadedPart } from "../../src/backend.ts";
import type { MemoryBudget } from "../../src/budget.ts";
import { StorageError } from "../../src/error.ts";
import { type ByteReader, readerOf } from "../../src/reader.ts";
import type { Client } from "./client.ts";
import { checkPartNumber, partSizeFor } from "./plan.ts";
import { abortUpload, completeUpload, createUpload, putObject, putPart, stored } from "./write.ts";

/** Bytes of the first buffer of a stream; it grows fourfold, so that a small object does not hold a whole part. */
const FIRST_BUFFER = 64 * 1024;

/** A part in memory, and how to let it go; `reusable` says that nothing reads it any more. */
interface Piece {
  readonly bytes: Uint8Array;
  release(reusable: boolean): void;
}

/** Stores a source. */
export async function uploadSource(
  client: Client,
  budget: MemoryBudget,
  key: Key,
  source: Source,
  options: PutOptions,
): Promise<StoredInfo> {
  if ("bytes" in source) return uploadBytes(client, key, source.bytes, options);
  const { signal } = options;
  const reader = readerOf(source, signal);
  let held: Piece | undefined;
  try {
    const partSize = partSizeFor(client.settings.partSize, source.size);
    const first = await firstPiece(budget, reader, Math.min(partSize, source.size ?? partSize), signal);
    held = first;
    if (await reader.ended()) {
      const info = await putObject(client, key, first.bytes, options);
      first.release(true);
      held = undefined;
      options.onBytes?.(info.size);
      return info;
    }
    const uploadId = await createUpload(client, key, options);
    held = undefined;
    // A source that gives nothing for long must not hide that a part has failed.
    return await uploadParts(
      client,
      key,
      uploadId,
      options,
      piecesOf(budget, reader, first, partSize, signal),
      reader.cancel,
    );
  } catch (error) {
    held?.release(false);
    await reader.cancel(error);
    throw error;
  }
}

async function uploadBytes(client: Client, key: Key, bytes: Uint8Array, options: PutOptions): Promise<StoredInfo> {
  const partSize = partSizeFor(client.settings.partSize, bytes.byteLength);
  if (bytes.byteLength <= partSize) {
    const info = await putObject(client, key, bytes, options);
    options.onBytes?.(bytes.byteLength);
    return info;
  }
  async function* slices(): AsyncGenerator<Piece, void, void> {
    for (let at = 0; at < bytes.byteLength; at += partSize)
      yield { bytes: bytes.subarray(at, at + partSize), release: () => {} };
  }
  return uploadParts(client, key, await createUpload(client, key, options), options, slices(), () => {});
}

/** As much as fits into one request, or all that there is. */
async function firstPiece(
  budget: MemoryBudget,
  reader: ByteReader,
  most: number,
  signal?: AbortSignal,
): Promise<Piece> {
  let buffer = await budget.take(Math.max(1, Math.min(most, FIRST_BUFFER)), 0, signal);
  try {
    let end = await reader.fill(buffer, 0);
    while (end === buffer.byteLength && end < most && !(await reader.ended())) {
      const larger = await budget.take(Math.min(most, buffer.byteLength * 4), buffer.byteLength, signal);
      larger.set(buffer);
      budget.give(buffer, true);
      buffer = larger;
      end = await reader.fill(buffer, end);
    }
    return pieceOf(budget, buffer, end);
  } catch (error) {
    budget.give(buffer, true);
    throw error;
  }
}

async function* piecesOf(
  budget: MemoryBudget,
  reader: ByteReader,
  first: Piece,
  partSize: number,
  signal?: AbortSignal,
): AsyncGenerator<Piece, void, void> {
  yield first;
  while (!(await reader.ended())) {
    const buffer = await budget.take(partSize, 0, signal);
    try {
      yield pieceOf(budget, buffer, await reader.fill(buffer, 0));
    } catch (error) {
      budget.give(buffer, true);
      throw error;
    }
  }
}

function pieceOf(budget: MemoryBudget, buffer: Uint8Array<ArrayBuffer>, end: number): Piece {
  return { bytes: buffer.subarray(0, end), release: (reusable) => budget.give(buffer, reusable) };
}

/** Sends pieces as parts, several at a time; when anything fails nothing is left behind. */
async function uploadParts(
  client: Client,
  key: Key,
  uploadId: string,
  options: PutOptions,
  pieces: AsyncGenerator<Piece, void, void>,
  stopSource: (reason: unknown) => void,
): Promise<StoredInfo> {
  // Our own signal: the first failure stops the parts that are on their way, as the caller's does.
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const parts: UploadedPart[] = [];
  const flying = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let size = 0;
  let count = 0;

  const fail = (error: unknown): void => {
    if (failure) return;
    failure = { error };
    stop.abort(error);
    stopSource(error);
  };
  const send = async (partNumber: number, piece: Piece): Promise<void> => {
    let sent = false;
    try {
      checkPartNumber(partNumber, piece.bytes.byteLength);
      parts.push(await putPart(client, key, uploadId, partNumber, piece.bytes, { signal }));
      sent = true;
      options.onBytes?.(piece.bytes.byteLength);
    } catch (error) {
      fail(error);
    } finally {
      // After a failure the socket may still read the buffer.
      piece.release(sent);
    }
  };

  try {
    for await (const piece of pieces) {
      size += piece.bytes.byteLength;
      const flight = send(++count, piece);
      flying.add(flight);
      void flight.then(() => flying.delete(flight));
      if (flying.size >= client.settings.concurrency) await Promise.race(flying);
      if (failure) break;
    }
  } catch (error) {
    fail(error);
  }
  await Promise.all(flying);
  try {
    if (failure) throw failure.error;
    options.signal?.throwIfAborted();
    parts.sort((a, b) => a.partNumber - b.partNumber);
    return stored(key, size, await completeUpload(client, key, uploadId, parts, options), options);
  } catch (error) {
    // Without the caller's signal: an aborted upload would otherwise keep its parts, and cost, for ever. One whose completion
    // is in doubt is left alone, since it may be the object by now.
    if (!(StorageError.is(error) && error.code === "ambiguous"))
      await abortUpload(client, key, uploadId, {}).catch(() => {});
    throw error;
  }
}
