/** Where a key's file lies below the root, and which key a file below the root stands for. Pure. */
import { MAX_KEY_BYTES } from "../../src/key.ts";
import { isLonger, toUtf8 } from "../../src/utf8.ts";
import { inMemory } from "./host.ts";

/** The folder below the root that is the driver's own. */
export const RESERVED = ".unbucket";
/** Drafts, and claims. */
export const TEMP_FOLDER: string = `${RESERVED}/tmp`;
/** Files of keys that have no plain path. */
export const KEYS_FOLDER: string = `${RESERVED}/keys`;

/** A place where a key's file may lie: its own path, or the encoded one in the reserved folder. */
export interface Candidate {
  readonly tree: "plain" | "keys";
  /** Relative to the root, with `/`. */
  readonly path: string;
}

/** Where a key's file may lie, the place that counts first: of two files the other is what an interrupted write left. */
export type Candidates = readonly [Candidate, ...Candidate[]];

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The most bytes of a key that one name stands for: 135 characters when all are escaped, below the 143 that eCryptfs allows. */
export const PIECE_BYTES = 45;
/** Ends the last name of a key, so that a folder and a file never want the same one. With a `~` it would pass for a backup copy. */
export const LEAF = "=";
/** Stands before the two digits of a byte. In workerd names are parts of URLs, where a `%` does not stay as it is. */
const ESCAPE = inMemory ? "+" : "%";
const MAX_SEGMENT_BYTES = 255;

/** https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file: also with an extension, also in lower case. */
const DEVICE = /^(?:con|prn|aux|nul|com[1-9\u00B9\u00B2\u00B3]|lpt[1-9\u00B9\u00B2\u00B3]|conin\$|conout\$)$/i;
const UNPORTABLE = inMemory ? /[^\w!$&'(),;=@~.-]|\.$/ : /[\u0000-\u001F\u007F-\u009F<>:"|?*\\]|[. ]$/;
/**
 * Such as `REPORT~1.TXT`: Windows gives a second name of this form to a file whose own is longer, and a write to it would replace that file.
 * @see https://learn.microsoft.com/windows/win32/fileio/naming-a-file#short-vs-long-names
 */
const SECOND_NAME = /^(?=[^.]{2,8}(?:\.|$))[^.]*~\d+(?:\.[^.]{0,3})?$/;
/** HFS+ passes over these characters, so a name with some could mean the reserved folder (as in CVE-2014-9390). */
const INVISIBLE = /[\u200C-\u200F\u202A-\u202E\u206A-\u206F\uFEFF]/g;
/** NTFS gives `.unbucket` a second name of the form `UNBUCK~1`, and for APFS the Kelvin sign is a k. */
const OURS = /^(?:\.unbucket[. ]*|unbuck~\d+)$/iu;
/**
 * What NFS and FUSE call a file that was removed while somebody has it open: https://nfs.sourceforge.net/#faq_d2,
 * https://github.com/libfuse/libfuse/blob/master/include/fuse.h (`hard_remove`)
 */
const REMOVED = /^\.(?:nfs[0-9a-f]{24}|fuse_hidden[0-9a-f]{16})$/;

/** Whether a segment could mean the reserved folder on some file system, or is what a removed file is called. */
function isReserved(segment: string): boolean {
  return OURS.test(segment.replace(INVISIBLE, "")) || REMOVED.test(segment);
}

function isShort(segment: string): boolean {
  return !isLonger(segment, MAX_SEGMENT_BYTES);
}

/** What most keys are: letters and digits, with single dots and slashes between them. */
const SIMPLE = /^[\w-]+(?:[./][\w-]+)*$/;
/** Which of those are not ordinary. */
const SIMPLE_DEVICE = /(?:^|\/)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:[./]|$)/i;

/** Whether every system can store a key under its own name. */
export function isOrdinary(key: string): boolean {
  if (key.length <= MAX_SEGMENT_BYTES && SIMPLE.test(key)) return !SIMPLE_DEVICE.test(key);
  return key.split("/").every((segment) => {
    if (segment === "" || UNPORTABLE.test(segment) || SECOND_NAME.test(segment) || !isShort(segment)) return false;
    // Also further down: a folder below this one may be the base of another store, of which no upload here may write the records.
    if (isReserved(segment)) return false;
    return !DEVICE.test((segment.split(".", 1)[0] as string).trimEnd());
  });
}

