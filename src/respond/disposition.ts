import { cleanFilename } from "../filename.ts";
import { refuse } from "../options.ts";

/** A Content-Disposition, parsed. */
export interface Disposition {
  readonly type: "inline" | "attachment";
  readonly filename: string | null;
}

/**
 * Parses a Content-Disposition by RFC 6266: a type other than `inline` counts as `attachment`, `filename*` has priority
 * over `filename`, and malformed parameters are ignored.
 */
export function parseDisposition(value: string): Disposition {
  const type = /^[\t ]*inline[\t ]*(?:;|$)/i.test(value) ? "inline" : "attachment";
  let plain: string | null = null;
  let extended: string | null = null;
  for (const [, name = "", quoted, token] of value.matchAll(
    /;[\t ]*([\w!#$&+.^`|~*-]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([^\t ;"]+))/g,
  )) {
    const text = quoted?.replace(/\\(.)/g, "$1") ?? token ?? "";
    if (name.toLowerCase() === "filename") plain ??= text;
    if (name.toLowerCase() === "filename*") extended ??= decodeExtended(text);
  }
  return { type, filename: extended ?? plain };
}

/**
 * Writes a Content-Disposition with a file name in any language, for `upload`, `presign` or a response. The name is
 * cleaned as by `cleanFilename` of `unbucket/guard`. Throws `invalid-option` for any other type.
 * @see https://www.rfc-editor.org/rfc/rfc6266
 */
export function contentDisposition(type: "inline" | "attachment", filename: string): string {
  checkDisposition(type, filename);
  return formatDisposition({ type, filename });
}

/** Checks type and name; throws `invalid-option`. */
export function checkDisposition(type: string, filename: unknown): void {
  if (type !== "inline" && type !== "attachment") throw refuse("disposition", 'must be "inline" or "attachment"');
  if (typeof filename !== "string") throw refuse("filename", "must be a string");
}

/**
 * Writes a Content-Disposition that all browsers read alike: with an ASCII name, and one of RFC 8187 if that differs.
 */
export function formatDisposition({ type, filename }: Disposition): string {
  if (filename === null) return type;
  const name = cleanFilename(filename);
  // In the plain form some browsers decode `%41`, and they differ in how they read `\"`.
  const ascii = name.replace(/[^\x20-\x7e]/gu, "_").replace(/["\\%]/g, "_");
  return `${type}; filename="${ascii}"${ascii === name ? "" : `; filename*=UTF-8''${encodeExtended(name)}`}`;
}

function decodeExtended(value: string): string | null {
  const match = /^utf-8'[^']*'(.*)$/i.exec(value);
  try {
    return match ? decodeURIComponent(match[1] ?? "") : null;
  } catch {
    return null;
  }
}

function encodeExtended(value: string): string {
  return encodeURIComponent(value).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
