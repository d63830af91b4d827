const HTML_TAG =
  /^<(?:!doctype html|html|head|body|script|iframe|title|style|link|meta|base|table|div|h1|h2|p|a|b|br|img|svg:script|form|input|object|embed|font|center|template)(?=[\s>/]|$)/i;

/**
 * The type of HTML, SVG or other XML, by https://mimesniff.spec.whatwg.org/#rules-for-identifying-an-unknown-mime-type,
 * or null.
 */
export function markupType(head: Uint8Array): string | null {
  const text = decode(head);
  const start = skipProlog(text);
  if (!start.startsWith("<")) return null;
  if (/^<(?:[\w.-]+:)?svg(?=[\s>/]|$)/i.test(start)) return "image/svg+xml";
  if (HTML_TAG.test(start)) return "text/html";
  if (text.trimStart().startsWith("<?xml")) return "application/xml";
  return text.trimStart().startsWith("<!--") ? "text/html" : null;
}

/**
 * Whether the head can be text: it has a byte order mark of UTF-16, or no control bytes except white space and escape.
 */
export function isText(head: Uint8Array): boolean {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) return true;
  return head.every((byte) => byte > 0x1f || (byte > 0x07 && byte < 0x0e) || byte === 0x1b);
}

function decode(head: Uint8Array): string {
  const encoding =
    head[0] === 0xff && head[1] === 0xfe ? "utf-16le" : head[0] === 0xfe && head[1] === 0xff ? "utf-16be" : "utf-8";
  return new TextDecoder(encoding).decode(head);
}

/** The text without leading white space, comments, processing instructions and DOCTYPE, except that of HTML. */
function skipProlog(text: string): string {
  let rest = text.trimStart();
  for (;;) {
    const close = rest.startsWith("<!--")
      ? "-->"
      : rest.startsWith("<?")
        ? "?>"
        : /^<!doctype(?! html)/i.test(rest)
          ? doctypeEnd(rest)
          : null;
    if (close === null) return rest;
    const end = rest.indexOf(close);
    // If it does not end within the head, anything may follow: `<` counts as markup.
    if (end === -1) return "<";
    rest = rest.slice(end + close.length).trimStart();
  }
}

/** The end of a DOCTYPE: `]>` if it has an internal subset, else `>`. */
function doctypeEnd(rest: string): string {
  const bracket = rest.indexOf("[");
  return bracket !== -1 && bracket < rest.indexOf(">") ? "]>" : ">";
}
