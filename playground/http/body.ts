/** Request bodies that can be given up without losing the answer. */

/** How much of a refused body is read and thrown away so that its sender gets to see the answer. */
const DRAIN_LIMIT = 64 * 1024 * 1024;

/** Deno reads on by itself what is cancelled, and cuts the connection of a body that is still being read when the answer has gone. */
const READS_ON = "Deno" in globalThis;

/** Lets go of the body of a request that is refused: Deno also cuts the connection of one that nobody has looked at. */
export function letGo(request: Request): void {
  if (READS_ON && !request.body?.locked) request.body?.cancel().catch(() => {});
}

/**
 * Runs `use` with the request's body. What `use` leaves unread is read on: cancelling the body would reset the
 * connection on Node, and the client would never see the 4xx that explains why.
 */
export async function withBody<T>(
  request: Request,
  use: (body: ReadableStream<Uint8Array> | null) => Promise<T>,
): Promise<T> {
  if (request.body === null) return await use(null);
  const reader = request.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
  try {
    return await use(body);
  } finally {
    void drain(reader);
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  try {
    if (READS_ON) return await reader.cancel();
    for (let taken = 0; taken < DRAIN_LIMIT;) {
      const { done, value } = await reader.read();
      if (done) return;
      taken += value.byteLength;
    }
    await reader.cancel();
  } catch {
    // The client went away first: nobody is left to be told.
  }
}
