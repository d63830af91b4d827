/** Files of forms, as they come: `unbucket/form`. */
import { bytesOf } from "./bytes.ts";
import { toBody } from "./body.ts";
import { carriedBy } from "./carried.ts";
import { FormError, type FormReason } from "./form-data/error.ts";
import { boundaryOf, type Part, partsOf, textOf } from "./form-data/parts.ts";
import { endsWithAnswer, lingering } from "./lingering.ts";
import { knownOptions, refuse, wholeNumber } from "./options.ts";

export { FormError, type FormReason };

/** A file of a form, as `guard` takes it. */
export interface FormFile {
  /** Tells it from a field that is no file. */
  readonly kind: "file";
  /** The name of its field. */
  readonly field: string;
  /** The file's own name, in the client's words: `cleanFilename` of `unbucket/guard` makes it harmless. */
  readonly name: string;
  /** The client's word too, such as `image/png`; undefined where it sent none. */
  readonly type: string | undefined;
  /** Its bytes, which must be read before the next part is asked for. Errors with a {@link FormError} where the form is cut. */
  readonly body: ReadableStream<Uint8Array>;
}

/** A field of a form that is no file. */
export interface FormText {
  /** Tells it from a file. */
  readonly kind: "text";
  /** The name of the field. */
  readonly field: string;
  /** As the client sent it. */
  readonly value: string;
}

/** What a form has, in the order in which it was sent. */
export type FormPart = FormFile | FormText;

/** What has a form, which nobody has read: a `Request`, or a request of Node's own servers and of what is built on them. */
export type FormRequest = WebRequest | NodeRequest;

/** What of a `Request` is its form. */
export interface WebRequest {
  /** With the form's `Content-Type`. */
  readonly headers: Headers;
  /** The form. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** A request as Node's own servers have it, which is its own body. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** How much is taken of a form. */
export interface FormOptions {
  /** Files and other fields together. Default 100. */
  readonly maxParts?: number | undefined;
  /** Bytes of one field that is no file, which is held in memory. Default 65,536. */
  readonly maxTextSize?: number | undefined;
}

const MAX_PARTS = 100;
const MAX_TEXT = 64 * 1024;

/**
 * The parts of a `multipart/form-data` request, each while it comes. No file is held in memory: bytes are asked for as its `body` is read. A file
 * has any size; `guard` bounds it.
 *
 * Whatever reads a file must be awaited inside the loop. A file that is not read is passed over, and so is one without a name and bytes, which browsers send
 * of an input in which nothing was chosen. Where the loop is left, the rest is read on into nothing, up to 64 MiB and half a minute, so that the client sees the answer;
 * the end of the loop waits for it where the connection ends with the answer.
 *
 * Rejects with a {@link FormError}, which `toResponse` of `unbucket/respond` makes a 400, 413 or 415, and with `invalid-option`.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
export async function* readForm(request: FormRequest, options: FormOptions = {}): AsyncGenerator<FormPart, void, void> {
  knownOptions(options, { maxParts: 1, maxTextSize: 1 });
  const { maxParts = MAX_PARTS, maxTextSize = MAX_TEXT } = options;
  wholeNumber("maxParts", maxParts);
  wholeNumber("maxTextSize", maxTextSize);
  const awaited = endsWithAnswer(headerOf(request, "connection"));
  const bytes = bytesOf(lingering(streamOf(request), undefined, awaited));
  try {
    let count = 0;
    for await (const part of partsOf(bytes, headerOf(request, "content-type"))) {
      if (++count > maxParts) throw new FormError("size", `the form has more than ${maxParts} fields`);
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

/** Gives the file, and takes it back when the next part is asked for. */
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

/** Also those of another package than the runtime's own. */
function isHeaders(headers: FormRequest["headers"]): headers is Headers {
  return typeof (headers as Partial<Headers>).get === "function";
}

function streamOf(request: FormRequest): ReadableStream<Uint8Array> | null {
  const { bodyUsed, readableDidRead } = request as { readonly bodyUsed?: boolean; readonly readableDidRead?: boolean };
  if (bodyUsed || readableDidRead) {
    // What is no form may well be read by a parser before.
    boundaryOf(headerOf(request, "content-type"));
    throw refuse("the form", "was read before; read it here alone");
  }
  const body = Symbol.asyncIterator in request ? request : carriedBy(request);
  if (body === null) return null;
  const { source } = toBody(body);
  return "stream" in source ? source.stream : null;
}
