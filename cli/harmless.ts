/** Text of others that a terminal shows. */

/** Without what moves the cursor or turns the line around, of which JSON leaves some. */
export function harmless(text: string): string {
  return text.replace(/\p{C}/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}
