import { at, latin1 } from "./bytes.ts";
import { isoMediaType, matroskaType, riffType, zipType } from "./container.ts";
import { markupType } from "./text.ts";

/**
 * First bytes of files, one character per byte, and their type. https://en.wikipedia.org/wiki/List_of_file_signatures
 */
const PREFIXES: readonly (readonly [prefix: string, type: string])[] = [
  ["\xff\xd8\xff", "image/jpeg"],
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["II*\0", "image/tiff"],
  ["MM\0*", "image/tiff"],
  ["\0\0\x01\0", "image/vnd.microsoft.icon"],
  ["8BPS", "image/vnd.adobe.photoshop"],
  ["\xff\x0a", "image/jxl"],
  ["\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"],
  ["ID3", "audio/mpeg"],
  ["fLaC", "audio/flac"],
  ["OggS", "audio/ogg"],
  ["MThd", "audio/midi"],
  ["%PDF-", "application/pdf"],
  ["\xef\xbb\xbf%PDF-", "application/pdf"],
  ["{\\rtf", "application/rtf"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-cfb"],
  ["\x1f\x8b", "application/gzip"],
  ["BZh", "application/x-bzip2"],
  ["\xfd7zXZ\0", "application/x-xz"],
  ["\x28\xb5\x2f\xfd", "application/zstd"],
  ["7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"],
  ["Rar!\x1a\x07", "application/vnd.rar"],
  ["PAR1", "application/vnd.apache.parquet"],
  ["SQLite format 3\0", "application/vnd.sqlite3"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["OTTO", "font/otf"],
  ["\0\x01\0\0\0", "font/ttf"],
  ["\0asm", "application/wasm"],
  ["\x7fELF", "application/x-elf"],
  ["\xfe\xed\xfa\xce", "application/x-mach-binary"],
  ["\xfe\xed\xfa\xcf", "application/x-mach-binary"],
  ["\xce\xfa\xed\xfe", "application/x-mach-binary"],
  ["\xcf\xfa\xed\xfe", "application/x-mach-binary"],
  ["\xca\xfe\xba\xbe", "application/x-mach-binary"],
];

/** The type, by its registered name, that the first bytes of a file show, or null. */
export function sniff(head: Uint8Array): string | null {
  for (const [prefix, type] of PREFIXES) if (at(head, 0, prefix)) return type;
  return (
    riffType(head) ??
    isoMediaType(head) ??
    matroskaType(head) ??
    zipType(head) ??
    shortSignature(head) ??
    markupType(head)
  );
}

/** Types whose signature is so short that it needs a further check. */
function shortSignature(head: Uint8Array): string | null {
  const [first = 0, second = 0] = head;
  if (at(head, 0, "BM") && latin1(head, 6, 10) === "\0\0\0\0") return "image/bmp";
  // Text can begin with MZ, but has no zero byte as the first header of a program has.
  if (at(head, 0, "MZ") && head.subarray(0, 64).includes(0)) return "application/vnd.microsoft.portable-executable";
  if (at(head, 257, "ustar")) return "application/x-tar";
  // AAC in ADTS frames: twelve bits of frame sync, then layer 0.
  if (first === 0xff && (second & 0xf6) === 0xf0) return "audio/aac";
  // MPEG audio: eleven bits of frame sync, then a version. Not layer I, which is not in use and looks like the UTF-16
  // byte order mark.
  if (first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x18) !== 0x08 && [2, 4].includes(second & 0x06))
    return "audio/mpeg";
  return null;
}
