/**
 * `multipart/form-data`, part after part, while it comes.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
import { type Bytes, utf8 } from "../bytes.ts";
import { toUtf8 } from "../utf8.ts";
import { FormError } from "./error.ts";

/** One field of a form. */
export interface Part {
  readonly name: string;
  /** Undefined for a field that is no file. */
  readonly filename: string | undefined;
  /** The type that its sender gave it. */
  readonly type: string | undefined;
  /** Its bytes; errors where the form is cut. What is not read of them is passed over with the next part. */
  readonly pieces: AsyncGenerator<Uint8Array, void, void>;
}

/** In bytes; browsers write lines of a few hundred. The same for all before the first part. */
const MAX_LINE = 8 * 1024;
/** Before the bytes of each part. */
const MAX_LINES = 100;

/** The parts of a form whose bytes these are; `type` is its Content-Type. */
export async function* partsOf(bytes: Bytes, type: string): AsyncGenerator<Part, void, void> {
  const mark = toUtf8(`\r\n--${boundaryOf(type)}`);
  const end: { last?: boolean | undefined; failure?: unknown } = {};
  const rest = async function* (delimiter = mark, none = cut): AsyncGenerator<Uint8Array, void, void> {
    try {
      if (!(yield* bytes.before(delimiter))) throw none();
      end.last = await isLast(bytes);
    } catch (error) {
      end.failure = error;
      throw error;
    }
  };
  // A preamble is nobody's; browsers write none. A boundary within one of its lines is another's first for some.
  let preamble = "\r\n";
  for await (const piece of rest(mark.subarray(2), inseparable)) {
    preamble += String.fromCharCode(...piece.slice(0, MAX_LINE));
    if (preamble.length > MAX_LINE) throw inseparable();
  }
  if (!preamble.endsWith("\r\n")) throw inseparable();
  while (!end.last) {
    const head = await headOf(bytes);
    end.last = undefined;
    const pieces = rest();
    yield { ...head, pieces };
    // Not under a read that is still going on.
    await pieces.return();
    // What follows a failure would be found by chance.
    if (end.failure !== undefined) throw end.failure;
    const unread = rest();
    while (end.last === undefined) await unread.next();
  }
}

/** The text of a field. Bytes that are no text would else become another's. */
export function textOf(pieces: readonly Uint8Array[]): string {
  const text = utf8(pieces);
  if (text === null) throw malformed("a field without a filename is no text in UTF-8");
  return text;
}

async function headOf(bytes: Bytes): Promise<Omit<Part, "pieces">> {
  const headers = new Map<string, string>();
  for (let count = 0; ; count++) {
    const line = count === MAX_LINES ? null : await bytes.line(MAX_LINE);
    if (line === null) throw inseparable();
    if (line === "") break;
    const name = /^[!-9;-~]+(?=:[^\r\n]*$)/.exec(line)?.[0].toLowerCase();
    // What others may read as a header, or as the one that counts of two, would be lost, and a filename with it.
    if (name === undefined || headers.has(name)) throw malformed("a line in the head of a part is no header");
    headers.set(name, line.slice(name.length + 1).trim());
  }
  const parameters = parametersOf(headers.get("content-disposition") ?? "", "form-data");
  // Continued and encoded ones (RFC 2231) are another name for who reads them.
  const isRead = parameters && ![...parameters.keys()].some((name) => /^(?:name\*|filename\*.)/.test(name));
  if (!isRead) throw malformed("a part has no Content-Disposition that can be read");
  const name = parameters.get("name");
  if (name === undefined) throw malformed("a part has no Content-Disposition with a name");
  // RFC 7578 has no other; the bytes would be stored as they are encoded.
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(?:binary|[78]bit)$/i.test(encoding)) throw malformed(`a part is encoded as ${encoding.slice(0, 20)}`);
  const filename = extended(parameters.get("filename*")) ?? parameters.get("filename");
  const type = headers.get("content-type");
  const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type ?? "") ?? [];
  if (filename === undefined && charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset))
    throw malformed(`a field is written in ${charset.slice(0, 20)}, not in UTF-8`);
  return { name, filename, type };
}

/** Whether a boundary is the end of the form, or the beginning of another part; text that only begins like it is neither. */
async function isLast(bytes: Bytes): Promise<boolean> {
  let next = "";
  while (next.length < 2) {
    const piece = await bytes.some(2 - next.length);
    if (!piece) throw cut();
    next += String.fromCharCode(...piece);
  }
  if (next === "\r\n") return false;
  // Behind the end there is nothing, or white space: most write the end of a line.
  if (next !== "--" || ((await bytes.some(1))?.[0] ?? 0) > 32) throw inseparable();
  return true;
}

/** What stands between the parts of a form with this Content-Type; rejects with a {@link FormError} of what is no form. */
export function boundaryOf(type: string): string {
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(type))
    throw new FormError("type", "the request is no form; send multipart/form-data, with files as fields");
  const boundary = parametersOf(type, "multipart/form-data")?.get("boundary") ?? "";
  if (boundary === "" || boundary.length > 70) throw malformed("its Content-Type has no boundary");
  return boundary;
}

/**
 * The parameters of a value, as browsers write them, in quotes and with `%22` for one within; others write `\"`. A backslash that ends a name is written as itself. Null where
 * not all is understood, since the rest may be a filename, and where one is given twice, of which others may take the other.
 */
function parametersOf(header: string, value: string): ReadonlyMap<string, string> | null {
  const found = [...header.matchAll(PARAMETER)];
  const all = new Map(
    found.map(([, name = "", quoted, plain = ""]) => [
      name.toLowerCase(),
      quoted?.replaceAll('\\"', '"').replace(/%(22|0D|0A)/gi, decodeURIComponent) ?? plain,
    ]),
  );
  const rest = header.replace(PARAMETER, ";").toLowerCase();
  const isRead = rest.startsWith(value) && /^[\s;]*$/.test(rest.slice(value.length));
  return isRead && all.size === found.length ? all : null;
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:\\"(?!\s*(?:;\s*[^\s=;"]+\s*=|$))|[^"])*)"|([^\s;"]*))/g;

/** A parameter with its own encoding, of which only UTF-8 is in use: https://www.rfc-editor.org/rfc/rfc8187 */
function extended(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(value) ?? [];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // As one in another charset.
  }
  throw malformed("a filename is not encoded in UTF-8");
}

function cut(): FormError {
  return new FormError(
    "cut",
    "the form ends in the midst of a part, so nothing of that was stored; send it again, whole",
  );
}

function inseparable(): FormError {
  return malformed("its parts cannot be told apart");
}

function malformed(why: string): FormError {
  return new FormError("malformed", `the form is not well-formed: ${why}`);
}
