/** Parts of one object, fetched several at a time and given in order. */
import type { Span } from "../../src/range.ts";
import type { Pieces } from "./transport.ts";

/**
 * Reads a span in parts of `size` bytes. The part that is being given out and those fetched ahead of it are at most `most`, which bounds
 * memory. Nothing is asked for before the first `next`; an error comes where the bytes of its part would have come.
 */
export function inParallel(span: Span, size: number, most: number, open: (part: Span) => Pieces): Pieces {
  const parts: Pieces[] = [];
  let at = span.start;
  return {
    async next() {
      for (;;) {
        for (; parts.length < most && at <= span.end; at += size) {
          // Nobody gets beyond a part that failed, so no further one is opened.
          parts.push(eager(open({ start: at, end: Math.min(span.end, at + size - 1) }), () => (at = Infinity)));
        }
        const [part] = parts;
        if (!part) return null;
        const piece = await part.next();
        if (piece) return piece;
        parts.shift();
      }
    },
    cancel(reason) {
      // The answer of the first part may be open already, before the first `next`.
      if (at === span.start) open(span).cancel(reason);
      for (const part of parts) part.cancel(reason);
    },
  };
}

/** Reads ahead, and keeps what came until it is asked for. */
function eager(source: Pieces, onFailure: () => void): Pieces {
  const ready: Uint8Array[] = [];
  let failure: { readonly error: unknown } | undefined;
  let ended = false;
  let wake = (): void => {};
  void (async () => {
    try {
      for (let piece = await source.next(); piece; piece = await source.next()) {
        // Kept as it is, a short piece of a large buffer would hold all of that in memory.
        ready.push(piece.byteLength * 2 < piece.buffer.byteLength ? piece.slice() : piece);
        wake();
      }
      ended = true;
    } catch (error) {
      failure = { error };
      onFailure();
    }
    wake();
  })();
  return {
    async next() {
      for (;;) {
        const piece = ready.shift();
        if (piece) return piece;
        if (failure) throw failure.error;
        if (ended) return null;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    cancel: (reason) => source.cancel(reason),
  };
}
