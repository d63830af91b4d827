import { heeding } from "../abort.ts";
import { letGo } from "../reader.ts";
import type { Source } from "../backend.ts";
import { checkWhole, toChunk } from "../body.ts";
import { brokenOff } from "../error.ts";
import { GuardError } from "./error.ts";

/** A source whose first bytes have been read. */
export interface Opened {
  /** The first bytes. */
  readonly head: Uint8Array;
  /** All bytes, including the head. Errors with a GuardError once they exceed the limit. */
  readonly body: ReadableStream<Uint8Array>;
  /** Cancels the source, which stops its sender. */
  cancel(reason: unknown): Promise<void>;
}

/**
 * Reads the first `length` bytes. Rejects with a GuardError if they exceed the limit, `interrupted` if the source
 * fails.
 */
export async function openSource(
  source: Source,
  length: number,
  maxSize: number,
  signal?: AbortSignal,
): Promise<Opened> {
  const reader = ("bytes" in source ? streamOf(source.bytes) : source.stream).getReader();
  const cancel = (reason: unknown): Promise<void> => letGo(reader, reason);
  const ahead: Uint8Array[] = [];
  let count = 0;

  async function next(): Promise<Uint8Array | null> {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) {
      if ("stream" in source) checkWhole(count, source);
      return null;
    }
    try {
      const chunk = toChunk(value);
      count += chunk.byteLength;
      if (count > maxSize) throw tooLarge(maxSize);
      return chunk;
    } catch (error) {
      await cancel(error);
      throw error;
    }
  }

  let ended = false;
  // A pending read that is no longer awaited settles when the source is cancelled.
  while (count < length && !ended) {
    const chunk = await heeding(next(), signal).catch(async (error: unknown) => {
      if (signal?.aborted) await cancel(error);
      throw error;
    });
    if (chunk === null) ended = true;
    else if (chunk.byteLength > 0) ahead.push(chunk);
  }
  const head = concat(ahead, length);

  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // Empty chunks are skipped: a byte stream must not enqueue them.
        let chunk = ahead.shift() ?? (ended ? null : await next());
        while (chunk?.byteLength === 0) chunk = await next();
        if (chunk === null) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { head, body, cancel };
}

/** The error for a file over the limit. */
export function tooLarge(maxSize: number): GuardError {
  return new GuardError("size", `the file is larger than ${maxSize} bytes, the most that is allowed here`);
}

function concat(chunks: readonly Uint8Array[], most: number): Uint8Array {
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const all = new Uint8Array(Math.min(length, most));
  let offset = 0;
  for (const chunk of chunks) {
    const part = chunk.subarray(0, most - offset);
    all.set(part, offset);
    offset += part.byteLength;
  }
  return all;
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
