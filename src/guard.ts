/** Checks the type, size and content of an untrusted file on its way into a store. */
import { heeding } from "./abort.ts";
import { abandon } from "./reader.ts";
import { toBody } from "./body.ts";
import { StorageError } from "./error.ts";
import { cleanFilename } from "./filename.ts";
import { acceptor, canonical, fileType, specificType } from "./guard/accept.ts";
import { agrees, isVerifiable } from "./guard/agree.ts";
import { GuardError, type GuardReason } from "./guard/error.ts";
import { sniff } from "./guard/signatures.ts";
import { openSource, tooLarge, type Opened } from "./guard/stream.ts";
import type { UploadBody } from "./interface.ts";
import { isBlob } from "./kind.ts";
import { essenceOf, isActive } from "./media-type.ts";
import { knownOptions } from "./options.ts";

export { cleanFilename, GuardError, type GuardReason };

/** A file before it is read. `type`, `name` and `size` are claims of the client. */
export interface IncomingFile {
  /** The bytes: anything that `upload` takes. */
  readonly body: UploadBody;
  /** The claimed MIME type. Default: that of the Blob, File, Request or Response, else unknown. */
  readonly type?: string | undefined;
  /** The claimed file name. Default: that of the File, else empty. */
  readonly name?: string | undefined;
  /**
   * The claimed length in bytes, by which a file over the limit is refused without being read. Default: the body's, if
   * known.
   */
  readonly size?: number | undefined;
}

/** Options of `guard`: what is allowed. */
export interface GuardOptions {
  /**
   * Allowed MIME types. Default: all. A pattern such as `image/*` covers only types that the content proves, to the
   * built-in table or to `detect`, and none that can run script: list `image/svg+xml` or `image/x-own` by name. A file
   * of unknown type is `application/octet-stream`.
   */
  readonly types?: readonly string[] | undefined;
  /** Maximum length in bytes, counted as the body streams. Default 10 MiB. */
  readonly maxSize?: number | undefined;
  /**
   * Detects the type from the first bytes (at most 4100), such as `file-type`. The built-in table is used if it finds
   * none.
   */
  readonly detect?: ((head: Uint8Array) => string | undefined | null | Promise<string | undefined | null>) | undefined;
  /**
   * Aborts the wait for the first bytes and for `detect`: cancels the body, and rejects with the signal's own reason.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A file that passed the checks, ready for `upload`, which rejects with a GuardError if the body turns out too large.
 */
export interface GuardedFile {
  /** The bytes, counted as they are read. Errors with a GuardError once they exceed `maxSize`. */
  readonly body: ReadableStream<Uint8Array>;
  /** The claimed type, which the content agrees with; the detected one if none, or only a generic one, was claimed. */
  readonly contentType: string;
  /** The name as `cleanFilename` makes it: safe in paths and headers, never empty. */
  readonly filename: string;
}

/** What `file-type` needs to see. */
const HEAD_BYTES = 4100;
const CONTAINERS: ReadonlySet<string> = new Set(["application/xml", "application/zip", "application/x-cfb"]);
const UNKNOWN = "application/octet-stream";
const MAX_SIZE = 10 * 1024 * 1024;

/**
 * Checks a file by its first bytes, and returns it whole as a stream that errors once it exceeds the limit. Rejects
 * with a {@link GuardError} if the type is not allowed or the content does not agree with it; the body is then
 * cancelled. An empty file passes unless files of its type begin with a signature.
 */
export async function guard(file: IncomingFile, options: GuardOptions = {}): Promise<GuardedFile> {
  const body = toBody(file.body);
  const { type: ownType } = body;
  // An explicit size overrides the length that the request has announced.
  const source =
    file.size === undefined || "bytes" in body.source ? body.source : { ...body.source, announced: undefined };
  let opened: Opened | undefined;
  try {
    knownOptions(options, { types: 1, maxSize: 1, detect: "function", signal: 1 });
    const { maxSize = MAX_SIZE, detect, signal } = options;
    signal?.throwIfAborted();
    if (!(maxSize >= 0)) throw new StorageError("invalid-option", "maxSize must be a number of bytes, at least 0");
    const allowed = acceptor(options.types);
    const size = file.size ?? ("bytes" in source ? source.bytes.byteLength : (source.size ?? source.announced));
    if (size !== undefined && size > maxSize) throw tooLarge(maxSize);

    const type = file.type ?? ownType ?? "";
    const declared = declaredType(type);
    // `true`: whether the content proves the type is checked below, once its first bytes are read.
    if (declared !== null && !allowed(declared, true)) throw notAllowed(declared, options.types);

    opened = await openSource(source, HEAD_BYTES, maxSize, signal);
    const { head, body } = opened;
    const detected = await heeding(detectType(head, detect), signal);
    if (declared !== null && !agrees(declared, detected, head)) throw mismatch(declared, detected, head);
    const actual = declared ?? detected ?? UNKNOWN;
    // UNKNOWN claims nothing, so it needs no proof.
    if (!allowed(actual, actual === UNKNOWN || actual === detected || isVerifiable(actual)))
      throw notAllowed(actual, options.types);
    return { body, contentType: withCharset(actual, type), filename: cleanFilename(file.name ?? nameOf(file.body)) };
  } catch (error) {
    if (opened) await opened.cancel(error);
    else if ("stream" in source) await abandon(source.stream, error);
    throw error;
  }
}

function declaredType(type: string): string | null {
  if (type.trim() !== "" && fileType(type) === null)
    throw new GuardError("type", `${JSON.stringify(type.slice(0, 100))} is no media type; send one, such as image/png`);
  return specificType(type);
}

async function detectType(head: Uint8Array, detect: GuardOptions["detect"]): Promise<string | null> {
  const named = fileType((await detect?.(head)) ?? "");
  if (named === null) return sniff(head);
  // A detector may only know the container, where the table is more exact: `file-type` calls an SVG `application/xml`.
  return CONTAINERS.has(named) ? (sniff(head) ?? named) : canonical(named);
}

/** The type with its parameters if it is text, where they tell the charset; no other type needs any. */
function withCharset(actual: string, declared: string): string {
  return actual.startsWith("text/") && essenceOf(declared) === actual ? declared.trim() : actual;
}

function nameOf(body: UploadBody): string {
  return isBlob(body) && "name" in body && typeof body.name === "string" ? body.name : "";
}

function notAllowed(type: string, types: readonly string[] = []): GuardError {
  const shown = acceptor(types)(type, true);
  const named = isActive(type) && types.some((pattern) => pattern.endsWith("*"));
  const why = shown ? ", since their content does not show it" : named ? ", unless named: they can run script" : "";
  const list = types.join(", ") || "none";
  return new GuardError("type", `files of type ${type} are not allowed here${why}; allowed: ${list}`);
}

function mismatch(declared: string, detected: string | null, head: Uint8Array): GuardError {
  const shown = detected === null ? "does not look like one" : `looks like ${detected}`;
  const found = head.length === 0 ? "is empty" : shown;
  return new GuardError("content", `the file is called ${declared} but ${found}; send it as what it is`);
}
