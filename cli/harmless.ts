/**
 * Makes untrusted text safe for a terminal: escapes control and directional characters, some of which JSON leaves as
 * they are.
 */
export function harmless(text: string): string {
  return text.replace(/\p{C}/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
