/** Keys that real stores and file systems mangle: every verb must keep each byte for byte. */
import { rejects, same } from "./assert.ts";
import type { Case, Context } from "./case.ts";

/** Keys below the prefix of the case, by description. */
const BELOW: Readonly<Record<string, string>> = {
  "a space": "a b",
  "spaces at both ends": " a ",
  "a plus": "a+b",
  "a percent sign": "100%",
  "%20 in clear": "a%20b",
  "%2F in clear": "a%2Fb",
  "%2e%2e in clear": "a/%2e%2e/b",
  "%00 in clear": "a%00b",
  "an invalid percent escape": "a%zz%",
  "; : @ & = $ ,": ";:@&=$,",
  "? #": "a?b=c#d",
  "' ( ) * ! ~": "'()*!~",
  "< > & \" '": '<a href="x">&amp;\'</a>',
  "[ ] { } ^ | `": "[a]{b}^|`",
  "a backslash": "a\\b",
  "a drive letter": "C:\\dir\\file",
  "a colon": "a:b",
  "two slashes": "a//b",
  "three slashes": "a///b",
  "a trailing slash": "dir/",
  "two trailing slashes": "dir//",
  "accents, composed": "caf\u00e9",
  "accents, decomposed": "cafe\u0301",
  "CJK, Arabic, Thai": "世界/مرحبا/ไทย",
  "an emoji of several code points": "👩‍👩‍👧‍👦",
  "a character beyond the BMP": "𝒳",
  "U+FFFD": "a\ufffdb",
  "a byte order mark": "\ufeffa",
  "a line separator": "a\u2028b",
  "a right-to-left mark": "a\u200fb",
  "a tab": "a\tb",
  "a line feed": "a\nb",
  "a carriage return": "a\rb",
  "U+0001": "a\u0001b",
  "U+001F": "a\u001fb",
  DEL: "a\u007fb",
  "a C1 control": "a\u0085b",
  "U+FFFE": "a\ufffeb",
  "U+FFFF": "a\uffffb",
  "three dots": "...",
  "a hidden file": ".hidden",
  "dots at both ends": "..a..",
  "a trailing dot": "a.",
  "a Windows device name": "CON",
  "a Windows device name with extension": "aux.txt",
  "a key-value meta key": "a$",
  __proto__: "__proto__",
  constructor: "constructor",
  "a segment of 255 bytes": "s".repeat(255),
  "a segment of 256 bytes": "s".repeat(256),
  "a segment of 300 two-byte characters": "é".repeat(300),
  "sixty segments": Array.from({ length: 60 }, (_, at) => `d${at}`).join("/"),
};

/** Keys that are made from the prefix, since the whole key matters. */
const WHOLE: Readonly<Record<string, (prefix: string) => string>> = {
  "a leading slash": (prefix) => `/${prefix}lead`,
  "two leading slashes": (prefix) => `//${prefix}lead`,
  "1024 bytes in segments": (prefix) => fill(prefix, 1024, `${"d".repeat(99)}/`),
  "1024 bytes in one segment": (prefix) => fill(prefix, 1024, "f"),
  "1024 bytes of three-byte characters": (prefix) => fill(`${prefix}${"世".repeat(200)}/`, 1024, "界"),
};

function fill(start: string, bytes: number, piece: string): string {
  const encoder = new TextEncoder();
  const [left, step] = [bytes - encoder.encode(start).length, encoder.encode(piece).length];
  const rest = left % step;
  const key = start + piece.repeat((left - rest) / step) + "x".repeat(rest);
  // A trailing slash is another case.
  return key.endsWith("/") ? `${key.slice(0, -1)}x` : key;
}

/** Put, head, get, list, copy, move and delete by one key. */
async function roundTrip({ driver, prefix }: Context, key: string): Promise<void> {
  same((await driver.upload(key, "v1", { contentType: "text/x-key" })).key, key, "key that upload gives");
  same((await driver.head(key))?.key, key, "key that head gives");
  const read = await driver.download(key);
  same([read.key, read.contentType, await read.text()], [key, "text/x-key", "v1"], "what download gives");
  same(await driver.exists(key), true, "exists");

  const scope = key.startsWith(prefix) ? prefix : key.slice(0, key.indexOf(prefix) + prefix.length);
  same(await keysBelow({ driver, prefix: scope }), [key], "keys in the listing");
  same(await keysBelow({ driver, prefix: key }), [key], "keys in the listing with the key as prefix");

  await driver.copy(key, `${prefix}copy of it`);
  same(await (await driver.download(`${prefix}copy of it`)).text(), "v1", "text of the copy");
  await driver.delete(key);
  same(await driver.exists(key), false, "exists after delete");
  const back = await driver.move(`${prefix}copy of it`, key);
  same([back.key, await (await driver.download(key)).text()], [key, "v1"], "key and text after it was moved back");
  await driver.delete([key]);
  same(
    [await driver.head(key), await keysBelow({ driver, prefix: scope })],
    [null, []],
    "head and listing after delete of many",
  );
}

async function keysBelow({
  driver,
  prefix,
}: Pick<Context, "driver" | "prefix">): Promise<readonly (string | undefined)[]> {
  const keys = [];
  for await (const entry of driver.list({ prefix })) keys.push(entry.key);
  return keys;
}

