/** The body of an object as its reader has it: piece by piece, or as a stream. */
import type { GetOptions } from "../../src/backend.ts";
import { locate } from "../../src/error.ts";
import { Forgotten } from "../../src/forgotten.ts";
import type { Rest } from "./rest.ts";
import type { Pieces } from "./transport.ts";

/** The bytes of an object. Read them by `next` or by `stream`, not by both. */
export interface ObjectBody {
  /** The next bytes, or null at their end. */
  next(): Promise<Uint8Array | null>;
  /** A lazy stream of them. */
  stream(): ReadableStream<Uint8Array>;
}

/** What a body keeps open. */
type Held = readonly [Pieces, Rest | undefined];

/**
 * Lets go of the connection of a body that was neither read to its end nor cancelled, once nobody can reach the body any more: undici and Bun
 * would keep the connection, and what has come of the body, for as long as the process runs.
 */
const forgotten = /* @__PURE__ */ new Forgotten<Held>(([pieces, rest]) => {
  pieces.cancel(undefined);
  rest?.stop(undefined);
});

/** All pieces in order. Errors say where they happened when there is a `place`; an abort errors with the signal's own reason. */
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
  // `next` is what whoever reads holds. Nothing that lives as long as the connection or the signal may hold it.
  forgotten.watch(next, held);
  return { next: () => next(true), stream: () => new ReadableStream({ pull, cancel }, { highWaterMark: 0 }) };
}
