/** The one stream between transport and reader. */
import type { GetOptions } from "../../src/backend.ts";
import { locate } from "../../src/error.ts";
import type { Rest } from "./rest.ts";
import type { Pieces } from "./transport.ts";

/**
 * A lazy stream of all pieces in order: whoever wants to see every byte that is delivered wraps `pieces`. Its errors say
 * where they happened; an abort errors it with the signal's own reason.
 */
export function toBody(
  pieces: Pieces,
  { signal, place }: Pick<GetOptions, "signal" | "place">,
  rest: Rest | undefined,
): ReadableStream<Uint8Array> {
  const cancel = (reason: unknown): void => {
    pieces.cancel(reason);
    rest?.stop(reason);
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          signal?.throwIfAborted();
          const piece = await pieces.next();
          if (piece) return controller.enqueue(piece);
          rest?.release();
          controller.close();
        } catch (error) {
          cancel(error);
          throw signal?.aborted ? signal.reason : place ? locate(error, place) : error;
        }
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
}