/** Pairs of keys that some store takes for the same key. */
const DISTINCT: Readonly<Record<string, readonly [string, string]>> = {
  "upper and lower case": ["Read.Me", "read.me"],
  "composed and decomposed accents": ["caf\u00e9", "cafe\u0301"],
  "one slash and two": ["a/b", "a//b"],
  "with and without a trailing slash": ["dir", "dir/"],
  "an object and one below it": ["a", "a/b"],
  "an object and one two levels below it": ["a", "a/b/c"],
  "plus and space": ["a+b", "a b"],
  "an escape and what it stands for": ["a%20b", "a b"],
  "an escaped slash and a slash": ["a%2Fb", "a/b"],
  "a twice escaped slash and an escaped one": ["a%252Fb", "a%2Fb"],
  "backslash and slash": ["a\\b", "a/b"],
  "colon and slash": ["a:b", "a/b"],
  "with and without a trailing dot": ["a", "a."],
  "with and without a trailing space": ["a", "a "],
  "with and without a query": ["a", "a?b"],
  "with and without a fragment": ["a", "a#b"],
  "two long keys that part at the end": [`${"l".repeat(240)}1`, `${"l".repeat(240)}2`],
};

async function staysTwo({ driver, prefix }: Context, pair: readonly [string, string]): Promise<void> {
  const [first, second] = pair.map((name) => prefix + name) as [string, string];
  const text = async (key: string): Promise<string> => (await driver.download(key)).text();
  for (const [one, other] of [
    [first, second],
    [second, first],
  ] as const) {
    await driver.upload(one, "one");
    same(await driver.exists(other), false, "the other key, which was not written");
    await driver.upload(other, "other");
    same([await text(one), await text(other)], ["one", "other"], "texts of both");
    same(new Set(await keysBelow({ driver, prefix })).size, 2, "number of keys in the listing");
    await driver.delete(one);
    same([await driver.exists(one), await text(other)], [false, "other"], "the deleted one, and the one that stays");
    await driver.delete(other);
  }
}

/** Keys that every verb must accept as they are. */
export const keyCases: readonly Case[] = [
  ...Object.entries(BELOW).map(([name, key]): Case => ({
    name: `key: ${name}`,
    run: (context) => roundTrip(context, context.prefix + key),
  })),
  ...Object.entries(WHOLE).map(([name, make]): Case => ({
    name: `key: ${name}`,
    run: (context) => roundTrip(context, make(context.prefix)),
  })),
  ...Object.entries(DISTINCT).map(([name, pair]): Case => ({
    name: `key: ${name} are two objects`,
    run: (context) => staysTwo(context, pair),
  })),
];

const REFUSED: Readonly<Record<string, (prefix: string) => string>> = {
  "an empty key": () => "",
  "a single dot": () => ".",
  "two dots": () => "..",
  "a dot segment at the start": (prefix) => `./${prefix}x`,
  "a dot segment in the middle": (prefix) => `${prefix}a/./b`,
  "a dot segment at the end": (prefix) => `${prefix}a/.`,
  "a dot-dot segment at the start": (prefix) => `../${prefix}x`,
  "a dot-dot segment in the middle": (prefix) => `${prefix}a/../b`,
  "a dot-dot segment at the end": (prefix) => `${prefix}a/..`,
  "a dot-dot segment after a leading slash": () => "/../x",
  "a dot-dot segment before a trailing slash": (prefix) => `${prefix}a/../`,
  "a lone high surrogate": (prefix) => `${prefix}a\ud800b`,
  "a lone low surrogate": (prefix) => `${prefix}a\udc00`,
  "surrogates in the wrong order": (prefix) => `${prefix}\udc00\ud800`,
  "1025 bytes": (prefix) => fill(prefix, 1025, "f"),
  "1025 bytes in 513 characters": (prefix) => fill(prefix, 1025, "é"),
};

async function everyVerbRefuses({ driver, prefix }: Context, key: string): Promise<void> {
  const good = `${prefix}good`;
  await driver.upload(good, "untouched");
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    upload: () => driver.upload(key, "x"),
    download: () => driver.download(key),
    delete: () => driver.delete(key),
    "delete of many": () => driver.delete([good, key]),
    exists: () => driver.exists(key),
    presign: () => driver.presign(key),
    head: () => driver.head(key),
    "copy from": () => driver.copy(key, `${prefix}x`),
    "copy to": () => driver.copy(good, key),
    "move from": () => driver.move(key, `${prefix}x`),
    "move to": () => driver.move(good, key),
    createMultipartUpload: () => driver.createMultipartUpload(key),
  };
  for (const [verb, call] of Object.entries(calls)) await rejects("invalid-key", call, verb);
  same(await (await driver.download(good)).text(), "untouched", "the object of the valid key");
  same(await keysBelow({ driver, prefix }), [good], "keys in the listing");
}

/** Keys that every verb must refuse. */
export const refusedKeyCases: readonly Case[] = [
  ...Object.entries(REFUSED).map(([name, make]): Case => ({
    name: `key: ${name} is refused by every verb`,
    run: (context) => everyVerbRefuses(context, make(context.prefix)),
  })),
  {
    name: "key: what is not a string is refused",
    async run({ driver }) {
      for (const key of [undefined, null, 5, {}]) {
        await rejects("invalid-key", () => driver.upload(key as unknown as string, "x"), `upload to ${String(key)}`);
        await rejects("invalid-key", () => driver.head(key as unknown as string), `head of ${String(key)}`);
      }
    },
  },
];
