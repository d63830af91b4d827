import { at, includes, latin1 } from "./bytes.ts";

/**
 * The type of a file in the ISO base media format, by its brands (ISO/IEC 14496-12 §4.3, https://mp4ra.org), or null.
 */
export function isoMediaType(head: Uint8Array): string | null {
  if (!at(head, 4, "ftyp")) {
    // Old QuickTime files have no brands, and start with another atom.
    const atom = latin1(head, 4, 8);
    return atom === "moov" || atom === "mdat" || atom === "wide" ? "video/quicktime" : null;
  }
  const size = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0);
  const brands = (latin1(head, 8, 12) + latin1(head, 16, Math.min(size, head.length, 256))).match(/.{4}/gs) ?? [];
  const [major = ""] = brands;
  const has = (pattern: RegExp): boolean => brands.some((brand) => pattern.test(brand));
  if (has(/^avi[fs]$/)) return "image/avif";
  if (has(/^(?:hei[cxms]|hev[cxms])$/)) return "image/heic";
  if (has(/^(?:mif1|msf1)$/)) return "image/heif";
  if (major === "qt  ") return "video/quicktime";
  if (/^(?:M4A |M4B |F4A )$/.test(major)) return "audio/mp4";
  return "video/mp4";
}

/** The type of a WebM or Matroska file, by the DocType in its EBML header (RFC 8794 §11.2.4), or null. */
export function matroskaType(head: Uint8Array): string | null {
  if (!at(head, 0, "\x1a\x45\xdf\xa3")) return null;
  const header = head.subarray(0, 128);
  if (includes(header, "\x42\x82\x84webm")) return "video/webm";
  return includes(header, "matroska") ? "video/x-matroska" : null;
}

/** The type of a RIFF file, by its form type, or null. */
export function riffType(head: Uint8Array): string | null {
  if (!at(head, 0, "RIFF")) return null;
  const forms: Readonly<Record<string, string>> = { WEBP: "image/webp", WAVE: "audio/wav", "AVI ": "video/x-msvideo" };
  return forms[latin1(head, 8, 12)] ?? null;
}

const OFFICE = "application/vnd.openxmlformats-officedocument";

/**
 * The type of a ZIP archive, by the names of its first entries; `application/zip` if they do not tell; null for other
 * files.
 */
export function zipType(head: Uint8Array): string | null {
  if (at(head, 0, "PK\x05\x06") || at(head, 0, "PK\x07\x08")) return "application/zip";
  if (!at(head, 0, "PK\x03\x04")) return null;
  // OpenDocument and EPUB store their own type as the first entry, uncompressed.
  const own = at(head, 30, "mimetype")
    ? /^application\/(?:epub\+zip|vnd\.oasis\.opendocument\.[a-z]+)/.exec(latin1(head, 38, 128))
    : null;
  if (own) return own[0];
  if (includes(head, "AndroidManifest.xml")) return "application/vnd.android.package-archive";
  if (includes(head, "[Content_Types].xml") || includes(head, "_rels/.rels")) {
    if (includes(head, "word/")) return `${OFFICE}.wordprocessingml.document`;
    if (includes(head, "xl/")) return `${OFFICE}.spreadsheetml.sheet`;
    if (includes(head, "ppt/")) return `${OFFICE}.presentationml.presentation`;
  }
  return "application/zip";
}
