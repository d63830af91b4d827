import { isText } from "./text.ts";

const OLD_OFFICE = [
  "application/msword",
  "application/vnd.ms-excel",
  "application/vnd.ms-powerpoint",
  "application/vnd.ms-outlook",
];
const ZIPPED =
  /^application\/(?:vnd\.openxmlformats-officedocument\..+|vnd\.oasis\.opendocument\..+|vnd\.ms-(?:word|excel|powerpoint)\..+\.12|epub\+zip|vnd\.android\.package-archive|java-archive)$/;
const MP4 = ["video/mp4", "audio/mp4", "video/x-m4v", "video/3gpp", "audio/3gpp", "video/3gpp2", "video/quicktime"];

/** Declared types that are proved by the signature of other types. All others are proved by their own only. */
const SHOWN_BY: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(MP4.map((type) => [type, ["video/mp4", "audio/mp4", "video/quicktime"]])),
  ...Object.fromEntries(OLD_OFFICE.map((type) => [type, ["application/x-cfb"]])),
  ...Object.fromEntries(
    ["audio/ogg", "video/ogg", "audio/opus", "application/ogg"].map((type) => [type, ["audio/ogg"]]),
  ),
  ...Object.fromEntries(
    ["image/heic", "image/heif", "image/heic-sequence", "image/heif-sequence"].map((type) => [
      type,
      ["image/heic", "image/heif"],
    ]),
  ),
  // Excel saves CSV and HTML under its own type, and browsers on Windows report this type for every CSV. `""` is text.
  "application/vnd.ms-excel": ["application/x-cfb", "text/html", "application/xml", ""],
  "audio/webm": ["video/webm"],
  "video/webm": ["video/webm"],
  "video/x-matroska": ["video/x-matroska", "video/webm"],
  "audio/x-matroska": ["video/x-matroska", "video/webm"],
};

const OWN: ReadonlySet<string> = new Set([
  ...[
    "jpeg",
    "png",
    "apng",
    "gif",
    "webp",
    "avif",
    "bmp",
    "tiff",
    "vnd.microsoft.icon",
    "svg+xml",
    "vnd.adobe.photoshop",
    "jxl",
  ].map((type) => `image/${type}`),
  ...["mpeg", "wav", "flac", "midi", "aac"].map((type) => `audio/${type}`),
  ...[
    "pdf",
    "rtf",
    "zip",
    "gzip",
    "x-bzip2",
    "x-xz",
    "zstd",
    "x-7z-compressed",
    "vnd.rar",
    "x-tar",
    "vnd.apache.parquet",
    "vnd.sqlite3",
    "wasm",
  ].map((type) => `application/${type}`),
  ...["woff", "woff2", "otf", "ttf"].map((type) => `font/${type}`),
  "video/x-msvideo",
]);

const PROGRAM = /^application\/(?:x-elf|x-mach-binary|vnd\.microsoft\.portable-executable)$/;
const TEXTUAL = /^text\/|[+/](?:xml|json|javascript|yaml)$/;
const MARKUP = /^(?:text\/html|application\/xml|image\/svg\+xml)$/;

/** Whether {@link agrees} can verify this type by the content. It must believe all others. */
export function isVerifiable(type: string): boolean {
  return Object.hasOwn(SHOWN_BY, type) || ZIPPED.test(type) || OWN.has(type) || TEXTUAL.test(type);
}

/** Whether a file of the `declared` type can begin with these bytes, which show the `detected` type. */
export function agrees(declared: string, detected: string | null, head: Uint8Array): boolean {
  if (declared === detected) return true;
  const shown = SHOWN_BY[declared];
  if (shown) return shown.includes(detected ?? (isText(head) ? "" : "?"));
  if (ZIPPED.test(declared)) return detected === "application/zip" || ZIPPED.test(detected ?? "");
  if (declared === "image/apng") return detected === "image/png";
  // Every format that is a ZIP archive may be declared as one.
  if (declared === "application/zip") return ZIPPED.test(detected ?? "");
  if (OWN.has(declared)) return false;
  if (TEXTUAL.test(declared)) return MARKUP.test(detected ?? "") || isText(head);
  if (detected === null) return true;
  // A type without a signature in the table may be based on any other, but must not be a program or a page in disguise.
  if (PROGRAM.test(detected))
    return /^application\/(?:x-)?(?:executable|msdos-program|sharedlib|elf|mach-binary|java-vm|x-ms-dos-executable)/.test(
      declared,
    );
  if (!/^(?:image|audio|video|font)\//.test(declared)) return true;
  return !MARKUP.test(detected) && detected.startsWith(declared.slice(0, declared.indexOf("/") + 1));
}
