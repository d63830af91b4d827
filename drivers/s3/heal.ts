/** The bytes of a download in order and counted, over as many answers as it takes. */
import { StorageError } from "../../src/error.ts";
import type { Span } from "../../src/range.ts";
import type { Opened, Rest } from "./rest.ts";
import type { Pieces } from "./transport.ts";

/**
 * Reads a span of an object. When a body is cut or stops coming, `rest` asks for what is missing: as often as it takes while bytes
 * arrive, and without a byte in between as often as the client repeats a request. Without `rest` it errors; without `opened` it begins
 * with a request.
 */
export function healing({ start, end }: Span, opened: Opened | undefined, rest: Rest | undefined): Pieces {
  let current = opened;
  let at = start;
  /** Where the current answer began. */
  let since = start;
  let cancelled = false;

  async function step(from: Opened, atOnce?: boolean): Promise<Uint8Array | null> {
    const piece = from.first ?? (await from.pieces.next(atOnce));
    from.first = undefined;
    // Some transports end a body that is too short without an error.
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
        // All is there that is wanted, and the answer goes on.
        if (at > end && current.end > end) {
          current.pieces.cancel(undefined);
          return null;
        }
        let piece: Uint8Array | null;
        try {
          piece = await step(current, atOnce);
        } catch (error) {
          // All is there that is wanted: how the connection ended does not matter.
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
