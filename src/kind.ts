/**
 * Recognises values whose class may be a different one: of another realm (Jest, frames), or of another copy of fetch
 * (undici).
 */

interface Kinds {
  readonly ArrayBuffer: ArrayBuffer;
  readonly Blob: Blob;
  readonly File: File;
  readonly Headers: Headers;
  readonly ReadableStream: ReadableStream<Uint8Array>;
  readonly Request: Request;
  readonly Response: Response;
}

/** The name of a value's kind, such as `Response`. */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Whether a value is of this kind, in whatever realm or copy. */
export function isA<Kind extends keyof Kinds>(value: unknown, kind: Kind): value is Kinds[Kind] {
  const ours: (new (...args: never[]) => object) | undefined = globalThis[kind];
  return kindOf(value) === kind || (!!ours && value instanceof ours);
}

/** Whether a value is a Blob or a File. */
export function isBlob(value: unknown): value is Blob {
  return (isA(value, "Blob") || isA(value, "File")) && typeof value.size === "number";
}

/** Whether a value is a valid date. */
export function isDate(value: unknown): value is Date {
  return kindOf(value) === "Date" && Number.isFinite(Number(value));
}
