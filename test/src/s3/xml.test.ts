import { describe, expect, it } from "vitest";
import {
  childFlag,
  childNumber,
  childrenOf,
  childText,
  type Element,
  isXmlText,
  readXml,
  writeXml,
} from "../../../src/s3/xml.ts";

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
    expect(childText(readXml("<r><a>1</a><a>2</a></r>"), "a")).toBe("1");
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
    ["with what ends tags in attributes", `<r a="/>" b='/r>"' c=">"/>`],
    ["with white space in its closing tag", "<r></r \n>"],
    ["whose prefix is another", "<s3:r></s3:r>"],
    ["with an element of an unusual name", "<r><_a.b-1/></r>"],
    ["with 32 attributes", `<r${' a="1"'.repeat(32)}/>`],
  ])("reads a document %s", (_, document) => {
    expect(readXml(document).name).toBe("r");
  });

  it.each([
    ["&lt;&gt;&amp;&quot;&apos;", `<>&"'`],
    ["&#65;&#x42;&#x1F600;&#128512;", "AB😀😀"],
    ["&#xA;&#13;&#9;", "\n\r\t"],
    ["&#xD7FF;&#xE000;&#x10FFFF;", "\uD7FF\uE000\u{10FFFF}"],
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
    "<></>",
    "<1></1>",
    "< r></ r>",
    "<r><a <b></a></r>",
    "<r><a/ ></a/ ></r>",
    `<r a="x></r>`,
    `<r a="<"></r>`,
    `<r></r a="1">`,
    "<x:r></r>",
    "<r></x:r>",
    "<r></r/>",
    `<r${' a="1"'.repeat(33)}/>`,
    "<x:></x:>",
    "<a:b:c/>",
    "<html><body><p>Bad gateway<br></body></html>",
  ])("refuses %j", (document) => {
    expect(() => readXml(document)).toThrow(corrupt);
  });

  it("rejects corrupt wherever the document is cut", () => {
    for (let end = 0; end < LISTING.length; end++) {
      expect(() => readXml(LISTING.slice(0, end)), `cut at ${end}`).toThrow(corrupt);
    }
  });

  it("reads a million references as so many characters", () => {
    expect(text("&#65;&#x1F600;".repeat(500_000))).toBe("A😀".repeat(500_000));
  });

  it("reads 32 levels and no more", () => {
    const nested = (levels: number): string => "<a>".repeat(levels) + "</a>".repeat(levels);
    let depth = 0;
    for (let at: Element | undefined = readXml(nested(32)); at; at = at.children[0]) depth++;
    expect(depth).toBe(32);
    expect(() => readXml(nested(33))).toThrow(corrupt);
    expect(() => readXml("<a>".repeat(1_000_000))).toThrow(corrupt);
  });

  it("reads 200,000 elements and no more", () => {
    expect(readXml(`<r>${"<a/>".repeat(199_999)}</r>`).children).toHaveLength(199_999);
    expect(() => readXml(`<r>${"<a/>".repeat(200_000)}</r>`)).toThrow(corrupt);
  });

  const MIB4 = 4 * 1024 * 1024;
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
    ["a name", "<r", "r"],
    ["a name with prefixes", "<r", "r:"],
    ["a quoted value", '<r a="', "a>"],
    ["quoted values", "<r ", `""`],
    ["quotes of both kinds", "<r ", `"'`],
    ["declarations", "<r>", "<?"],
    ["closing tags", "<r>", "</"],
    ["numbers of characters", "<r>", "&#65;"],
    ["numbers of characters that do not end", "<r>", "&#65"],
  ])("takes linear time for %s, and 16 MiB of them", (_, head, unit) => {
    /** Milliseconds of the processor, which others may be busy on, for 8 MiB in documents of so many bytes. */
    const cost = (bytes: number): number => {
      const document = head + unit.repeat(bytes / unit.length);
      const started = process.cpuUsage();
      for (let read = 0; read < 2 * MIB4; read += bytes) expect(() => readXml(document)).toThrow(corrupt);
      return process.cpuUsage(started).user / 1000;
    };
    // Eight times as long, were it quadratic. What ends at once is noise.
    expect(cost(MIB4)).toBeLessThan(3 * cost(MIB4 / 8) + 40);
    cost(4 * MIB4);
  });
});

describe("writeXml", () => {
  const decoder = new TextDecoder();

  it("writes a document in S3's namespace", () => {
    const bytes = writeXml([
      "Delete",
      [
        ["Quiet", "true"],
        ["Object", [["Key", "a&b"]]],
        ["Empty", ""],
        ["None", []],
      ],
    ]);
    expect(decoder.decode(bytes)).toBe(
      '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet><Object><Key>a&amp;b</Key></Object><Empty></Empty><None></None></Delete>',
    );
  });

  it("writes text that reads back as it was, line ends and quotes included", () => {
    const key = `a&b<c>"d"'e'\t\r\n]]> &amp; 漢😀\uFFFE\uFFFF`;
    const written = decoder.decode(writeXml(["Key", key]));
    expect(readXml(written).text).toBe(key);
    expect(written.slice(written.indexOf(">") + 1, written.lastIndexOf("<"))).not.toMatch(/[<>"'\t\r\n\uFFFE\uFFFF]/);
  });
});

describe("childNumber", () => {
  it.each([
    ["0", 0],
    [" 12\n", 12],
    ["007", 7],
    ["9007199254740993", 9007199254740992],
  ])("reads %j", (inner, expected) => {
    expect(childNumber(readXml(`<r><n>${inner}</n></r>`), "n")).toBe(expected);
  });

  it.each(["", " ", "-1", "1.5", "1e3", "0x10", "1 2", "Infinity"])("is NaN for %j", (inner) => {
    expect(childNumber(readXml(`<r><n>${inner}</n></r>`), "n")).toBeNaN();
    expect(childNumber(readXml("<r/>"), "n")).toBeNaN();
  });
});

describe("childFlag", () => {
  it.each([
    ["true", true],
    [" False\n", false],
  ])("reads %j", (inner, expected) => {
    expect(childFlag(readXml(`<r><f>${inner}</f></r>`), "f")).toBe(expected);
  });

  it("is undefined when it is not there, and corrupt when it is anything else", () => {
    expect(childFlag(readXml("<r/>"), "f")).toBeUndefined();
    for (const inner of ["", "trve", "truefalse", "1", "no"])
      expect(() => childFlag(readXml(`<r><f>${inner}</f></r>`), "f"), inner).toThrow(corrupt);
  });
});

describe("isXmlText", () => {
  it.each(["", "a", "\t\n\r", "漢😀", "\uFFFD", "\u{10FFFF}"])("%j can be carried", (value) => {
    expect(isXmlText(value)).toBe(true);
  });

  it.each(["\u0000", "a\u0001", "\u001f", "\uFFFE", "\uFFFF", "\ud800"])("%j cannot", (value) => {
    expect(isXmlText(value)).toBe(false);
  });
});