/** Whether a path steps out of folders, so that it is no key's. */
function hasDots(path: string): boolean {
  return path.split("/").some((segment) => segment === "." || segment === "..");
}

/** Whether a POSIX system can store a key under its own name, as other programs may have done. */
function isPosixPath(key: string): boolean {
  const segments = key.split("/");
  return !key.includes("\0") && segments.every((segment) => segment !== "" && isShort(segment) && !isReserved(segment));
}

/** The path is encoded when somebody asks for it: few keys have a file there. */
class Encoded implements Candidate {
  readonly tree = "keys";
  readonly #key: string;
  #path: string | undefined;

  constructor(key: string) {
    this.#key = key;
  }

  get path(): string {
    return (this.#path ??= encodeKey(this.#key));
  }
}

/** The places of a valid key, the one that counts first. `posix` says whether the host takes any byte but `/` and NUL. */
export function candidatesOf(key: string, posix: boolean): Candidates {
  const keys = new Encoded(key);
  if (isOrdinary(key)) return [{ tree: "plain", path: key }, keys];
  return posix && isPosixPath(key) ? [keys, { tree: "plain", path: key }] : [keys];
}

/** The key whose plain path this is, or null when no key has it. */
export function keyOfPlain(path: string, posix: boolean): string | null {
  if (path === "" || isLonger(path, MAX_KEY_BYTES) || hasDots(path)) return null;
  return (posix ? isPosixPath(path) : isOrdinary(path)) ? path : null;
}

/** A key's path in the reserved folder. */
export function encodeKey(key: string): string {
  const bytes = toUtf8(key);
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) pieces.push(encodePiece(bytes.subarray(at, at + PIECE_BYTES)));
  return `${KEYS_FOLDER}/${pieces.join("/")}${LEAF}`;
}

/** Each byte as it stands in a name. */
const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(char) ? char : `${ESCAPE}${byte.toString(16).padStart(2, "0")}`;
});

/** Up to 45 bytes of a key as a name. */
export function encodePiece(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += ENCODED[byte];
  return text;
}

/** A name in the reserved folder as the bytes that it stands for; null for a name that `encodeKey` never makes. */
export function decodeName(name: string): { readonly bytes: Uint8Array; readonly leaf: boolean } | null {
  const leaf = name.endsWith(LEAF);
  const text = leaf ? name.slice(0, -LEAF.length) : name;
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === ESCAPE) {
      bytes.push(Number.parseInt(text.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(text.charCodeAt(at));
  }
  const known = Uint8Array.from(bytes);
  // One name for each piece: any other, such as one with a needless escape, would be a second file of the same key.
  if (bytes.length === 0 || bytes.length > PIECE_BYTES || (!leaf && bytes.length !== PIECE_BYTES)) return null;
  return encodePiece(known) === text ? { bytes: known, leaf } : null;
}

/** Bytes of a key as the key; null when they are no valid key. */
export function keyOfBytes(bytes: Uint8Array): string | null {
  if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES) return null;
  try {
    const key = decoder.decode(bytes);
    return hasDots(key) ? null : key;
  } catch {
    return null;
  }
}

/** The key whose path in the reserved folder this is, or null when no key has it. */
export function keyOfEncoded(path: string): string | null {
  if (!path.startsWith(`${KEYS_FOLDER}/`)) return null;
  const names = path.slice(KEYS_FOLDER.length + 1).split("/");
  const bytes: number[] = [];
  for (const [index, name] of names.entries()) {
    const piece = decodeName(name);
    if (!piece || piece.leaf !== (index === names.length - 1)) return null;
    bytes.push(...piece.bytes);
  }
  return keyOfBytes(Uint8Array.from(bytes));
}

/** The folder of a relative path: empty for a name at the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The path of a name in a folder. */
export function pathIn(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** The last name of a relative path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
