import { describe, expect, it } from "vitest";
import { type Element, isXmlText, type Markup, readXml, writeXml } from "../../../src/s3/xml.ts";
import type { Driver } from "../../../src/driver.ts";
import { StorageError } from "../../../src/error.ts";
import { recorder, stubbed } from "../../support/stubbed.ts";
import { type Dice, dice, dressed, known, spoilt, tree } from "./documents/generate.ts";

/** Documents per property, and the seed of the first: `DOCUMENTS=1000000 DOCUMENTS_SEED=7` looks for longer, elsewhere. */
const COUNT = Number(process.env["DOCUMENTS"] ?? 20_000);
const FIRST = Number(process.env["DOCUMENTS_SEED"] ?? 1);

/** Runs a property on many seeds, and names the one that it fails for. */
function seeds(count: number, property: (roll: Dice) => void): void {
  for (let seed = FIRST; seed < FIRST + count; seed++) {
    try {
      property(dice(seed));
    } catch (cause) {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

const decoder = new TextDecoder();

/** The element as far as a document without mixed content can say it. */
function toMarkup({ name, children, text }: Element): Markup {
  return [name, children.length === 0 ? text : children.map(toMarkup)];
}

/** By text: `toEqual` takes longer than all else here. */
function same(read: Element, written: Markup): void {
  const [is, should] = [JSON.stringify(toMarkup(read)), JSON.stringify(written)];
  if (is !== should) throw new Error(`read ${is}\nfor ${should}`);
}

function levels({ children }: Element): number {
  return 1 + children.reduce((most, child) => Math.max(most, levels(child)), 0);
}

function texts({ text, children }: Element): string[] {
  return [text, ...children.flatMap(texts)];
}

describe("readXml of documents that stores write", () => {
  it.each(Object.entries(known))("is corrupt wherever %s is cut, in the middle of a letter too", (_, document) => {
    const bytes = new TextEncoder().encode(document);
    const end = decoder.decode(bytes).lastIndexOf(">");
    expect(readXml(decoder.decode(bytes)).children.length).toBeGreaterThan(0);
    for (let cut = 0; cut < bytes.length; cut++) {
      const text = decoder.decode(bytes.subarray(0, cut));
      if (text.length > end) continue;
      expect(() => readXml(text), `cut at ${cut}`).toThrow(expect.objectContaining({ code: "corrupt" }));
    }
  });
});

describe("readXml of spoilt documents", () => {
  it("gives a tree or corrupt, never another error; and what it gives can be written", () => {
    let read = 0;
    seeds(COUNT, (roll) => {
      const document = spoilt(roll);
      let root: Element;
      try {
        root = readXml(document);
      } catch (error) {
        if (StorageError.is(error) && error.code === "corrupt") return;
        throw error;
      }
      read++;
      if (levels(root) > 32) throw new Error(`${levels(root)} levels of ${JSON.stringify(document)}`);
      if (!texts(root).every(isXmlText)) return;
      same(readXml(decoder.decode(writeXml(toMarkup(root)))), toMarkup(root));
    });
    // Else the faults are so coarse that nothing is read, or so fine that they are none.
    expect(read / COUNT).toBeGreaterThan(0.05);
    expect(read / COUNT).toBeLessThan(0.6);
  });
});

describe("readXml of any tree", () => {
  it("gives what writeXml was given", () => {
    seeds(COUNT / 10, (roll) => {
      const root = tree(roll);
      same(readXml(decoder.decode(writeXml(root))), root);
    });
  });

  it("gives what another writer was given, whatever its style", () => {
    seeds(COUNT / 10, (roll) => {
      const root = tree(roll);
      same(readXml(`<?xml version="1.0"?>\n<!-- ${roll(9)} -->${dressed(roll, root)}`), root);
    });
  });
});

/** Each verb that reads a document, and what it makes of the whole one. */
const verbs: Readonly<Record<string, { readonly run: (store: Driver) => Promise<unknown>; readonly whole: unknown }>> =
  {
    listing: {
      run: async (store) => (await store.list({ prefix: "é/", delimiter: "/" }).pages().next()).value,
      whole: expect.objectContaining({
        objects: [expect.objectContaining({ key: "é/a <1>" }), expect.objectContaining({ key: "é/b", size: 2 })],
        prefixes: ["é/c/"],
        cursor: expect.any(String),
      }),
    },
    deleted: {
      run: async (store) => {
        const error = await store.delete(["a", "b"]).catch((reason: unknown) => reason as StorageError);
        if (error?.errors?.[0]?.error.code === "denied") return error.deleted;
        throw error;
      },
      whole: ["b"],
    },
    begun: { run: async (store) => (await store.createMultipartUpload("k")).uploadId, whole: "upload" },
    completed: {
      run: async (store) => {
        const upload = await store.resumeMultipartUpload("k", "upload");
        return (await upload.complete([{ partNumber: 1, etag: '"p"' }])).etag;
      },
      whole: '"e-2"',
    },
    parts: {
      run: async (store) => (await store.resumeMultipartUpload("k", "upload")).parts(),
      whole: [
        { partNumber: 1, etag: '"p1"', size: 5_242_880 },
        { partNumber: 2, etag: '"p2"', size: 9 },
      ],
    },
    uploads: {
      run: async (store) => {
        const keys: string[] = [];
        for await (const { key } of store.listUploads()) keys.push(key);
        return keys;
      },
      whole: ["k"],
    },
  };

/** A driver whose every answer with a document is this one. */
function answered(bytes: Uint8Array<ArrayBuffer>): Driver {
  const head = { headers: { etag: '"e-2"', "content-length": "1" } };
  const { fetch } = recorder(({ method }) => (method === "HEAD" ? new Response(null, head) : new Response(bytes)));
  return stubbed("http://s3", { fetch, retry: { attempts: 1 } });
}

describe("a verb whose answer is a document", () => {
  it.each(Object.entries(verbs))(
    "rejects wherever %s is cut, and takes nothing for its end",
    async (name, { run, whole }) => {
      const document = known[name] ?? "";
      const bytes = new TextEncoder().encode(document);
      const end = new TextEncoder().encode(document.slice(0, document.lastIndexOf(">") + 1)).length;
      expect(await run(answered(bytes))).toEqual(whole);
      for (let cut = 0; cut < end; cut++)
        await expect(run(answered(bytes.slice(0, cut))), `cut at ${cut}`).rejects.toMatchObject({
          code: expect.stringMatching(/^(corrupt|partial|ambiguous)$/),
        });
    },
  );
});
