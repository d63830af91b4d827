/** Content types by the extension of a key: the table of `mime/lite`, without its class, which indexes it in two more ways. */
import standard from "mime/types/standard.js";

/**
 * By extension, what that table lacks or gets wrong for files that people upload.
 *
 * `null` is unknown: `.ts` and `.mts` are TypeScript or an MPEG transport stream, which the name does not tell apart, and
 * a download is right for both. `.rs` is Rust far more often than a resource-lists document. Where a registered name is
 * not the one that browsers report for a file (`mkv`, `ico`), the one that the full `mime` table has is used.
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

/** Where several types have an extension, `mime` marks all but one with a `*`. */
const TYPES = new Map<string, string | null>([
  ...Object.entries(standard).flatMap(([type, extensions]) =>
    extensions.filter((extension) => !extension.startsWith("*")).map((extension) => [extension, type] as const),
  ),
  ...Object.entries(EXTRA),
]);

/** The type of what nobody says anything of. */
export const DEFAULT_TYPE: string = "application/octet-stream";

/** The media type that the extension of a key's last segment stands for, without a charset, or null. */
export function contentTypeOf(key: string): string | null {
  const name = key.slice(key.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  // A dot in first place names a hidden file (`.env`), not an extension.
  if (dot < 1) return null;
  return TYPES.get(name.slice(dot + 1).toLowerCase()) ?? null;
}
