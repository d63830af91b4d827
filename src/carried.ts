/**
 * The body of a Request or Response; null for none. Firefox has no `Request.body`, which would look like an empty
 * request: there the body is read as a Blob at once.
 * @see https://bugzilla.mozilla.org/show_bug.cgi?id=1387483
 */
export function carriedBy(request: {
  readonly body: ReadableStream<Uint8Array> | null;
}): ReadableStream<Uint8Array> | null {
  return "body" in request ? request.body : read(request as Request);
}

function read(request: Request): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  request
    .blob()
    .then((blob) => blob.stream().pipeTo(writable))
    // If the reader has cancelled the pipe, abort rejects, which does not matter.
    .catch((error: unknown) => writable.abort(error).catch(() => {}));
  return readable;
}
