/** Text as UTF-8, and bytes as base64. */
const encoder = /* @__PURE__ */ new TextEncoder();

/** Encodes text as UTF-8. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/**
 * Whether a text has more than `most` UTF-8 bytes. A UTF-16 unit takes three at most, so that short texts are not
 * encoded.
 */
export function isLonger(text: string, most: number): boolean {
  return text.length * 3 > most && toUtf8(text).length > most;
}

/** Decodes base64; throws for anything else. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
}

/** Encodes bytes as base64; only for few, since each becomes an argument. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
