/** Bodies of known length on workerd, which sends `content-length` only for those, and cannot pipe one into another. */

/** Exists only on workerd. */
declare const FixedLengthStream: new (size: number) => TransformStream<Uint8Array, Uint8Array>;

const known = new WeakSet<ReadableStream>();

/** On workerd the body as one of known length, which the signal aborts; on other runtimes the body itself. */
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
