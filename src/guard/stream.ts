import { heeding } from "../abort.ts";
import { letGo } from "../reader.ts";
import type { Source } from "../backend.ts";
import { checkWhole, toChunk } from "../body.ts";
import { brokenOff } from "../error.ts";
import { GuardError } from "./error.ts";

/** A source of which the first bytes are known, and the whole of it with a limit on its length. */
export interface Opened {
  readonly head: Uint8Array;
  /** All bytes, the head's included; errors with a GuardError when they are more than the limit. */
  readonly body: ReadableStream<Uint8Array>;
  /** Gives the source up, which then stops its sender. */
  cancel(reason: unknown): Promise<void>;
}

/** Reads up to `length` bytes ahead; rejects when they alone are over the limit, `interrupted` when the source fails. */
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
  // A read that nobody waits for ends with the source.
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
        // Chunks of no bytes are passed over: a byte stream may not give them.
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
