/** Bodies whose length workerd knows: it sends `content-length` only for those, and cannot pipe one into another. */

/** workerd's own, and absent elsewhere. */
declare const FixedLengthStream: new (size: number) => TransformStream<Uint8Array, Uint8Array>;

const known = new WeakSet<ReadableStream>();

/** The body with its length known on workerd, and ended by the signal there; the body itself on other runtimes. */
export function sized(
  body: ReadableStream<Uint8Array>,
  length: number,
  signal?: AbortSignal,
): ReadableStream<Uint8Array> {
  if (!("FixedLengthStream" in globalThis) || known.has(body)) return body;
  const piped = body.pipeThrough(new FixedLengthStream(length), { signal });
  known.add(piped);
  return piped;
}
