/** Reads forms with files part by part, as they arrive: `unbucket/form`. */
import { bytesOf } from "./bytes.ts";
import { toBody } from "./body.ts";
import { carriedBy } from "./carried.ts";
import { FormError, type FormReason } from "./form-data/error.ts";
import { boundaryOf, type Part, partsOf, textOf } from "./form-data/parts.ts";
import { endsWithAnswer, lingering, restOf } from "./lingering.ts";
import { knownOptions, refuse, wholeNumber } from "./options.ts";

export { FormError, type FormReason };

/** A file of a form, in the shape that `guard` takes. */
export interface FormFile {
  /** Discriminates files from text fields. */
  readonly kind: "file";
  /** The name of its field. */
  readonly field: string;
  /** The name of the file, as the client sent it. `cleanFilename` of `unbucket/guard` makes it safe. */
  readonly name: string;
  /** The MIME type that the client claims, such as `image/png`; undefined if it sent none. */
  readonly type: string | undefined;
  /**
   * The bytes. They must be read before the next part is requested. Errors with a {@link FormError} if the form is cut.
   */
  readonly body: ReadableStream<Uint8Array>;
}

/** A text field of a form. */
export interface FormText {
  /** Discriminates text fields from files. */
  readonly kind: "text";
  /** The name of the field. */
  readonly field: string;
  /** The text of the field. */
  readonly value: string;
}

/** One part of a form: a file or a text field. */
export type FormPart = FormFile | FormText;

/**
 * A request with a form that nobody has read yet: a `Request`, or a request of Node's `http` and of frameworks over it.
 */
export type FormRequest = WebRequest | NodeRequest;

/** The parts of a `Request` that a form is read from. */
export interface WebRequest {
  /** The headers, with the `Content-Type` of the form. */
  readonly headers: Headers;
  /** The bytes of the form. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** A request of Node's `http`, which is iterated for its body. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  /** The headers, by name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Limits of `readForm`. */
export interface FormOptions {
  /** Maximum number of files and text fields together. Default 100. */
  readonly maxParts?: number | undefined;
  /** Maximum length in bytes of one text field, which is held in memory. Default 65536. */
  readonly maxTextSize?: number | undefined;
}

const MAX_PARTS = 100;
const MAX_TEXT = 64 * 1024;

/**
 * Iterates the parts of a `multipart/form-data` request as they arrive. Files are not held in memory: bytes are read
 * from the request as `body` is read. The size of a file is not limited here, but by `guard`.
 *
 * Await inside the loop whatever reads a file. A file that is not read is skipped; so is one without name and bytes,
 * which browsers send for a file input without a choice. If the loop is left early, the rest of the request is read and
 * discarded, up to 64 MiB or half a minute, so that the client sees the answer; if the connection closes with the
 * answer, leaving waits for that.
 *
 * Rejects `invalid-option`, or with a {@link FormError}, for which `toResponse` of `unbucket/respond` answers 400, 413
 * or 415.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export async function* readForm(request: FormRequest, options: FormOptions = {}): AsyncGenerator<FormPart, void, void> {
  knownOptions(options, { maxParts: 1, maxTextSize: 1 });
  const { maxParts = MAX_PARTS, maxTextSize = MAX_TEXT } = options;
  wholeNumber("maxParts", maxParts);
  wholeNumber("maxTextSize", maxTextSize);
  const connection = headerOf(request, "connection");
  const bytes = bytesOf(lingering(streamOf(request), undefined, endsWithAnswer(connection), restOf(connection)));
  try {
    let count = 0;
    for await (const part of partsOf(bytes, headerOf(request, "content-type"))) {
      if (++count > maxParts) throw new FormError("size", `the form has more than ${maxParts} fields and files`);
      if (part.filename === undefined) yield await toText(part, maxTextSize);
      else yield* toFile({ ...part, filename: part.filename });
    }
  } finally {
    await bytes.cancel();
  }
}

async function toText({ name, pieces }: Part, most: number): Promise<FormText> {
  const held: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    size += piece.byteLength;
    if (size > most)
      throw new FormError("size", `the field ${JSON.stringify(name.slice(0, 100))} has more than ${most} bytes`);
    held.push(piece);
  }
  return { kind: "text", field: name, value: textOf(held) };
}

/** Yields the file; its body errors once the next part is requested. */
async function* toFile({ name: field, filename: name, type, pieces }: Part & { readonly filename: string }) {
  let first: IteratorResult<Uint8Array, void> | undefined = await pieces.next();
  if (name === "" && first.done) return;
  let over = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = first ?? (await pieces.next());
        first = undefined;
        if (over) throw new TypeError("the next part was asked for before this file was read; await what reads it");
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
    },
    { highWaterMark: 0 },
  );
  try {
    yield { kind: "file", field, name, type, body } as const;
  } finally {
    over = true;
  }
}

function headerOf({ headers }: FormRequest, name: string): string {
  return String((isHeaders(headers) ? headers.get(name) : headers[name]) ?? "");
}

/** By method, since a request of another package may have another class of Headers. */
function isHeaders(headers: FormRequest["headers"]): headers is Headers {
  return typeof (headers as Partial<Headers>).get === "function";
}

function streamOf(request: FormRequest): ReadableStream<Uint8Array> | null {
  const { bodyUsed, readableDidRead } = request as { readonly bodyUsed?: boolean; readonly readableDidRead?: boolean };
  if (bodyUsed || readableDidRead) {
    // Throws what is more useful if it is no form: a parser has rightly read that before.
    boundaryOf(headerOf(request, "content-type"));
    throw refuse("the form", "was read before; read it here alone");
  }
  const body = Symbol.asyncIterator in request ? request : carriedBy(request);
  if (body === null) return null;
  const { source } = toBody(body);
  return "stream" in source ? source.stream : null;
}
