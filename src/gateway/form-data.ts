/**
 * `multipart/form-data` as S3 takes it: small fields, then one file, which is handed on while it comes.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
import { type Bytes, bytesOf } from "./bytes.ts";
import type { Source } from "./lingering.ts";
import { Refusal } from "./refusal.ts";

/** A form of which the fields have been read. */
export interface Form {
  /** By lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  /** The name that the file had where it comes from, without folders. */
  readonly filename: string;
  /** The bytes of the file; errors where the form is cut. */
  readonly file: AsyncGenerator<Uint8Array, void, void>;
  /** Lets go of what has not been read. */
  cancel(reason?: unknown): Promise<void>;
}

/** All fields together, in bytes: S3's own limit. */
const MAX_FIELDS = 20 * 1024;
const MAX_LINE = 8 * 1024;
const MAX_COUNT = 100;

/** What of a request is its form. */
export interface Sent {
  readonly headers: Headers;
  readonly body: Source | null;
}

/** Reads a form up to the bytes of its file. */
export async function readForm({ headers, body }: Sent): Promise<Form> {
  const bytes = bytesOf(body);
  const cancel = (reason?: unknown): Promise<void> => bytes.cancel(reason).catch(() => {});
  try {
    return { ...(await fieldsOf(bytes, boundaryOf(headers.get("content-type") ?? ""))), cancel };
  } catch (error) {
    await cancel(error);
    throw error;
  }
}

async function fieldsOf(bytes: Bytes, boundary: string): Promise<Omit<Form, "cancel">> {
  const encoder = new TextEncoder();
  const mark = encoder.encode(`\r\n--${boundary}`);
  const fields = new Map<string, string>();
  let total = 0;
  // A preamble is nobody's; browsers write none.
  for (let count = 0; (await bytes.line(MAX_LINE)) !== `--${boundary}`; count++)
    if (count === MAX_COUNT) throw malformed();
  for (let count = 0; count < MAX_COUNT; count++) {
    const { name, filename } = await partHead(bytes);
    if (name === "file") return { fields, filename, file: fileOf(bytes, mark) };
    if (fields.has(name))
      throw new Refusal("InvalidArgument", `The field ${name.slice(0, 64)} is given twice, and must be given once.`);
    const text: Uint8Array[] = [];
    const pieces = bytes.before(mark);
    for (;;) {
      const { done, value } = await pieces.next();
      if (done) {
        if (!value) throw malformed();
        break;
      }
      total += value.byteLength;
      if (total > MAX_FIELDS)
        throw new Refusal(
          "MaxPostPreDataLengthExceeded",
          "Your POST request fields preceding the upload file were too large.",
        );
      text.push(value);
    }
    fields.set(name, textOf(text));
    if (await isLast(bytes)) throw new Refusal("InvalidArgument", "POST requires exactly one file upload per request.");
  }
  throw malformed();
}

/** Bytes that are no text would else become another key's, or another value than the policy allows. */
function textOf(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
  } catch {
    throw malformed();
  }
}

/** The name of a part, and the file's. */
async function partHead(bytes: Bytes): Promise<{ readonly name: string; readonly filename: string }> {
  let disposition = "";
  for (let count = 0; count < MAX_COUNT; count++) {
    const line = await bytes.line(MAX_LINE);
    if (line === null) throw malformed();
    if (line === "") {
      const name = parameter(disposition, "name");
      if (name === undefined) throw malformed();
      const filename = parameter(disposition, "filename") ?? "";
      return { name: name.toLowerCase(), filename: filename.replace(/^.*[\\/]/s, "") };
    }
    if (/^content-disposition:/i.test(line)) disposition = line;
  }
  throw malformed();
}

async function* fileOf(bytes: Bytes, mark: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (!(yield* bytes.before(mark))) throw cut();
    // Fields that follow the file are not looked at, as on S3.
    await isLast(bytes);
  } finally {
    await bytes.cancel().catch(() => {});
  }
}

/** Whether a boundary is the end of the form, or the beginning of another part; text that only begins like it is neither. */
async function isLast(bytes: Bytes): Promise<boolean> {
  let next = "";
  while (next.length < 2) {
    const piece = await bytes.some(2 - next.length);
    if (!piece) throw cut();
    next += String.fromCharCode(...piece);
  }
  if (next !== "--" && next !== "\r\n") throw malformed();
  return next === "--";
}

function boundaryOf(type: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;]{1,70}))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed();
  return boundary;
}

/** A parameter as browsers write it: in quotes, with `%22` for one within. */
function parameter(header: string, name: string): string | undefined {
  const [, quoted, plain] = new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^\\s;]+))`, "i").exec(header) ?? [];
  return (quoted ?? plain)?.replace(/%(22|0D|0A)/gi, decodeURIComponent);
}

function cut(): Refusal {
  return new Refusal("IncompleteBody", "The form ends before its file does, so nothing was stored");
}

function malformed(): Refusal {
  return new Refusal("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}
