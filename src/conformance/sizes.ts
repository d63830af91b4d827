/** Bodies around the size of a part, in pieces that do not align with parts. */
import type { UploadBody, UploadProgress } from "../interface.ts";
import { ok, same, sameBytes } from "./assert.ts";
import { collect, cut, iterate, noise, source } from "./bytes.ts";
import type { Case } from "./case.ts";

const SIZES: Readonly<Record<string, (part: number) => number>> = {
  "no byte": () => 0,
  "one byte": () => 1,
  "a part less one byte": (part) => part - 1,
  "exactly a part": (part) => part,
  "a part and one byte": (part) => part + 1,
  "two parts and one byte": (part) => 2 * part + 1,
};

interface Kind {
  readonly make: (bytes: Uint8Array<ArrayBuffer>, part: number) => UploadBody;
  /** Whether the length is known in advance. */
  readonly known: boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  bytes: { make: (bytes) => bytes, known: true },
  "a Blob": { make: (bytes) => new Blob([bytes]), known: true },
  "a stream in odd pieces": {
    make: (bytes) => source(cut(bytes, [1, 8191, 65_537, 13, 262_145])).stream,
    known: false,
  },
  "a byte stream in odd pieces": {
    make: (bytes) => source(cut(bytes, [7, 300_001, 4096, 1]), "end", "bytes").stream,
    known: false,
  },
  "a stream in pieces larger than a part": {
    make: (bytes, part) => source(cut(bytes, [part + 3, 5])).stream,
    known: false,
  },
  "an async iterable": { make: (bytes) => iterate(cut(bytes, [100_003])), known: false },
};

/** Sizes that are tested with every kind of body; others only with bytes and one stream. */
const EVERY_KIND = new Set(["a part and one byte", "two parts and one byte"]);
const SOME_KINDS = new Set(["bytes", "a stream in odd pieces"]);

/** All sizes, each with its kinds of body. */
export const sizeCases: readonly Case[] = Object.entries(SIZES).flatMap(([size, of]) =>
  Object.entries(KINDS)
    .filter(([kind]) => EVERY_KIND.has(size) || SOME_KINDS.has(kind))
    .map(([kind, { make, known }]): Case => ({
      name: `size: ${size}, as ${kind}`,
      async run({ driver, prefix, partSize }) {
        const key = `${prefix}sized`;
        const bytes = noise(of(partSize), 3);
        const steps: UploadProgress[] = [];
        const info = await driver.upload(key, make(bytes, partSize), { onProgress: (step) => void steps.push(step) });
        same(info.size, bytes.byteLength, "size that upload gives");

        const read = await driver.download(key);
        same([read.size, read.contentLength], [bytes.byteLength, bytes.byteLength], "announced size and length");
        sameBytes(await collect(read.body), bytes, "bytes read back");

        const loaded = steps.map((step) => step.loaded);
        ok(
          loaded.every((count, at) => count >= (loaded[at - 1] ?? 0)),
          `progress must not go back: ${loaded.join()}`,
        );
        same(loaded.at(-1) ?? 0, bytes.byteLength, "last progress");
        ok(
          steps.every((step) => step.total === (known ? bytes.byteLength : undefined)),
          "total in progress: only when known",
        );
      },
    })),
);
