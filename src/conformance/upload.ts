/** Every kind of body is stored byte for byte; anything else is refused. */
import type { UploadBody } from "../interface.ts";
import { ok, rejects, same, sameBytes } from "./assert.ts";
import { BODIES } from "./bodies.ts";
import { cut, noise, source } from "./bytes.ts";
import type { Case, Context } from "./case.ts";

const BYTES = noise(96, 7);

/** Uploads, and reads back in two ways. */
async function stores({ driver, prefix }: Context, body: UploadBody, expected: Uint8Array): Promise<void> {
  const key = `${prefix}body.bin`;
  const info = await driver.upload(key, body);
  same(info.size, expected.byteLength, "size that upload gives");
  sameBytes(await (await driver.download(key)).bytes(), expected, "bytes read back");
  same((await driver.head(key))?.size, expected.byteLength, "size that head gives");
}

const NO_BODIES: Readonly<Record<string, () => unknown>> = {
  "a number": () => 5,
  undefined: () => undefined,
  "a plain object": () => ({ a: 1 }),
  "a boolean": () => true,
  "a Response that was read": async () => {
    const response = new Response("gone");
    await response.text();
    return response;
  },
  "a locked ReadableStream": () => {
    const { stream } = source([BYTES]);
    stream.getReader();
    return stream;
  },
  "a stream that gives a number": () => source([3 as unknown as Uint8Array]).stream,
};

/** Bodies of every type. */
export const uploadCases: readonly Case[] = [
  ...Object.entries(BODIES).map(([name, make]): Case => ({
    name: `upload: ${name}`,
    run: (context) => stores(context, ...make()),
  })),
  ...Object.entries(NO_BODIES).map(([name, make]): Case => ({
    name: `upload: ${name} is refused and leaves the old object`,
    async run({ driver, prefix }) {
      const key = `${prefix}kept`;
      await driver.upload(key, "old");
      const body = (await make()) as UploadBody;
      await rejects("invalid-option", () => driver.upload(key, body), `upload of ${name}`);
      same(await (await driver.download(key)).text(), "old", "what was there");
    },
  })),
  {
    name: "upload: gives key, size, etag, type and location",
    async run({ driver, prefix }) {
      const key = `${prefix}picture.png`;
      const info = await driver.upload(key, BYTES);
      same([info.key, info.size, info.contentType], [key, BYTES.byteLength, "image/png"], "what upload gives");
      ok(/^"[^"]+"$/.test(info.etag), `etag must be a quoted value, got ${info.etag}`);
      ok(info.location.length > 0, "location must say where the bytes are");
      const other = await driver.upload(`${prefix}other.png`, BYTES);
      ok(other.location !== info.location, "another object must have another location");
      ok(info.url === null || URL.canParse(info.url), `url must be null or absolute, got ${info.url}`);
      same((await driver.head(key))?.etag, info.etag, "etag of head");
      same((await driver.head(key))?.location, info.location, "location of head");
    },
  },
  {
    name: "upload: replaces the object, with its headers and metadata",
    async run({ driver, prefix }) {
      const key = `${prefix}twice`;
      const first = await driver.upload(key, "first, longer", {
        contentType: "text/css",
        metadata: { a: "1" },
        cacheControl: "no-store",
      });
      const second = await driver.upload(key, "second");
      const read = await driver.download(key);
      same(await read.text(), "second", "text");
      same(
        [read.contentType, read.metadata, read.cacheControl],
        ["application/octet-stream", {}, undefined],
        "headers of the first version",
      );
      ok(first.etag !== second.etag, "a new version must have a new etag");
    },
  },
  {
    name: "upload: what the caller does to its bytes later does not reach the object",
    async run({ driver, prefix }) {
      const key = `${prefix}mine`;
      const bytes = BYTES.slice();
      await driver.upload(key, bytes);
      bytes.fill(0);
      const read = await (await driver.download(key)).bytes();
      sameBytes(read, BYTES, "bytes after the caller overwrote its own");
      read.fill(1);
      const reader = (await driver.download(key)).body.getReader();
      (await reader.read()).value?.fill(2);
      await reader.cancel();
      sameBytes(await (await driver.download(key)).bytes(), BYTES, "bytes after readers overwrote their own");
    },
  },
  {
    name: "upload: twenty at a time to different keys",
    async run({ driver, prefix }) {
      const all = Array.from({ length: 20 }, (_, at) => ({
        key: `${prefix}many/${at}`,
        bytes: noise(1000 + at, at + 1),
      }));
      await Promise.all(all.map(({ key, bytes }) => driver.upload(key, source(cut(bytes, [99])).stream)));
      for (const { key, bytes } of all) sameBytes(await (await driver.download(key)).bytes(), bytes, key);
    },
  },
  {
    name: "upload: ten at a time to one key leave one of them whole",
    async run({ driver, prefix }) {
      const key = `${prefix}one`;
      const all = Array.from({ length: 10 }, (_, at) => noise(5000 + at, at + 1));
      await Promise.all(all.map((bytes) => driver.upload(key, bytes)));
      const read = await driver.download(key);
      const bytes = await read.bytes();
      same(bytes.byteLength, read.size, "bytes against the announced size");
      sameBytes(bytes, all[bytes.byteLength - 5000] ?? new Uint8Array(0), "the winner's bytes");
    },
  },
];
