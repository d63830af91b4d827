/** Text as bytes, and bytes as text of base64. */
const encoder = /* @__PURE__ */ new TextEncoder();

/** In UTF-8. */
export function toUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Whether a text has more bytes than that. Three are the most that one UTF-16 unit takes, so short ones need not be encoded. */
export function isLonger(text: string, most: number): boolean {
  return text.length * 3 > most && toUtf8(text).length > most;
}

/** Few bytes in base64: each is an argument. */
export function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
