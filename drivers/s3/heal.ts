/** Bytes in order and counted, over as many answers as it takes. */
import { StorageError } from "../../src/error.ts";
import type { Span } from "../../src/range.ts";
import type { Opened, Rest } from "./rest.ts";
import type { Pieces } from "./transport.ts";

/**
 * Reads a span of an object. A body that is cut, or stops coming, goes on where it was: any number of times, but in a row, without
 * a byte in between, only as often as the client repeats a request. Without `rest` it errors; without `opened` it begins with
 * a request.
 */
export function healing({ start, end }: Span, opened: Opened | undefined, rest: Rest | undefined): Pieces {
  let current = opened;
  let at = start;
  // Where the current answer took over.
  let since = start;
  let cancelled = false;

  async function step(from: Opened, atOnce?: boolean): Promise<Uint8Array | null> {
    const piece = from.first ?? (await from.pieces.next(atOnce));
    from.first = undefined;
    // Some transports end a short body without a word.
    if (!piece && at <= end) throw miscounted(end + 1 - start, String(at - start));
    return piece;
  }

  return {
    async next(atOnce) {
      for (let failed: unknown; ;) {
        if (!current) {
          if (!rest) throw failed;
          const brought = at - since;
          since = at;
          current = await rest.open({ start: at, end }, failed, brought);
        }
        // The answer goes on beyond what is wanted.
        if (at > end && current.end > end) {
          current.pieces.cancel(undefined);
          return null;
        }
        let piece: Uint8Array | null;
        try {
          piece = await step(current, atOnce);
        } catch (error) {
          // What was wanted is there; how the connection ended no longer matters.
          if (at > end) return null;
          if (cancelled) throw error;
          failed = error;
          current = undefined;
          continue;
        }
        if (!piece) return null;
        const length = piece.byteLength;
        if (length > current.end + 1 - at) throw miscounted(current.end + 1 - since, `at least ${at + length - since}`);
        const left = end + 1 - at;
        at += length;
        return length > left ? piece.subarray(0, left) : piece;
      }
    },
    cancel(reason) {
      cancelled = true;
      current?.pieces.cancel(reason);
    },
  };
}

function miscounted(announced: number, sent: string): StorageError {
  return new StorageError("corrupt", `the store announced ${announced} bytes and sent ${sent}`, { retryable: true });
}
