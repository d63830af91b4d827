/**
 * Parses `multipart/form-data` part by part, as it arrives.
 * @see https://www.rfc-editor.org/rfc/rfc7578
 */
import { type Bytes, utf8 } from "../bytes.ts";
import { toUtf8 } from "../utf8.ts";
import { FormError } from "./error.ts";

/** One field of a form, a file or text. */
export interface Part {
  readonly name: string;
  /** The name of the file; undefined for a text field. */
  readonly filename: string | undefined;
  /** The `Content-Type` of the part, if it has one. */
  readonly type: string | undefined;
  /** The bytes. Errors if the form is cut. What remains unread is skipped when the next part is requested. */
  readonly pieces: AsyncGenerator<Uint8Array, void, void>;
}

/** The most bytes of a header line, and of everything before the first part. Browsers write lines of a few hundred. */
const MAX_LINE = 8 * 1024;
/** The most header lines of a part. */
const MAX_LINES = 100;

/** Iterates the parts of a form; `type` is its Content-Type. */
export async function* partsOf(bytes: Bytes, type: string): AsyncGenerator<Part, void, void> {
  const delimiter = toUtf8(`\r\n--${boundaryOf(type)}`);
  /** `isLast` tells of the delimiter that was met: undefined until then. */
  const met: { isLast?: boolean | undefined; failure?: unknown } = {};
  const untilDelimiter = async function* (mark = delimiter, missing = cut): AsyncGenerator<Uint8Array, void, void> {
    try {
      if (!(yield* bytes.before(mark))) throw missing();
      met.isLast = await isLast(bytes);
    } catch (error) {
      met.failure = error;
      throw error;
    }
  };
  // A preamble is ignored; browsers write none. The boundary must begin a line of it, since parsers differ on one
  // within a line.
  let preamble = "\r\n";
  for await (const piece of untilDelimiter(delimiter.subarray(2), inseparable)) {
    preamble += String.fromCharCode(...piece.slice(0, MAX_LINE));
    if (preamble.length > MAX_LINE) throw inseparable();
  }
  if (!preamble.endsWith("\r\n")) throw inseparable();
  while (!met.isLast) {
    const head = await headOf(bytes);
    met.isLast = undefined;
    const pieces = untilDelimiter();
    yield { ...head, pieces };
    // Waits for a pending read of these pieces.
    await pieces.return();
    // After a failure the position in the form is unknown.
    if (met.failure !== undefined) throw met.failure;
    const unread = untilDelimiter();
    while (met.isLast === undefined) await unread.next();
  }
}

/** Decodes the text of a field; throws for invalid UTF-8, which replacement characters would change. */
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
    // Parsers differ on odd lines and repeated headers: another one may find a filename there that this one would miss.
    if (name === undefined || headers.has(name)) throw malformed("a line in the head of a part is no header");
    headers.set(name, line.slice(name.length + 1).trim());
  }
  const parameters = parametersOf(headers.get("content-disposition") ?? "", "form-data");
  // Continued and encoded parameters (RFC 2231) would be another name for parsers that support them.
  const isRead = parameters && ![...parameters.keys()].some((name) => /^(?:name\*|filename\*.)/.test(name));
  if (!isRead) throw malformed("a part has no Content-Disposition that can be read");
  const name = parameters.get("name");
  if (name === undefined) throw malformed("a part has no Content-Disposition with a name");
  // RFC 7578 allows no encoding, and the bytes would be stored encoded.
  const encoding = headers.get("content-transfer-encoding") ?? "binary";
  if (!/^(?:binary|[78]bit)$/i.test(encoding)) throw malformed(`a part is encoded as ${encoding.slice(0, 20)}`);
  const filename = extended(parameters.get("filename*")) ?? parameters.get("filename");
  const type = headers.get("content-type");
  const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(type ?? "") ?? [];
  if (filename === undefined && charset !== undefined && !/^(?:utf-?8|us-ascii)$/i.test(charset))
    throw malformed(`a field is written in ${charset.slice(0, 20)}, not in UTF-8`);
  return { name, filename, type };
}

/**
 * Whether a boundary ends the form (true) or starts another part (false); throws for text that only begins like the
 * boundary.
 */
async function isLast(bytes: Bytes): Promise<boolean> {
  let next = "";
  while (next.length < 2) {
    const piece = await bytes.some(2 - next.length);
    if (!piece) throw cut();
    next += String.fromCharCode(...piece);
  }
  if (next === "\r\n") return false;
  // Only white space may follow the end, which mostly is a line end.
  if (next !== "--" || ((await bytes.some(1))?.[0] ?? 0) > 32) throw inseparable();
  return true;
}

/** The boundary between parts, from the Content-Type; throws a {@link FormError} if that is not a form's. */
export function boundaryOf(type: string): string {
  if (!/^multipart\/form-data\s*(?:;|$)/i.test(type))
    throw new FormError("type", "the request is no form; send multipart/form-data, with files as fields");
  const boundary = parametersOf(type, "multipart/form-data")?.get("boundary") ?? "";
  if (boundary === "" || boundary.length > 70) throw malformed("its Content-Type has no boundary");
  return boundary;
}

/**
 * The parameters of a header value. Browsers write them in quotes, with `%22` for a quote within; others write `\"`. A
 * backslash at the end of a name stands for itself. Null if anything is not understood, since it may be a filename, and
 * if a parameter is repeated, since parsers differ on which one counts.
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

/**
 * Decodes a parameter such as `filename*`; throws for another charset than UTF-8:
 * https://www.rfc-editor.org/rfc/rfc8187
 */
function extended(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(value) ?? [];
  try {
    if (encoded !== undefined) return decodeURIComponent(encoded);
  } catch {
    // Malformed: refused as another charset is.
  }
  throw malformed("a filename is not encoded in UTF-8");
}

/** The error of a form without its end. */
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
