/**
 * The one XML reader: linear in time, without DTD, bounded in depth. It reads S3's documents into a tree of elements; what
 * it does not understand, and a document that ends before its root does, is an error.
 * @see https://www.w3.org/TR/xml/
 */
import { StorageError } from "../../src/error.ts";

/** An element: its text, entities decoded, and the elements in it. */
export interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  readonly text: string;
}

interface Open {
  name: string;
  children: Element[];
  text: string;
}

/** The deepest document of S3's has five levels. */
const MAX_DEPTH = 32;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** Reads a document; rejects `corrupt` when it is not whole and well-formed. */
export function readXml(text: string): Element {
  const stack: Open[] = [];
  let at = 0;
  for (;;) {
    const tag = text.indexOf("<", at);
    if (tag < 0) throw corrupt("it ends before its root element does");
    const top = stack.at(-1);
    if (top) top.text += decode(text.slice(at, tag));
    else if (
      text
        .slice(at, tag)
        .replace(/^\uFEFF/, "")
        .trim() !== ""
    )
      throw corrupt("it does not begin with an element");

    if (text.startsWith("<?", tag)) at = after(text, "?>", tag);
    else if (text.startsWith("<!--", tag)) at = after(text, "-->", tag + 4);
    else if (text.startsWith("<![CDATA[", tag) && top) {
      at = after(text, "]]>", tag);
      top.text += text.slice(tag + 9, at - 3);
    } else if (text.startsWith("<!", tag)) throw corrupt("it has a document type, which S3 never sends");
    else {
      at = after(text, ">", tag);
      const inside = text.slice(tag + 1, at - 1);
      if (inside.startsWith("/")) {
        const closed = stack.pop();
        if (!closed || closed.name !== localName(inside.slice(1))) throw corrupt("its elements do not nest");
        const parent = stack.at(-1);
        if (!parent) return closed;
        parent.children.push(closed);
      } else {
        const empty = inside.endsWith("/");
        const element: Open = { name: localName(empty ? inside.slice(0, -1) : inside), children: [], text: "" };
        if (!empty) {
          if (stack.push(element) > MAX_DEPTH) throw corrupt("it nests too deeply");
        } else if (top) top.children.push(element);
        else return element;
      }
    }
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

/** Text as it may stand in an element. Tab and line ends are written as references, which no parser normalises. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\t\r\n]/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Whether XML 1.0 can carry this text at all. */
export function isXmlText(text: string): boolean {
  return /^[\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u.test(text);
}

/** A name without its namespace prefix and attributes, neither of which S3's documents need. */
function localName(inside: string): string {
  const name = inside.trim().split(/[\s/]/, 1)[0] ?? "";
  return name.slice(name.indexOf(":") + 1);
}

function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  if (found < 0) throw corrupt("it ends within a tag");
  return found + end.length;
}

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&([^;&]{0,10});?/g, (whole, entity: string) => {
    if (!whole.endsWith(";")) throw corrupt("it has a bare &");
    const named = Object.hasOwn(NAMED, entity) ? NAMED[entity] : undefined;
    if (named !== undefined) return named;
    const code = /^#x[0-9a-f]{1,6}$/i.test(entity)
      ? Number.parseInt(entity.slice(2), 16)
      : /^#\d{1,7}$/.test(entity)
        ? Number(entity.slice(1))
        : -1;
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw corrupt("it has an unknown entity");
    return String.fromCodePoint(code);
  });
}

function corrupt(why: string): StorageError {
  return new StorageError("corrupt", `the store's XML answer cannot be read: ${why}`, { retryable: true });
}
