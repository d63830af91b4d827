/** Checks a file from someone else on its way into a store: type, size and content. */
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

/** What is known of a file before it is read; type and name are the client's word. */
export interface IncomingFile {
  /** Anything that `upload` takes. */
  readonly body: UploadBody;
  /** Default: the own one of a Blob, File, Request or Response. */
  readonly type?: string | undefined;
  /** Default: the File's own. */
  readonly name?: string | undefined;
  /** Declared length in bytes, such as a Content-Length: a file over the limit is refused before it is read. */
  readonly size?: number | undefined;
}

/** What is allowed. */
export interface GuardOptions {
  /**
   * Allowed types. Default: all. `image/*` covers those that content shows, to the built-in table or to `detect`, and none
   * that can run script: name `image/svg+xml` and `image/x-own` themselves. A file of no known type is `application/octet-stream`.
   */
  readonly types?: readonly string[] | undefined;
  /** Bytes; counted while they stream. Default 10 MiB. */
  readonly maxSize?: number | undefined;
  /** Names the type of a file by its first bytes (4100 at most), before the built-in table does; such as `file-type`. */
  readonly detect?: ((head: Uint8Array) => string | undefined | null | Promise<string | undefined | null>) | undefined;
  /** Ends the waiting for the first bytes and for `detect`: then the source is cancelled, and the guard rejects with the signal's own reason. */
  readonly signal?: AbortSignal | undefined;
}

/** A file that passed: ready for `upload`, which rejects with a GuardError when the body turns out too large. */
export interface GuardedFile {
  /** Counted while it is read; errors when it is too large. */
  readonly body: ReadableStream<Uint8Array>;
  /** The declared type when the content agrees with it; the detected one when none, or a generic one, was declared. */
  readonly contentType: string;
  /** The name without what a path or a header could be made of. */
  readonly filename: string;
}

/** As much as `file-type` wants to see. */
const HEAD_BYTES = 4100;
const CONTAINERS: ReadonlySet<string> = new Set(["application/xml", "application/zip", "application/x-cfb"]);
const UNKNOWN = "application/octet-stream";
const MAX_SIZE = 10 * 1024 * 1024;

/**
 * Reads the first bytes of a file and rejects with a {@link GuardError} when its type is not allowed or its content is not
 * of its type; else gives the whole file as a stream that errors with one when it grows over the limit.
 * A refused source is cancelled. An empty file passes unless its type has a signature.
 */
export async function guard(file: IncomingFile, options: GuardOptions = {}): Promise<GuardedFile> {
  const body = toBody(file.body);
  const { type: ownType } = body;
  // Who says how long it is knows more than its request.
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
    // Whether content shows it is not known yet.
    if (declared !== null && !allowed(declared, true)) throw notAllowed(declared, options.types);

    opened = await openSource(source, HEAD_BYTES, maxSize, signal);
    const { head, body } = opened;
    const detected = await heeding(detectType(head, detect), signal);
    if (declared !== null && !agrees(declared, detected, head)) throw mismatch(declared, detected, head);
    const actual = declared ?? detected ?? UNKNOWN;
    // UNKNOWN says nothing that could be false.
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
  // A detector that sees only the container is less exact than the table: `file-type` calls an SVG `application/xml`.
  return CONTAINERS.has(named) ? (sniff(head) ?? named) : canonical(named);
}

/** Text keeps its parameters, which say how it is encoded; nothing else needs any. */
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
