/** A form as S3 takes it: small fields, then one file, which is streamed. */
import { bytesOf, type Readable } from "../bytes.ts";
import { FormError } from "../form-data/error.ts";
import { type Part, partsOf, textOf } from "../form-data/parts.ts";
import { Refusal } from "./refusal.ts";

/** A form whose fields have been read. */
export interface Form {
  /** Values by lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  /** The name of the file on the client, without folders. */
  readonly filename: string;
  /** The bytes of the file. Errors if the form is cut. */
  readonly file: AsyncGenerator<Uint8Array, void, void>;
  /** Cancels what has not been read. */
  cancel(reason?: unknown): Promise<void>;
}

/** The most bytes of all fields together: the limit of S3. */
const MAX_FIELDS = 20 * 1024;
const MAX_COUNT = 100;
/** Milliseconds for everything before the file: until then the sender is not authenticated. */
const MAX_WAIT = 60_000;

/** The parts of a request that a form is read from. */
export interface Sent {
  readonly headers: Headers;
  readonly body: Readable | null;
}

/** Reads a form up to the bytes of its file. */
export async function readPostForm({ headers, body }: Sent): Promise<Form> {
  const bytes = bytesOf(body);
  const cancel = (reason?: unknown): Promise<void> => bytes.cancel(reason).catch(() => {});
  try {
    const form = await inTime(fieldsOf(partsOf(bytes, headers.get("content-type") ?? "")));
    return { ...form, file: fileOf(form.file), cancel };
  } catch (error) {
    await cancel(error);
    throw formRefusal(error);
  }
}

/** Rejects if the work takes too long. Otherwise strangers could hold connections for ever. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const said = "Your socket connection to the server was not read from or written to within the timeout period.";
    timer = setTimeout(() => reject(new Refusal("RequestTimeout", said)), MAX_WAIT);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function fieldsOf(parts: AsyncGenerator<Part, void, void>): Promise<Omit<Form, "cancel">> {
  const fields = new Map<string, string>();
  let total = 0;
  for (let count = 0; count < MAX_COUNT; count++) {
    const next = await parts.next();
    if (next.done) throw new Refusal("InvalidArgument", "POST requires exactly one file upload per request.");
    const { filename = "", pieces } = next.value;
    const name = next.value.name.toLowerCase();
    if (name === "file") return { fields, filename: filename.replace(/^.*[\\/]/s, ""), file: pieces };
    if (fields.has(name))
      throw new Refusal("InvalidArgument", `The field ${name.slice(0, 64)} is given twice, and must be given once.`);
    const text: Uint8Array[] = [];
    for await (const piece of pieces) {
      total += piece.byteLength;
      if (total > MAX_FIELDS)
        throw new Refusal(
          "MaxPostPreDataLengthExceeded",
          "Your POST request fields preceding the upload file were too large.",
        );
      text.push(piece);
    }
    fields.set(name, textOf(text));
  }
  throw malformed();
}

/** The bytes of the file. As on S3, fields that follow it are ignored. */
async function* fileOf(pieces: Form["file"]): Form["file"] {
  try {
    yield* pieces;
  } catch (error) {
    throw formRefusal(error, "The form ends before its file does, so nothing was stored");
  }
}

/** The refusal of a form as S3 words it; `cut` is the message for a form without an end. */
function formRefusal(error: unknown, cut?: string): unknown {
  if (!(error instanceof FormError)) return error;
  return cut !== undefined && error.reason === "cut" ? new Refusal("IncompleteBody", cut) : malformed();
}

function malformed(): Refusal {
  return new Refusal("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}
