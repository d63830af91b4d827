import { describe, expect, it } from "vitest";
import { childrenOf, childText, type Element, escapeXml, isXmlText, readXml } from "../../../drivers/s3/xml.ts";

const corrupt = expect.objectContaining({ code: "corrupt", retryable: true });
const text = (inner: string): string => readXml(`<r>${inner}</r>`).text;

const LISTING = `<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment with <tags> & such -->
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/>
  <Contents><Key>a &amp; b</Key><Size>1</Size><Owner><ID>x</ID></Owner></Contents>
  <Contents><Key><![CDATA[<&]]]>&gt;</Key><Size>2</Size></Contents>
</ListBucketResult>`;

describe("readXml", () => {
  it("reads elements, text and nesting, past prolog, comments, namespaces and attributes", () => {
    const root = readXml(LISTING);
    expect(root.name).toBe("ListBucketResult");
    expect(childText(root, "Prefix")).toBe("");
    expect(childrenOf(root, "Contents").map((entry) => childText(entry, "Key"))).toEqual(["a & b", "<&]>"]);
    expect(childText(root, "Absent")).toBeUndefined();
    expect(childrenOf(root, "Absent")).toEqual([]);
    expect(readXml(`<s3:Error a="1"\n b='2'><s3:Code >x</s3:Code\n></s3:Error>`)).toMatchObject({
      name: "Error",
      children: [{ name: "Code", text: "x" }],
    });
  });

  it.each([
    ["without a prolog", "<r/>"],
    ["with a byte order mark", "\uFEFF<r/>"],
    ["with white space around", " \r\n<r></r>\n"],
    ["with attributes on an empty root", `<r xmlns="x" />`],
  ])("reads a document %s", (_, document) => {
    expect(readXml(document).name).toBe("r");
  });

  it.each([
    ["&lt;&gt;&amp;&quot;&apos;", `<>&"'`],
    ["&#65;&#x42;&#x1F600;&#128512;", "AB😀😀"],
    ["&#xA;&#13;&#9;", "\n\r\t"],
    ["&amp;lt;", "&lt;"],
    ["&amp;amp;#65;", "&amp;#65;"],
    ["a<!-- & < -->b", "ab"],
    ["a<![CDATA[&amp;]]>b", "a&amp;b"],
    ["<![CDATA[]]>", ""],
    ["  keeps  spaces ", "  keeps  spaces "],
  ])("reads %s as %j, once", (inner, expected) => {
    expect(text(inner)).toBe(expected);
  });

  it.each([
    "&#x110000;",
    "&#1114112;",
    "&#xD800;",
    "&#57343;",
    "&#99999999999;",
    "&#x;",
    "&#;",
    "&#-1;",
    "&nbsp;",
    "&toString;",
    "&;",
    "a & b",
    "&amp",
  ])("refuses %s", (inner) => {
    expect(() => text(inner)).toThrow(corrupt);
  });

  it.each([
    "",
    "   ",
    "plain text",
    "text<r/>",
    `<!DOCTYPE r><r/>`,
    `<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>`,
    `<r><!ENTITY a "b"></r>`,
    "<![CDATA[x]]><r/>",
    "</r>",
    "<r></s>",
    "<r><s></r></s>",
    "<html><body><p>Bad gateway<br></body></html>",
  ])("refuses %j", (document) => {
    expect(() => readXml(document)).toThrow(corrupt);
  });

  it("rejects corrupt wherever the document is cut", () => {
    for (let end = 0; end < LISTING.length; end++) {
      expect(() => readXml(LISTING.slice(0, end)), `cut at ${end}`).toThrow(corrupt);
    }
  });

  it("reads 32 levels and no more", () => {
    const nested = (levels: number): string => "<a>".repeat(levels) + "</a>".repeat(levels);
    let depth = 0;
    for (let at: Element | undefined = readXml(nested(32)); at; at = at.children[0]) depth++;
    expect(depth).toBe(32);
    expect(() => readXml(nested(33))).toThrow(corrupt);
    expect(() => readXml("<a>".repeat(1_000_000))).toThrow(corrupt);
  });

  const MIB16 = 16 * 1024 * 1024;
  it.each([
    ["unclosed elements", "<r>", "<Contents>"],
    ["unclosed elements side by side", "<r>", "<Contents/>"],
    ["text that never ends", "<r>", "abcdefgh"],
    ["bare ampersands", "<r>", "&"],
    ["entities", "<r>", "&amp;"],
    ["spaces in a tag", "<r ", "        "],
    ["comments that do not close", "<r>", "<!-- "],
    ["brackets in CDATA", "<r><![CDATA[", "]]"],
    ["less-than signs", "<r>", "<"],
  ])("takes linear time for 16 MiB of %s", (_, head, unit) => {
    const document = head + unit.repeat(MIB16 / unit.length);
    const started = performance.now();
    expect(() => readXml(document)).toThrow(corrupt);
    // Two to three times as long on a loaded machine as alone; quadratic time would be hours.
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe("escapeXml", () => {
  it("gives text that reads back as it was, line ends and quotes included", () => {
    const key = `a&b<c>"d"'e'\t\r\n]]> &amp; 漢😀`;
    expect(text(escapeXml(key))).toBe(key);
    expect(escapeXml(key)).not.toMatch(/[<>"'\t\r\n]/);
  });
});

describe("isXmlText", () => {
  it.each(["", "a", "\t\n\r", "漢😀", "\uFFFD"])("%j can be carried", (value) => {
    expect(isXmlText(value)).toBe(true);
  });

  it.each(["\u0000", "a\u0001", "\u001f", "\uFFFE", "\uFFFF", "\ud800"])("%j cannot", (value) => {
    expect(isXmlText(value)).toBe(false);
  });
});
