import { describe, expect, test } from "vitest";
import { guard } from "../../../src/guard.ts";
import { sniff } from "../../../src/guard/signatures.ts";
import { processorTime } from "../../support/processor.ts";

/** Bytes from text, one character a byte. */
const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const zip = (entry: string, rest = ""): string => `PK\x03\x04${"\0".repeat(26)}${entry}${rest}`;
const ftyp = (major: string, ...compatible: string[]): string =>
  `\0\0\0${String.fromCharCode(16 + 4 * compatible.length)}ftyp${major}\0\0\0\0${compatible.join("")}`;
const OFFICE = "application/vnd.openxmlformats-officedocument";

const CORPUS: readonly (readonly [type: string, head: string])[] = [
  ["image/jpeg", "\xff\xd8\xff\xe0\0\x10JFIF\0"],
  ["image/png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
  ["image/gif", "GIF89a\x01\0\x01\0"],
  ["image/webp", "RIFF\x24\0\0\0WEBPVP8 "],
  ["image/avif", ftyp("avif", "mif1", "miaf")],
  ["image/avif", ftyp("avif")],
  ["image/heic", ftyp("heic", "mif1", "heic")],
  ["image/heic", ftyp("mif1", "heic")],
  ["image/heif", ftyp("mif1", "mif1")],
  ["image/heif", ftyp("jpeg", "mif1")],
  ["image/bmp", "BM\x46\0\0\0\0\0\0\0\x36\0"],
  ["image/tiff", "II*\0\x08\0\0\0"],
  ["image/tiff", "MM\0*\0\0\0\x08"],
  ["image/vnd.microsoft.icon", "\0\0\x01\0\x01\0\x10\x10"],
  ["image/jxl", "\xff\x0a\xfa\x1f"],
  ["image/svg+xml", '<?xml version="1.0"?>\n<!-- c --><!DOCTYPE svg PUBLIC "x" "y"><svg xmlns="z">'],
  ["image/svg+xml", "\xef\xbb\xbf  <svg>"],
  ["image/svg+xml", "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"],
  ["text/html", "  \n<!DOCTYPE HTML><p>"],
  ["text/html", "<script>alert(1)</script>"],
  ["text/html", "<!-- x --><html>"],
  ["text/html", "\xff\xfe<\0h\0t\0m\0l\0>\0"],
  ["text/html", "\xfe\xff\0<\0h\0t\0m\0l\0>"],
  ["application/xml", '<?xml version="1.0"?><feed>'],
  ["application/pdf", "%PDF-1.7\n"],
  ["application/pdf", "\xef\xbb\xbf%PDF-1.7\n"],
  ["application/zip", "PK\x05\x06\0\0"],
  ["application/zip", "PK\x07\x08PK\x03\x04"],
  ["application/zip", zip("a.txt")],
  [`${OFFICE}.wordprocessingml.document`, zip("[Content_Types].xml", zip("word/document.xml"))],
  [`${OFFICE}.spreadsheetml.sheet`, zip("[Content_Types].xml", zip("xl/workbook.xml"))],
  [`${OFFICE}.presentationml.presentation`, zip("_rels/.rels", zip("ppt/presentation.xml"))],
  ["application/vnd.oasis.opendocument.text", zip("mimetype", `application/vnd.oasis.opendocument.text${zip("a")}`)],
  ["application/epub+zip", zip("mimetype", `application/epub+zip${zip("a")}`)],
  ["application/vnd.android.package-archive", zip("AndroidManifest.xml")],
  ["application/x-cfb", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["application/gzip", "\x1f\x8b\x08\0"],
  ["application/x-7z-compressed", "7z\xbc\xaf\x27\x1c"],
  ["application/vnd.rar", "Rar!\x1a\x07\x01\0"],
  ["application/zstd", "\x28\xb5\x2f\xfd"],
  ["application/x-tar", `${"a".padEnd(257, "\0")}ustar\0`],
  ["application/vnd.apache.parquet", "PAR1\x15"],
  ["application/vnd.sqlite3", "SQLite format 3\0"],
  ["application/wasm", "\0asm\x01\0\0\0"],
  ["video/mp4", ftyp("isom", "iso2", "mp41")],
  ["video/quicktime", ftyp("qt  ", "qt  ")],
  ["video/quicktime", "\0\0\0\x08wide"],
  ["video/quicktime", "\0\0\x10\0mdat"],
  ["video/quicktime", "\0\0\x10\0moov"],
  ["audio/mp4", ftyp("M4A ", "isom")],
  ["video/webm", "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm"],
  ["video/x-matroska", "\x1a\x45\xdf\xa3\xa3\x42\x82\x88matroska"],
  ["video/x-msvideo", "RIFF\0\0\0\0AVI LIST"],
  ["audio/mpeg", "ID3\x04\0"],
  ["audio/mpeg", "\xff\xfb\x90\x64"],
  ["audio/mpeg", "\xff\xfd\x90\x64"],
  ["audio/aac", "\xff\xf1\x50\x80"],
  ["audio/wav", "RIFF\x24\0\0\0WAVEfmt "],
  ["audio/ogg", "OggS\0\x02"],
  ["audio/flac", "fLaC\0"],
  ["font/woff2", "wOF2\0\x01\0\0"],
  ["font/ttf", "\0\x01\0\0\0\x0f"],
  ["application/vnd.microsoft.portable-executable", "MZ\x90\0\x03\0"],
  ["application/x-elf", "\x7fELF\x02\x01"],
  ["application/x-mach-binary", "\xcf\xfa\xed\xfe\x07"],
];

describe("sniff", () => {
  test.each(CORPUS)("knows %s", (type, head) => {
    expect(sniff(bytes(head))).toBe(type);
  });

  test.each([
    "",
    "plain text",
    "MZ is a name",
    "BM",
    "{}",
    "a,b\n1,2",
    "<3 you",
    "\xff\xfea\0b\0",
    "\xff\xe1\0\0",
    "\xff\xea\0\0",
    "#!/bin/sh",
    "\0\0\0\0",
    "RIFF\0\0\0\0XXXX",
  ])("knows nothing of %j", (head) => {
    expect(sniff(bytes(head))).toBeNull();
  });

  test("takes a head that ends at every position", () => {
    for (const [, head] of CORPUS)
      for (let end = 0; end <= head.length; end++) expect(() => sniff(bytes(head.slice(0, end)))).not.toThrow();
  });

  test("takes a hostile head in short time", () => {
    const run = (): void => {
      for (const text of ["<!--", "<?x ?>", "<!doctype x[", "<!-- -->", " ", "P", "[Con"])
        sniff(bytes(text.repeat(4100).slice(0, 4100)));
      sniff(bytes(zip("[Content_Types].xml", "w".repeat(4000))));
    };
    expect(processorTime(run)).toBeLessThan(200);
  });
});

const TARGETS = /^(?:image\/(?:jpeg|png|gif|webp)|application\/pdf)$/;
const lies = CORPUS.filter(([type]) => TARGETS.test(type)).flatMap(([type]) =>
  CORPUS.filter(([actual]) => actual !== type).map(([actual, head]) => [type, actual, head] as const),
);

test.each(lies)("guard refuses as %s what is %s", async (type, _actual, head) => {
  await expect(guard({ body: bytes(head), type })).rejects.toMatchObject({ reason: "content" });
});

test.each(CORPUS)("guard passes %s as what it is, declared or not", async (type, head) => {
  expect((await guard({ body: bytes(head), type })).contentType).toBe(type);
  expect((await guard({ body: bytes(head) })).contentType).toBe(type);
});

test.each([
  ["image/heif", ftyp("heic", "mif1")],
  ["video/quicktime", ftyp("isom")],
  ["video/x-m4v", ftyp("M4V ")],
  ["audio/x-m4a", ftyp("isom")],
  ["audio/webm", "\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"],
  ["video/ogg", "OggS\0"],
  [`${OFFICE}.wordprocessingml.document`, zip("docProps/app.xml")],
  ["application/java-archive", zip("META-INF/MANIFEST.MF")],
  ["application/zip", zip("[Content_Types].xml", zip("xl/a"))],
  ["application/msword", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["application/vnd.ms-excel", "a;b\n1;2"],
  ["application/vnd.ms-excel", "<html><table>"],
  ["application/vnd.ms-excel", "<?xml version='1.0'?><Workbook>"],
  ["application/x-msdownload", "MZ\x90\0"],
  ["text/markdown", "<h1>title</h1>"],
  ["text/plain", "GIF89a is a format"],
  ["text/csv", "\xff\xfea\0,\0"],
  ["application/json", "{}"],
  ["application/x-own", "\x01\x02\x03"],
  ["application/x-own", zip("a")],
])("guard passes as %s what is its kin: %j", async (type, head) => {
  await expect(guard({ body: bytes(head), type })).resolves.toBeDefined();
});

test.each([
  ["text/plain", "\x7fELF\x02"],
  ["text/plain", "a\0b"],
  ["application/json", "\x89PNG\r\n\x1a\n"],
  ["application/x-own", "MZ\x90\0"],
  ["image/x-own", "<html>"],
  ["image/x-own", "<svg>"],
  ["video/x-own", "\x89PNG\r\n\x1a\n"],
  ["application/zip", "\x1f\x8b\x08"],
  [`${OFFICE}.wordprocessingml.document`, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"],
  ["application/vnd.ms-excel", "\x01\x02"],
])("guard refuses as %s: %j", async (type, head) => {
  await expect(guard({ body: bytes(head), type })).rejects.toMatchObject({ reason: "content" });
});
