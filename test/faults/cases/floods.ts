/** F10, A3, A5, H3: answers without end, in every place where an answer can have none. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import type { Logged } from "../proxy.ts";
import type { FaultCase, Rig } from "../rig.ts";

type Flood = Extract<Fault, { readonly do: "flood" }>;

const OK = "HTTP/1.1 200 OK\r\n";
const HEAD = `${OK}etag: "e"\r\nconnection: close\r\n`;
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';

/** Bytes that a client may take of an answer that it gives up, with what sockets hold and 16 MiB of document. */
const MOST = 64 * 1024 * 1024;

/** Milliseconds between two bytes that no machine reaches by being busy: what ends an answer must be the limit on all of it. */
const SILENCE = 250;

/** Heads without end, by name: whatever is asked is answered so. */
const HEADS: Readonly<Record<string, Omit<Flood, "do">>> = {
  "header lines": { begin: OK, piece: "x-amz-meta-a: v\r\n" },
  "one header": { begin: `${OK}x-amz-meta-a: `, piece: "v" },
  "a status line": { begin: "HTTP/1.1 200 ", piece: "O", every: 100 },
  "interim answers": { begin: "", piece: "HTTP/1.1 102 Processing\r\n\r\n" },
  "interim answers to go on": { begin: "", piece: "HTTP/1.1 100 Continue\r\n\r\n" },
  "interim answers, one after the other": { begin: "", piece: "HTTP/1.1 103 Early\r\n\r\n", every: 100 },
  "header lines, one after the other": { begin: OK, piece: "x-a: v\r\n", every: 100 },
};

/** Documents and bodies without end: which operation is answered so, and with what. */
const BODIES: Readonly<Record<string, readonly [operation: string, flood: Omit<Flood, "do">]>> = {
  "a listing of keys": [
    "ListObjectsV2",
    {
      begin: `${HEAD}\r\n${DECLARATION}<ListBucketResult>`,
      piece: "<Contents><Key>k</Key><Size>1</Size><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>",
    },
  ],
  "a listing of a text": ["ListObjectsV2", { begin: `${HEAD}\r\n<ListBucketResult><Name>`, piece: "x" }],
  "a listing of levels": ["ListObjectsV2", { begin: `${HEAD}\r\n`, piece: "<a>" }],
  "the spaces of a completion": ["CompleteMultipartUpload", { begin: `${HEAD}\r\n`, piece: " " }],
  "an error of a gigabyte": [
    "GetObject",
    { begin: `HTTP/1.1 403 F\r\ncontent-length: 1073741824\r\n\r\n<Error><Code>`, piece: "A" },
  ],
  "an error of an upload": ["PutObject", { begin: "HTTP/1.1 403 F\r\nconnection: close\r\n\r\n", piece: "<x>" }],
  "the body of an acknowledged upload": ["PutObject", { begin: `${HEAD}\r\n`, piece: "x" }],
  "the body of an acknowledged delete": [
    "DeleteObject",
    { begin: "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", piece: "x" },
  ],
};

/** Asks for these at a time: each is an error soon, or where it `may` be, a success. What hangs is ended by the runner. */
async function ends(rig: Rig, operations: readonly string[], may = false, silence = 500): Promise<void> {
  const store = rig.store({ timeout: { headers: 500, body: silence }, retry: { attempts: 1 } });
  const state = { key: "k", uploadId: "u", partSize: 1, parts: [] };
  const upload = await store.resumeMultipartUpload("k", state);
  const verbs: Readonly<Record<string, () => Promise<unknown>>> = {
    HeadObject: () => store.head("k"),
    GetObject: async () => (await store.download("k")).text(),
    ListObjectsV2: () => store.list().pages().next(),
    PutObject: () => store.upload("k", "x"),
    DeleteObject: () => store.delete("k"),
    CompleteMultipartUpload: () => upload.complete([{ partNumber: 1, etag: '"e"', size: 1 }]),
  };
  const outcomes = Object.entries(verbs).map(async ([verb, call]) => {
    if (!operations.includes(verb)) return;
    try {
      await call();
      ok(may, `${verb} was acknowledged`);
    } catch (error) {
      await rig.rejects(
        ["unavailable", "timeout", "corrupt", "denied", "ambiguous"],
        () => Promise.reject(error),
        verb,
      );
    }
  });
  await Promise.all(outcomes);
  await store.dispose();
}

/** Requires that all connections are let go, before much was taken. */
async function gone(rig: Rig, what: string): Promise<void> {
  const flooded = async (): Promise<Logged[]> => (await rig.seen()).log.filter(({ flood }) => flood?.open);
  for (let look = 0; look < 200 && (await flooded()).length > 0; look++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  same((await flooded()).length, 0, `${what}: connections that are still taken from`);
  const most = Math.max(...(await rig.seen()).log.map(({ flood }) => flood?.bytes ?? 0));
  ok(most < MOST, `${what}: ${most} bytes were taken of one answer`);
}

export const floodCases: readonly FaultCase[] = [
  ...Object.entries(HEADS).map(([what, flood]): FaultCase => ({
    row: "F10",
    name: `an answer of ${what} without end is none, whatever was asked: an error soon`,
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "flood", ...flood }] }] });
      await ends(rig, ["HeadObject", "PutObject"]);
      // Of interim ones nothing is held, and workerd takes them for answers, whose connection it keeps.
      if (!what.startsWith("interim")) await gone(rig, what);
    },
  })),
  {
    row: "H3",
    name: "documents, errors and bodies without end are given up, and their connections let go",
    async run(rig) {
      for (const [what, [operation, flood]] of Object.entries(BODIES)) {
        await rig.set({ objects: { k: "x" }, rules: [{ operation, faults: [{ do: "flood", ...flood }] }] });
        await ends(rig, [operation], /acknowledged/.test(what));
        await gone(rig, what);
      }
    },
  },
  {
    row: "B6",
    name: "documents, errors and bodies of which a byte comes now and then for ever are given up, and their connections let go",
    async run(rig) {
      const trickle = (operation: string, begin: string): Rule => ({
        operation,
        faults: [{ do: "flood", begin, piece: " ", every: 10 }],
      });
      const refused = "HTTP/1.1 403 F\r\nconnection: close\r\n\r\n";
      await rig.set({ rules: [trickle("ListObjectsV2", `${HEAD}\r\n`), trickle("GetObject", refused)] });
      await ends(rig, ["ListObjectsV2", "GetObject"], false, SILENCE);
      await gone(rig, "a document and an error");
      await rig.set({ rules: [trickle("PutObject", `${HEAD}\r\n`), trickle("DeleteObject", `${HEAD}\r\n`)] });
      await ends(rig, ["PutObject", "DeleteObject"], true, SILENCE);
      await gone(rig, "what nobody reads");
    },
  },
];
