/** Documents as stores write them, spoilt ones, and any: the same for the same seed. */
import type { Markup } from "../../../../src/s3/xml.ts";

const NS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

/** One document of each kind that the driver reads, in the ways in which stores write them. */
export const known: Readonly<Record<string, string>> = {
  listing: `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult ${NS}><Name>bucket</Name><Prefix>é/</Prefix><KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys>
<Delimiter>/</Delimiter><IsTruncated>true</IsTruncated><NextContinuationToken>to&amp;ken</NextContinuationToken>
<Contents><Key>é/a &lt;1&gt;</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&#34;e1&#34;</ETag><Size>1</Size>
<Owner><ID>id</ID><DisplayName>漢 😀</DisplayName></Owner><StorageClass>STANDARD</StorageClass></Contents>
<Contents><Key><![CDATA[é/b]]></Key><LastModified>2026-01-02T03:04:05Z</LastModified><ETag>"e2"</ETag><Size>2</Size></Contents>
<CommonPrefixes><Prefix>é/c/</Prefix></CommonPrefixes></ListBucketResult>
`,
  deleted: `\uFEFF<?xml version='1.0'?>\r\n<DeleteResult ${NS}>\r\n <Error><Key>a</Key><Code>AccessDenied</Code><Message>No &quot;way&quot;</Message></Error>\r\n</DeleteResult>`,
  begun: `<InitiateMultipartUploadResult ${NS}><Bucket>bucket</Bucket><Key>k</Key><UploadId>upload</UploadId></InitiateMultipartUploadResult>`,
  completed: `<?xml version="1.0" encoding="UTF-8"?>   \n  <s3:CompleteMultipartUploadResult xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><s3:Location>http://x/k</s3:Location><s3:ETag>"e-2"</s3:ETag></s3:CompleteMultipartUploadResult>`,
  copied: `<CopyObjectResult ${NS}><!-- <ETag>"no"</ETag> --><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag></CopyObjectResult>`,
  parts: `<ListPartsResult ${NS}><Key>k</Key><IsTruncated>false</IsTruncated><Part><PartNumber>1</PartNumber><ETag>"p1"</ETag><Size>5242880</Size></Part><Part><PartNumber>2</PartNumber><ETag>"p2"</ETag><Size>9</Size></Part></ListPartsResult>`,
  uploads: `<ListMultipartUploadsResult ${NS}><IsTruncated>false</IsTruncated><Upload><Key>k</Key><UploadId>u</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload></ListMultipartUploadsResult>`,
  error: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>NoSuchKey</Code><Message>It is &apos;gone&apos;</Message><Resource/></Error>`,
};

/** Whole numbers below a bound. */
export type Dice = (below: number) => number;

/** Reproducible chance (mulberry32). */
export function dice(seed: number): Dice {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

function pick<T>(roll: Dice, from: readonly T[]): T {
  return from[roll(from.length)] as T;
}

const SNIPPETS = [
  ...["<", ">", "</", "/>", "<a>", "</a>", "<a/>", "<!--", "-->", "--", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE r>"],
  ...["&", ";", "&amp;", "&#65;", "&#x41;", "&#0;", "&#xD800;", "&#x110000;", "&nope;", "&#", '"', "'", "=", ":", "/"],
  ...[
    "\0",
    "\u0001",
    "\r",
    "\n",
    "\t",
    " ",
    "\uFEFF",
    "\uFFFE",
    "\uD83D",
    "😀",
    "é",
    "<a:b>",
    "</a:b>",
    "<1>",
    "<a b='>'>",
  ],
  ...[
    '<!ENTITY a "b">',
    "<Contents>",
    "</Contents>",
    "<Key>",
    "</Key>",
    "<IsTruncated>",
    "true",
    "false",
    "<".repeat(40),
  ],
];

/** A document with one to four faults. */
export function spoilt(roll: Dice): string {
  const all = Object.values(known);
  let text = pick(roll, all);
  for (let faults = 1 + roll(4); faults > 0; faults--) {
    const [from, length] = [roll(text.length + 1), 1 + roll(roll(4) === 0 ? 80 : 6)];
    const [head, tail] = [text.slice(0, from), text.slice(from)];
    const other = pick(roll, all);
    const faulty = [
      () => head + tail.slice(length),
      () => head + tail.slice(0, length) + tail,
      () => head + pick(roll, SNIPPETS) + tail,
      () => head + String.fromCharCode((tail.charCodeAt(0) || 32) ^ (1 << roll(7))) + tail.slice(1),
      () => head + other.slice(roll(other.length)),
      () => head + [...tail.slice(0, length)].toReversed().join("") + tail.slice(length),
    ];
    text = pick(roll, faulty)();
  }
  return text;
}

const LETTERS = [..."abc <>&\"'\t\r\n]]>;#-!?/=é漢😀\u00A0\u2028\uFFFD\u0085", "&amp;", "]]>", "-->", "<!--", "%20"];
const NAMES = ["a", "Key", "_x", "Long.Name-1", "IsTruncated", "Z9", "constructor", "__proto__"];

function words(roll: Dice): string {
  return Array.from({ length: roll(12) }, () => pick(roll, LETTERS)).join("");
}

/** A tree of up to 31 levels and some 40 elements. */
export function tree(roll: Dice, depth = 1, spare = { elements: 40 }): Markup {
  const name = pick(roll, NAMES);
  const children = depth > 30 || roll(4) === 0 ? 0 : Math.min(spare.elements, 1 + roll(roll(6) === 0 ? 12 : 2));
  spare.elements -= children;
  if (children === 0) return [name, words(roll)];
  return [name, Array.from({ length: children }, () => tree(roll, depth + 1, spare))];
}

/** A tree as another writer might write it: other quotes, references, CDATA, comments, prefixes, space between elements. */
export function dressed(roll: Dice, [name, content]: Markup): string {
  const prefix = pick(roll, ["", "", "s3:", "_p-1:"]);
  const attributes = pick(roll, ["", "", ' a="1"', " b='>' c=\"/>\"", "\n\tx:y = '\"'\r\n", ' d="&lt;"']);
  const open = `<${prefix}${name}${attributes}`;
  if (content.length === 0 && roll(2)) return `${open}${pick(roll, ["", " "])}/>`;
  const between = (): string => pick(roll, ["", "", "\n  ", "\r\n", "<!-- <a> & -->", "<?pi <b> ?>", "\t<!---->"]);
  const inner =
    typeof content === "string"
      ? [...content].map((letter) => written(roll, letter)).join("")
      : content.map((child) => between() + dressed(roll, child)).join("") + between();
  return `${open}>${inner}</${prefix}${name}${pick(roll, ["", "", " \n"])}>`;
}

function written(roll: Dice, letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  const reference = [`&#${code};`, `&#x${code.toString(16)};`, `&#x0${code.toString(16).toUpperCase()};`];
  const named: Readonly<Record<string, string>> = {
    "<": "&lt;",
    ">": "&gt;",
    "&": "&amp;",
    '"': "&quot;",
    "'": "&apos;",
  };
  const plain = "<&".includes(letter) ? (named[letter] as string) : letter;
  const cdata = letter === "]" || letter === ">" ? plain : `<![CDATA[${letter}]]>`;
  return pick(roll, [plain, plain, plain, named[letter] ?? plain, pick(roll, reference), cdata, `${plain}<!-- & -->`]);
}
