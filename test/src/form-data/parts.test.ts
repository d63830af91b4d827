import { describe, expect, it } from "vitest";
import { bytesOf } from "../../../src/bytes.ts";
import { partsOf, textOf } from "../../../src/form-data/parts.ts";
import { seeded } from "../../drivers/fs/folder.ts";

const TYPE = 'multipart/form-data; boundary="b-b"';

interface Entry {
  readonly name: string;
  readonly filename: string | undefined;
  readonly type: string | undefined;
  readonly bytes: string;
}

/** Bytes as a text of one character for each. */
const toBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const toText = (pieces: readonly Uint8Array[]): string => pieces.map((piece) => String.fromCharCode(...piece)).join("");

/** A stream of these bytes in pieces of at most so many. */
function streamOf(text: string, sizes: () => number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= text.length) return controller.close();
      const end = at + Math.max(1, sizes());
      controller.enqueue(toBytes(text.slice(at, end)));
      at = end;
    },
  });
}

async function read(text: string, sizes: () => number): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const { pieces, ...head } of partsOf(bytesOf(streamOf(text, sizes)), TYPE)) {
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    entries.push({ ...head, bytes: toText(all) });
  }
  return entries;
}

function write(entries: readonly Entry[]): string {
  const parts = entries.map(({ name, filename, type, bytes }) => {
    const file = filename === undefined ? "" : `; filename="${filename}"`;
    const typed = type === undefined ? "" : `Content-Type: ${type}\r\n`;
    return `--b-b\r\nContent-Disposition: form-data; name="${name}"${file}\r\n${typed}\r\n${bytes}\r\n`;
  });
  return `${parts.join("")}--b-b--\r\n`;
}

describe("partsOf", () => {
  it("gives back whatever was written, however it is cut into pieces", async () => {
    const random = seeded(7);
    const some = <T>(...of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
    const text = (): string => {
      const all = Array.from({ length: Math.floor(random() * 12) }, () =>
        some("\r\n", "\r", "\n", "--", "-", "--b-b", "b-b", "\r\n--", "\r\n--b", "\r\n-", "\0", "\xff", "x"),
      ).join("");
      return all.includes("\r\n--b-b") ? "" : all;
    };
    for (let run = 0; run < 300; run++) {
      const entries = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, n) => ({
        name: `${n}`,
        filename: some(undefined, "", "a.txt"),
        type: some(undefined, "image/png"),
        bytes: text(),
      }));
      const most = some(1, 2, 3, 7, 20, 1000);
      expect(await read(write(entries), () => Math.floor(random() * most) + 1)).toEqual(entries);
    }
  });

  it("takes no beginning of a form for the whole of it", async () => {
    const entry = { name: "a", filename: "a", type: undefined, bytes: "1\r\n-2" };
    const form = write([entry, { ...entry, filename: undefined }]);
    // What is behind the last two dashes is nobody's.
    for (let length = 0; length < form.length - 2; length++)
      await expect(
        read(form.slice(0, length), () => 5),
        `${length}`,
      ).rejects.toMatchObject({ name: "FormError" });
  });
});

it("textOf joins characters that pieces have cut, and keeps a byte order mark", () => {
  const bytes = new TextEncoder().encode("\ufeff二é");
  expect(textOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toBe("\ufeff二é");
  expect(() => textOf([bytes.subarray(0, -1)])).toThrow(/no text in UTF-8/);
});
