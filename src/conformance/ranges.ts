/** Byte ranges: the bytes, their headers, and ranges that cannot be served. */
import type { ByteRange } from "../backend.ts";
import { rejects, same, sameBytes } from "./assert.ts";
import { noise, OTHER } from "./bytes.ts";
import type { Case } from "./case.ts";

const SIZE = 1000;
const BYTES = noise(SIZE, 11);

/** A range, with its first and last byte in an object of 1000 bytes. */
const SERVED: Readonly<Record<string, readonly [ByteRange, number, number]>> = {
  "from the start": [{ start: 0, end: 99 }, 0, 99],
  "in the middle": [{ start: 500, end: 509 }, 500, 509],
  "of one byte": [{ start: 7, end: 7 }, 7, 7],
  "of the last byte": [{ start: 999, end: 999 }, 999, 999],
  "that is open": [{ start: 900 }, 900, 999],
  "that is open from the start": [{ start: 0 }, 0, 999],
  "that ends beyond the object": [{ start: 990, end: 5000 }, 990, 999],
  "that is the whole object": [{ start: 0, end: 999 }, 0, 999],
  "of a suffix": [{ suffix: 10 }, 990, 999],
  "of a suffix of one byte": [{ suffix: 1 }, 999, 999],
  "of a suffix as long as the object": [{ suffix: 1000 }, 0, 999],
  "of a suffix beyond the object": [{ suffix: 5000 }, 0, 999],
};

const REFUSED: Readonly<Record<string, unknown>> = {
  "that starts at the end": { start: 1000 },
  "that starts beyond the end": { start: 5000, end: 6000 },
  "with its end before its start": { start: 10, end: 9 },
  "with a negative start": { start: -1 },
  "with a negative end": { start: 0, end: -1 },
  "with a fraction": { start: 0.5 },
  "with NaN": { start: Number.NaN },
  "with Infinity": { start: 0, end: Number.POSITIVE_INFINITY },
  "with text for numbers": { start: "0", end: "5" },
  "of an empty suffix": { suffix: 0 },
  "of a negative suffix": { suffix: -5 },
  "of both kinds": { start: 0, suffix: 5 },
  "of neither kind": {},
  "that is text": "bytes=0-5",
};

const ON_EMPTY: readonly ByteRange[] = [{ start: 0 }, { start: 0, end: 0 }, { suffix: 1 }];

/** Ranges over small objects, and one over several parts. */
export const rangeCases: readonly Case[] = [
  ...Object.entries(SERVED).map(([name, [range, start, end]]): Case => ({
    name: `range: ${name}`,
    async run({ driver, prefix }) {
      const key = `${prefix}ranged`;
      await driver.upload(key, BYTES);
      const read = await driver.download(key, { range });
      const length = end - start + 1;
      // A range that covers the object may be answered as the whole object, without `range`.
      const whole = length === SIZE && read.range === undefined;
      same([read.size, read.contentLength], [SIZE, length], "size of the object, length of the answer");
      same(read.headers.get("content-length"), String(length), "content-length");
      same(read.headers.get("content-range"), whole ? null : `bytes ${start}-${end}/${SIZE}`, "content-range");
      same(read.range, whole ? undefined : { start, end }, "range");
      sameBytes(await read.bytes(), BYTES.slice(start, end + 1), "bytes");
    },
  })),
  ...Object.entries(REFUSED).map(([name, range]): Case => ({
    name: `range: ${name} is invalid`,
    async run({ driver, prefix }) {
      const key = `${prefix}ranged`;
      await driver.upload(key, BYTES);
      await rejects("invalid-range", () => driver.download(key, { range: range as ByteRange }), "download");
    },
  })),
  {
    name: "range: none can be served of an empty object",
    async run({ driver, prefix }) {
      const key = `${prefix}empty`;
      await driver.upload(key, "");
      for (const range of ON_EMPTY)
        await rejects("invalid-range", () => driver.download(key, { range }), JSON.stringify(range));
      same((await (await driver.download(key)).bytes()).byteLength, 0, "the whole empty object");
    },
  },
  {
    name: "range: of an absent key is not-found",
    async run({ driver, prefix }) {
      await rejects("not-found", () => driver.download(`${prefix}absent`, { range: { start: 0, end: 1 } }), "download");
    },
  },
  {
    name: "range: across the border of two parts",
    async run({ driver, prefix, partSize }) {
      const key = `${prefix}parts`;
      const bytes = noise(2 * partSize + 100, 12);
      await driver.upload(key, bytes);
      const range = { start: partSize - 50, end: partSize + 49 };
      sameBytes(
        await (await driver.download(key, { range })).bytes(),
        bytes.slice(range.start, range.end + 1),
        "bytes at the border",
      );
      sameBytes(
        await (await driver.download(key, { range: { suffix: 120 } })).bytes(),
        bytes.slice(-120),
        "the last bytes",
      );
    },
  },
  {
    name: "range: pieces that are read side by side make the object",
    async run({ driver, prefix }) {
      const key = `${prefix}pieces`;
      await driver.upload(key, BYTES);
      const starts = [0, 250, 500, 750];
      const pieces = await Promise.all(
        starts.map(async (start) => (await driver.download(key, { range: { start, end: start + 249 } })).bytes()),
      );
      sameBytes(new Uint8Array(await new Blob(pieces).arrayBuffer()), BYTES, "pieces in order");
    },
  },
  {
    name: "range: goes with conditions",
    async run({ driver, prefix }) {
      const key = `${prefix}conditional`;
      const { etag } = await driver.upload(key, BYTES);
      const range = { start: 1, end: 2 };
      sameBytes(
        await (await driver.download(key, { range, ifMatch: etag })).bytes(),
        BYTES.slice(1, 3),
        "range with the right ifMatch",
      );
      await rejects(
        "precondition-failed",
        () => driver.download(key, { range, ifMatch: OTHER }),
        "range with a wrong ifMatch",
      );
      await rejects(
        "not-modified",
        () => driver.download(key, { range, ifNoneMatch: etag }),
        "range with a matching ifNoneMatch",
      );
    },
  },
];
