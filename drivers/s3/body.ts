/** What a reader of an object holds: its pieces, or the one stream over them. */
import type { GetOptions } from "../../src/backend.ts";
import { locate } from "../../src/error.ts";
import { Forgotten } from "../../src/forgotten.ts";
import type { Rest } from "./rest.ts";
import type { Pieces } from "./transport.ts";

/** The bytes of an object: read by `next` or by `stream`, not by both. */
export interface ObjectBody {
  /** The next bytes, or null at their end. */
  next(): Promise<Uint8Array | null>;
  /** A lazy stream of the same. */
  stream(): ReadableStream<Uint8Array>;
}

/**
 * Lets go of the connection of a body that nobody read to its end or cancelled, once it is out of everybody's reach: undici and Bun would keep it,
 * and what has come of the body, for as long as the process runs.
 */
const forgotten = /* @__PURE__ */ new Forgotten<Held>(([pieces, rest]) => {
  pieces.cancel(undefined);
  rest?.stop(undefined);
});

/** What a body keeps open. */
type Held = readonly [Pieces, Rest | undefined];

/**
 * All pieces in order: whoever wants to see every byte that is delivered wraps `pieces`. Errors say where they happened; an
 * abort errors with the signal's own reason.
 */
export function toObjectBody(
  pieces: Pieces,
  { signal, place }: Pick<GetOptions, "signal" | "place">,
  rest: Rest | undefined,
): ObjectBody {
  const held: Held = [pieces, rest];
  const cancel = (reason: unknown): void => {
    forgotten.unwatch(held);
    pieces.cancel(reason);
    rest?.stop(reason);
  };
  const next = async (atOnce?: boolean): Promise<Uint8Array | null> => {
    try {
      signal?.throwIfAborted();
      const piece = await pieces.next(atOnce);
      if (!piece) {
        forgotten.unwatch(held);
        rest?.release();
      }
      return piece;
    } catch (error) {
      cancel(error);
      throw signal?.aborted ? signal.reason : place ? locate(error, place) : error;
    }
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    const piece = await next();
    if (piece) controller.enqueue(piece);
    else controller.close();
  };
  // Whoever reads holds this function, and nothing of ours that lasts as long as the connection or the signal does.
  forgotten.watch(next, held);
  return { next: () => next(true), stream: () => new ReadableStream({ pull, cancel }, { highWaterMark: 0 }) };
}
