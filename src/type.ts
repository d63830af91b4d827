/** Content types by the extension of a key, from the table of `mime/lite`; its class would build two more indexes. */
import standard from "mime/types/standard.js";

/**
 * Types that the table lacks, or has wrong for files that people upload.
 *
 * `null` means unknown: `.ts` and `.mts` are TypeScript or an MPEG transport stream, and being downloaded suits both.
 * `.rs` is Rust far more often than a resource-lists document. If browsers report another type than the registered one
 * (`mkv`, `ico`), this has that of the full `mime` table.
 */
const EXTRA: Readonly<Record<string, string | null>> = {
  "7z": "application/x-7z-compressed",
  apk: "application/vnd.android.package-archive",
  avi: "video/x-msvideo",
  bz2: "application/x-bzip2",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  flac: "audio/flac",
  ico: "image/vnd.microsoft.icon",
  jsonc: "application/json",
  jsonl: "application/jsonl",
  m3u8: "application/vnd.apple.mpegurl",
  m4v: "video/mp4",
  mkv: "video/x-matroska",
  mts: null,
  ndjson: "application/x-ndjson",
  odp: "application/vnd.oasis.opendocument.presentation",
  ods: "application/vnd.oasis.opendocument.spreadsheet",
  odt: "application/vnd.oasis.opendocument.text",
  parquet: "application/vnd.apache.parquet",
  ppt: "application/vnd.ms-powerpoint",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
  psd: "image/vnd.adobe.photoshop",
  rar: "application/vnd.rar",
  rs: null,
  sqlite: "application/vnd.sqlite3",
  srt: "application/x-subrip",
  tar: "application/x-tar",
  tgz: "application/gzip",
  ts: null,
  tsx: "text/tsx",
  vcf: "text/vcard",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  xz: "application/x-xz",
  zst: "application/zstd",
};

/** Types by extension. If several types have the same extension, `mime` marks it with `*` in all but one. */
const TYPES = new Map<string, string | null>([
  ...Object.entries(standard).flatMap(([type, extensions]) =>
    extensions.filter((extension) => !extension.startsWith("*")).map((extension) => [extension, type] as const),
  ),
  ...Object.entries(EXTRA),
]);

/** The content type of an object if nothing else is known. */
export const DEFAULT_TYPE: string = "application/octet-stream";

/** The media type for the extension of a key, without a charset; null if unknown. */
export function contentTypeOf(key: string): string | null {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  // A leading dot makes a hidden file (`.env`), not an extension.
  if (dot < 1) return null;
  return TYPES.get(name.slice(dot + 1).toLowerCase()) ?? null;
}
