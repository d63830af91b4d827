/** Forms by chance, as the runtime writes them, and what may become of their bytes. */
import { chance } from "../../support/chance.ts";

/** A field: its name and value, or a file's name, type and bytes as a text of one character for each. */
export type Field = readonly [name: string, value: string] | readonly [string, string, string, string];

/** A form with what stands in it. */
export interface RandomForm {
  readonly fields: readonly Field[];
  readonly bytes: Buffer;
}

/** What names, values and bytes are made of. */
export interface Alphabet {
  readonly names: readonly string[];
  readonly texts: readonly string[];
}

/** Of as many characters as the runtime's own, which it is put in the place of. */
const BOUNDARY = "----formdata-undici-012345678901";
/** The Content-Type of all of them. */
export const TYPE: string = `multipart/form-data; boundary=${BOUNDARY}`;
const DELIMITER = `\r\n--${BOUNDARY}`;

const usual: Alphabet = {
  names: [
    ...[
      '"',
      "\\",
      '\\"',
      "%",
      "%22",
      "%0D%0A",
      "%0a",
      "%5C",
      "\r\n",
      "\r",
      "\n",
      "\t",
      "\0",
      " ",
      "a",
      "é",
      "二",
      "😀",
    ],
    ...[";", "=", ":", "'", "*", "/", "--", "name", "filename=", '; filename="x', "\u2028"],
  ],
  texts: [
    ...["\r\n", "\r", "\n", "--", "\r\n--", "\r\n--x", DELIMITER.slice(0, 9), DELIMITER.slice(0, 20), "x", "\0", "é"],
    'Content-Disposition: form-data; name="z"\r\n\r\n',
  ],
};

/** Some readers take a boundary within a line for one, and a byte order mark for no text. */
export const hard: Alphabet = {
  names: [...usual.names, BOUNDARY, "\ufeff"],
  texts: [...usual.texts, `--${BOUNDARY}`, `\n--${BOUNDARY}--`, DELIMITER.slice(0, -1), `\r\n-${BOUNDARY}`, "\ufeff"],
};

/** What chance makes of forms. */
export interface RandomForms {
  /** A form of which a file has no more than so many bytes of chance. */
  readonly form: (most: number, alphabet?: Alphabet) => Promise<RandomForm>;
  /** The bytes with one or two places changed, most of them where a part begins. */
  readonly changed: (bytes: Buffer) => Buffer;
  /** The bytes in pieces of any length. */
  readonly pieces: (bytes: Uint8Array) => ReadableStream<Uint8Array>;
}

/** Makes forms by this seed. */
export function randomForms(seed: number): RandomForms {
  const random = chance(seed);
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(of: readonly T[]): T => of[below(of.length)] as T;
  const some = (of: readonly string[], most: number): string => {
    const text = Array.from({ length: below(most + 1) }, () => pick(of)).join("");
    return Buffer.from(text).includes(DELIMITER) ? "" : text;
  };

  function bytesOf({ texts }: Alphabet, most: number): Buffer {
    const random = Uint8Array.from({ length: pick([0, 0, 1, 100, below(most)]) }, () => below(256));
    const bytes = Buffer.concat([Buffer.from(some(texts, 30)), random, Buffer.from(some(texts, 5))]);
    return bytes.includes(DELIMITER) ? Buffer.alloc(0) : bytes;
  }

  async function form(most: number, alphabet = usual): Promise<RandomForm> {
    const form = new FormData();
    for (let count = below(5); count > 0; count--) {
      const name = some(alphabet.names, 8);
      const file = new Blob([new Uint8Array(bytesOf(alphabet, most))], { type: pick(["", "image/png", "a/b; c=d"]) });
      const text = lines(some(alphabet.texts, 20));
      if (random() < 0.5) form.append(name, text.includes(DELIMITER) ? "" : text);
      // Undici writes no empty filename, without which the file is none.
      else form.append(name, file, `${some(alphabet.names, 8)}.x`);
    }
    const written = new Response(form);
    const [, own = ""] = /boundary=(.*)$/.exec(written.headers.get("content-type") ?? "") ?? [];
    const text = Buffer.from(await written.arrayBuffer()).toString("latin1");
    const fields = await Promise.all([...form].map(([name, value]) => fieldOf(lines(name), value)));
    return { fields, bytes: Buffer.from(text.replaceAll(own, BOUNDARY), "latin1") };
  }

  function changed(bytes: Buffer, times = 1 + below(2)): Buffer {
    if (times === 0) return bytes;
    const marks = [DELIMITER, "Content-", "name=", "\r\n\r\n"].map((mark) => bytes.indexOf(mark, below(bytes.length)));
    const near = pick([...marks, -1]);
    const at = near < 0 ? below(bytes.length) : Math.min(bytes.length, Math.max(0, near + below(40) - 4));
    const piece = pick([
      "",
      ...'\r\n"\\ \t;=:-%*\0é',
      "\r\n",
      "--",
      DELIMITER,
      `${DELIMITER}--`,
      '; filename="x"',
      "a: b\r\n",
    ]);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + pick([0, 1, 1, below(60)]))];
    const doubled = bytes.subarray(at, at + below(2));
    return changed(Buffer.concat([before, doubled, Buffer.from(piece), after]), times - 1);
  }

  function pieces(bytes: Uint8Array): ReadableStream<Uint8Array> {
    const most = bytes.byteLength < 2000 ? pick([1, 3, 30, 3000]) : pick([300, 70_000]);
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        const end = at + 1 + below(most);
        if (at < bytes.byteLength) controller.enqueue(bytes.slice(at, end));
        else controller.close();
        at = end;
      },
    });
  }

  return { form, changed, pieces };
}

async function fieldOf(name: string, value: File | string): Promise<Field> {
  if (typeof value === "string") return [unescaped(name), lines(value)];
  const bytes = Buffer.from(await value.arrayBuffer()).toString("latin1");
  return [unescaped(name), unescaped(value.name), value.type || "application/octet-stream", bytes];
}

/** Line ends as forms have them. */
const lines = (text: string): string => text.replace(/\r?\n|\r/g, "\r\n");

/** What is not told from what was escaped. */
const unescaped = (text: string): string => text.replace(/%(?:22|0D|0A)/gi, decodeURIComponent);
