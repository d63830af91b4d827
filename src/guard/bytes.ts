/** Whether the head has `text`, one character per byte, at an offset. */
export function at(head: Uint8Array, offset: number, text: string): boolean {
  if (head.length < offset + text.length) return false;
  for (let index = 0; index < text.length; index++) if (head[offset + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** A part of the head as text, one character per byte. */
export function latin1(head: Uint8Array, start: number, end: number): string {
  return Array.from(head.subarray(start, end), (byte) => String.fromCharCode(byte)).join("");
}

/** Whether the head contains `text`, one character per byte. */
export function includes(head: Uint8Array, text: string): boolean {
  const first = text.charCodeAt(0);
  for (let offset = head.indexOf(first); offset !== -1; offset = head.indexOf(first, offset + 1))
    if (at(head, offset, text)) return true;
  return false;
}
