/**
 * Reads and writes S3's XML documents. Reading takes linear time, knows no DTD, and bounds depth and number of elements; what it does not
 * understand, and a document that ends before its root does, is an error.
 * @see https://www.w3.org/TR/xml/
 */
import { StorageError } from "../error.ts";
import { toUtf8 } from "../utf8.ts";

/** An element: its text, entities decoded, and the elements in it. */
export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  readonly text: string;
}

interface Open extends Element {
  /** Its name with its prefix, as the closing tag must have it. */
  readonly tag: string;
  readonly children: Element[];
  text: string;
}

/** S3's deepest document has five levels. */
const MAX_DEPTH = 32;
/** S3's largest document, a listing of 1000 keys with owners, has some 13,000. An element takes more memory than its few bytes in the text. */
const MAX_ELEMENTS = 200_000;
/** Characters of the entities with a name. */
const NAMED: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 };

const NAME = "[a-z_][\\w.-]*";
// Bounded, since an engine keeps memory for each repetition that it may have to take back.
const ATTRIBUTES = `(?:\\s+[^\\s<>"'=/]+\\s*=\\s*(?:"[^"<]*"|'[^'<]*')){0,32}`;
/** Text and what follows it: a processing instruction, a comment, CDATA or a tag, but no document type. */
const TOKEN = new RegExp(
  `([^<]*)<(?:\\?[^]*?\\?>|!--[^]*?-->|!\\[CDATA\\[([^]*?)]]>|(/?)((?:${NAME}:)?${NAME})(${ATTRIBUTES})\\s*(/?)>)`,
  "iy",
);

/** Reads a document; rejects `corrupt` when it is not whole and well-formed. What follows the root is not looked at. */
export function readXml(text: string): Element {
  const stack: Open[] = [];
  let count = 0;
  for (let at = 0; ; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) throw corrupt(`it is cut, or malformed from character ${at} on`);
    const [, before = "", data, closing, tag, attributes, empty] = token;
    let element = stack.at(-1);
    if (element) element.text += decode(before) + (data ?? "");
    else if (before.trim() !== "" || data !== undefined) throw corrupt("it does not begin with an element");
    if (!tag) continue;
    if (closing) {
      if (element?.tag !== tag || attributes || empty) throw corrupt("its elements do not nest");
      stack.pop();
    } else {
      if (++count > MAX_ELEMENTS || stack.length >= MAX_DEPTH) throw corrupt("it has too many elements or levels");
      const parent = element;
      element = { tag, name: tag.slice(tag.indexOf(":") + 1), children: [], text: "" };
      parent?.children.push(element);
      if (!empty) stack.push(element);
    }
    if (element && stack.length === 0) return element;
  }
}

/** The text of a child, or undefined when there is none. */
export function childText(element: Element, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

/** All children of a name. */
export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name);
}

/** The whole number in a child; NaN when there is none. */
export function childNumber(element: Element, name: string): number {
  const text = childText(element, name)?.trim() ?? "";
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

/** The flag in a child, undefined when there is none. Rejects `corrupt` unless it is `true` or `false`. */
export function childFlag(element: Element, name: string): boolean | undefined {
  const text = childText(element, name)?.trim();
  if (text === undefined) return undefined;
  // Anything else taken for `false` could end a list that goes on.
  if (!/^(true|false)$/i.test(text)) throw corrupt(`${name} is neither true nor false`);
  return text.length === 4;
}

/** An element to be written: its name, and its text or the elements in it. */
export type Markup = readonly [name: string, content: string | readonly Markup[]];

/**
 * A document in UTF-8; `attributes` of its root are by default S3's namespace. Text that {@link isXmlText} does not allow is written as
 * references, which some parsers refuse.
 */
export function writeXml(root: Markup, attributes = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'): Uint8Array {
  return toUtf8(markup(root, attributes));
}

function markup([name, content]: Markup, attributes = ""): string {
  const inner = typeof content === "string" ? escapeXml(content) : content.map((child) => markup(child)).join("");
  return `<${name}${attributes}>${inner}</${name}>`;
}

/**
 * Control characters become references too: so no parser normalises tabs and line ends, and S3 itself writes the others like this.
 * Entities with a name are written with it, as S3 does: small clients know no other.
 */
function escapeXml(text: string): string {
  return text.replace(/[&<>"'\0-\u001F\uFFFE\uFFFF]/g, (c) => {
    const code = c.charCodeAt(0);
    return `&${Object.keys(NAMED).find((name) => NAMED[name] === code) ?? `#${code}`};`;
  });
}

/** Whether XML 1.0 can hold this text. */
export function isXmlText(text: string): boolean {
  return /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(text);
}

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7}|x[\da-f]{1,6})|([a-z]{2,4}));|&/gi, (_, number?: string, name = "") => {
    const code = number ? Number(`0${number}`) : NAMED[name];
    if (code === undefined || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
      throw corrupt("it has a bare & or an unknown entity");
    return String.fromCodePoint(code);
  });
}

function corrupt(why: string): StorageError {
  return new StorageError("corrupt", `the store's XML answer cannot be read: ${why}`, { retryable: true });
}
