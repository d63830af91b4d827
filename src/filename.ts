/** Control characters, lone surrogates, directional marks, zero-width spaces and the like, which disguise a name. */
const INVISIBLE =
  /[^ -~\u00a0-\ud7ff\ue000-\u{10ffff}]|[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const FORBIDDEN = /[<>:"|?*]/g;
/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i;
const MAX_BYTES = 255;
/** A longer "extension" is part of a sentence. */
const MAX_EXTENSION_BYTES = 32;

/**
 * Makes a client's file name safe to show, to store, and to save on every system.
 *
 * Keeps what follows the last `/` or `\`, without control and bidirectional characters and without dots and spaces at
 * both ends. Characters that Windows forbids become `_`. At most 255 UTF-8 bytes, with the extension kept; `file` if
 * nothing is left.
 */
export function cleanFilename(name: string): string {
  const last = name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1);
  const base = trim(last.replace(INVISIBLE, "").replace(FORBIDDEN, "_"));
  if (base === "") return "file";
  return limit(RESERVED.test(base) ? `_${base}` : base);
}

// A loop, since `/[. ]+$/` takes quadratic time on a long run of dots.
function trim(text: string): string {
  const skip = (index: number): boolean => text[index] === "." || /\s/.test(text[index] ?? "x");
  let start = 0;
  let end = text.length;
  while (start < end && skip(start)) start++;
  while (end > start && skip(end - 1)) end--;
  return text.slice(start, end);
}

function limit(name: string): string {
  // A UTF-16 unit takes three bytes at most, so most names need no count.
  if (name.length * 3 <= MAX_BYTES || byteLength(name) <= MAX_BYTES) return name;
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 && byteLength(name.slice(dot)) <= MAX_EXTENSION_BYTES ? name.slice(dot) : "";
  const room = MAX_BYTES - byteLength(extension);
  let stem = "";
  let used = 0;
  for (const character of name.slice(0, name.length - extension.length)) {
    used += byteLength(character);
    if (used > room) break;
    stem += character;
  }
  return trim(stem) + extension;
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
