/** What a Request carries, where a runtime hides it too. */

/**
 * A Request's body, or a Response's; null for none. Firefox has no `Request.body` (https://bugzilla.mozilla.org/show_bug.cgi?id=1387483), which would look like
 * an empty one: there the bytes are asked for as a Blob, once this is called.
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
    // Of a pipe that its reader has cancelled nobody needs to know.
    .catch((error: unknown) => writable.abort(error).catch(() => {}));
  return readable;
}
