import { StorageError } from "../error.ts";
import { essenceOf, isActive } from "../media-type.ts";

/** Names that browsers and systems use for types with another registered name. */
const ALIASES: Readonly<Record<string, string>> = {
  "application/x-dosexec": "application/vnd.microsoft.portable-executable",
  "application/x-gzip": "application/gzip",
  "application/x-msdownload": "application/vnd.microsoft.portable-executable",
  "application/x-pdf": "application/pdf",
  "application/x-rar-compressed": "application/vnd.rar",
  "application/x-zip-compressed": "application/zip",
  "application/x-zip": "application/zip",
  "audio/mp3": "audio/mpeg",
  "audio/vnd.wave": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/x-flac": "audio/flac",
  "audio/x-m4a": "audio/mp4",
  "audio/x-wav": "audio/wav",
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/x-icon": "image/vnd.microsoft.icon",
  "image/x-ms-bmp": "image/bmp",
  "image/x-png": "image/png",
  "text/xml": "application/xml",
  "video/matroska": "video/x-matroska",
};

/** Types that clients send if they do not know the type. */
const GENERIC: ReadonlySet<string> = new Set([
  "application/octet-stream",
  "binary/octet-stream",
  "application/x-binary",
  "application/unknown",
  "application/force-download",
  "application/x-download",
]);

/** The `type/subtype` of a file's type, or null for a malformed one, or for a pattern such as `image/*`. */
export function fileType(type: string): string | null {
  const essence = essenceOf(type);
  return essence?.includes("*") ? null : essence;
}

/** The registered name of a type, without parameters; null if the type is absent, generic or malformed. */
export function specificType(type: string | undefined): string | null {
  const essence = fileType(type ?? "");
  return essence === null || GENERIC.has(essence) ? null : canonical(essence);
}

/** The registered name for an alias, else the same name. */
export function canonical(essence: string): string {
  return ALIASES[essence] ?? essence;
}

/**
 * Whether a type is allowed. `verified` says that the content proves the type: patterns such as `image/*` cover only
 * those, and none that can run script (`image/svg+xml`). A type that is listed by name needs no proof.
 */
export type Acceptor = (type: string, verified: boolean) => boolean;

/** Parses the allowed types and patterns; throws `invalid-option`. */
export function acceptor(types: readonly string[] | undefined): Acceptor {
  if (types === undefined) return () => true;
  if (!Array.isArray(types)) throw new StorageError("invalid-option", "types must be a list of media types");
  const patterns = (types as readonly string[]).map((pattern) => {
    const essence = essenceOf(pattern);
    if (essence === null || !/^(?:\*\/\*|[^*]+\/(?:\*|[^*]+))$/.test(essence))
      throw new StorageError(
        "invalid-option",
        `types: ${JSON.stringify(pattern)} is no media type; write "image/png" or "image/*"`,
      );
    return canonical(essence);
  });
  return (type, verified) =>
    patterns.some(
      (pattern) =>
        pattern === type ||
        (verified &&
          !isActive(type) &&
          (pattern === "*/*" || (pattern.endsWith("/*") && type.startsWith(pattern.slice(0, -1))))),
    );
}
