/** C1 to C11, B6: bytes that are missing, changed, packed or slow. */
import { ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const TEXT = "0123456789".repeat(100);

/** Downloads, and requires all of the bytes or an error that says so: never less, never others. */
async function wholeOrError(
  rig: Rig,
  faults: readonly Fault[],
  codes: readonly string[],
  silence = 5000,
): Promise<void> {
  await rig.set({ objects: { k: TEXT }, rules: [{ operation: "GetObject", faults }] });
  for (const read of ["text", "bytes"] as const) {
    const download = async (): Promise<unknown> =>
      (await rig.store({ timeout: { body: silence } }).download("k"))[read]();
    let got: unknown;
    try {
      got = await download();
    } catch (error) {
      await rig.rejects(codes, () => Promise.reject(error as Error), `download by ${read}`);
      continue;
    }
    same(typeof got === "string" ? got : new TextDecoder().decode(got as Uint8Array), TEXT, `download by ${read}`);
  }
}

const cutCases = (["fin", "rst"] as const).flatMap((by) =>
  [0, 400, 999].map((at): FaultCase => ({
    row: "C1",
    name: `a body that always ends after ${at} bytes by ${by} is never taken for whole`,
    run: (rig) => wholeOrError(rig, [{ do: "truncate", at, by }], ["corrupt", "unavailable"]),
  })),
);

const lengthless = (["fin", "rst"] as const).map((by): FaultCase => ({
  row: "C2",
  name: `a short body without a length, ended by ${by}, is never taken for whole`,
  run: (rig) =>
    wholeOrError(rig, [{ do: "close-delimited" }, { do: "truncate", at: 500, by }], ["corrupt", "unavailable"]),
}));

/** Where a source fails: before, in, at the end of a part, and after its last byte. */
const FAILURES: Readonly<Record<string, number>> = {
  "before its first byte": 0,
  "in its first part": 100_000,
  "at the end of its first part": PART,
  "in its second part": PART + 100_000,
};

export const byteCases: readonly FaultCase[] = [
  ...cutCases,
  ...lengthless,
  {
    row: "B6",
    name: "a body that stops coming ends in time, without a deadline for the whole",
    run: (rig) => wholeOrError(rig, [{ do: "stall", at: 400 }], ["timeout"], 300),
  },
  {
    row: "B6",
    name: "a body that comes slowly, for longer than the limit on silence, is read to its end",
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, rules: [{ faults: [{ do: "drip", size: 40, milliseconds: 80 }] }] });
      same(await (await rig.store({ timeout: { body: 1800 } }).download("k")).text(), TEXT, "text");
    },
  },
  {
    row: "B6",
    name: "an answer that never begins ends in time",
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "stall", at: -1 }] }] });
      const store = rig.store({ timeout: { headers: 100 }, retry: { attempts: 2, baseDelay: 1 } });
      await rig.rejects("timeout", () => store.head("k"), "head");
    },
  },
  {
    row: "C3",
    name: "a byte that is flipped on its way up is refused, and nothing is stored",
    async run(rig) {
      await rig.set({ rules: [{ operation: "PutObject", faults: [{ do: "corrupt-request", at: 7 }] }] });
      await rig.rejects("corrupt", () => rig.store().upload("k", TEXT), "upload");
      same(await rig.stored("k"), undefined, "stored");
    },
  },
  {
    row: "S26",
    name: "a byte that is flipped in a part over plain http fails the upload, and leaves nothing",
    async run(rig) {
      const rules: Rule[] = [{ operation: "UploadPart", part: 2, faults: [{ do: "corrupt-request", at: 500 }] }];
      await rig.set({ rules });
      await rig.rejects("corrupt", () => rig.store().upload("k", noise(PART + 1000)), "upload");
      const { objects, uploads } = await rig.seen();
      same([objects, uploads], [{}, []], "objects and uploads");
    },
  },
  {
    row: "S26",
    name: "payloads stay signed over plain http, whatever the options say",
    async run(rig) {
      await rig.rejects("invalid-option", () => rig.store({ signPayload: false }).upload("k", "x"), "upload");
      await rig.store().upload("k", "x");
      ok(
        /^[0-9a-f]{64}$/.test((await rig.seen()).log[0]?.headers["x-amz-content-sha256"] ?? ""),
        "the hash must be sent",
      );
    },
  },
  {
    row: "C4",
    name: "an ETag is no checksum: that of several parts and one of any text serve as they are",
    async run(rig) {
      const store = rig.store();
      const { etag } = await store.upload("k", noise(PART + 1));
      ok(etag.endsWith('-2"'), `of two parts: ${etag}`);
      await store.upload("k", "small", { ifMatch: etag });
      await rig.set({ switches: { objectHeaders: { etag: '"not/an+md5=="' } } });
      const read = await store.download("k");
      same([read.etag, await read.text()], ['"not/an+md5=="', "small"], "etag and text");
    },
  },
  {
    row: "C5",
    name: "a store that knows no checksums stores objects of every size",
    async run(rig) {
      await rig.set({ switches: { noChecksums: true } });
      const store = rig.store();
      await store.upload("small", "x");
      await store.upload("large", noise(PART + 1));
      await store.copy("small", "copy");
      same(Object.keys((await rig.seen()).objects).sort(), ["copy", "large", "small"], "objects");
    },
  },
  ...Object.entries(FAILURES).map(([where, size]): FaultCase => ({
    row: "C6",
    name: `a source that fails ${where} leaves no object and no upload`,
    async run(rig) {
      const reason = new Error("the source broke");
      const { stream } = source(cut(noise(size), [65_536]), { fail: reason });
      const error = await rig
        .store()
        .upload("k", stream)
        .then(String, (thrown: unknown) => thrown);
      rig.check(error);
      const { cause } = error as { cause?: unknown };
      ok(error === reason || cause === reason, `the source's own error must be there, got ${String(error)}`);
      const { objects, uploads } = await rig.seen();
      same([objects, uploads], [{}, []], "objects and uploads");
    },
  })),
  ...[99_999, 100_001, PART + 1].map((size): FaultCase => ({
    row: "C7",
    name: `a stream of 100000 bytes that was to have ${size} stores nothing`,
    async run(rig) {
      const { stream } = source(cut(noise(100_000), [7000]));
      await rig.rejects(["invalid-option", "corrupt"], () => rig.store().upload("k", stream, { size }), "upload");
      const { objects, uploads } = await rig.seen();
      same([objects, uploads], [{}, []], "objects and uploads");
    },
  })),
  {
    row: "C8",
    name: "an object that is stored packed keeps its stored size, and gives all of its bytes",
    async run(rig) {
      const packed = new Blob([TEXT]).stream().pipeThrough(new CompressionStream("gzip"));
      const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
      const store = rig.store();
      await store.upload("k", bytes, { contentEncoding: "gzip" });
      same((await store.head("k"))?.size, bytes.byteLength, "size");
      const read = await (await store.download("k")).bytes();
      // Some runtimes decode and cannot be asked not to: then it is the text, whole.
      if (read.byteLength === bytes.byteLength) sameBytes(read, bytes, "stored bytes");
      else same(new TextDecoder().decode(read), TEXT, "decoded bytes");
    },
  },
  {
    row: "C9",
    name: "nothing is asked to be packed on its way, and that is not signed",
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, rules: [] });
      await (await rig.store().download("k", { range: { start: 1, end: 5 } })).text();
      await rig.store().head("k");
      for (const { headers } of (await rig.seen()).log) {
        // workerd writes this header itself.
        ok(/^(identity|br, gzip|gzip)?$/.test(headers["accept-encoding"] ?? ""), `${headers["accept-encoding"]}`);
        ok(
          !/SignedHeaders=[^,]*accept-encoding/.test(headers["authorization"] ?? ""),
          "accept-encoding must not be signed",
        );
      }
    },
  },
  {
    row: "C9",
    name: "an answer that a proxy has packed is never taken for the object's bytes",
    run: (rig) =>
      wholeOrError(
        rig,
        [{ do: "gzip" }, { do: "headers", set: { "content-length": null } }, { do: "close-delimited" }],
        ["corrupt"],
      ),
  },
  {
    row: "C10",
    name: "a range that is answered with the whole object is cut to it or refused",
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, switches: { noRanges: true } });
      const read = rig.store().download("k", { range: { start: 10, end: 19 } });
      const text = await read.then(
        (object) => object.text(),
        () => null,
      );
      if (text === null) await rig.rejects("corrupt", () => read, "download");
      else same(text, TEXT.slice(10, 20), "text");
    },
  },
  {
    row: "C10",
    name: "a range of an empty object is refused, and a suffix that is too long gives all",
    async run(rig) {
      await rig.set({ objects: { empty: "", k: "0123" } });
      const store = rig.store();
      await rig.rejects("invalid-range", () => store.download("empty", { range: { start: 0 } }), "range of nothing");
      same(await (await store.download("k", { range: { suffix: 99 } })).text(), "0123", "suffix");
    },
  },
  {
    row: "C11",
    name: "the framing of an upload is not the object's encoding",
    async run(rig) {
      await rig.set({ objects: { k: "text" } });
      for (const [sent, kept] of [
        ["aws-chunked", undefined],
        ["aws-chunked,identity", "identity"],
      ] as const) {
        await rig.set({ switches: { objectHeaders: { "content-encoding": sent } } });
        same((await rig.store().head("k"))?.contentEncoding, kept, sent);
      }
    },
  },
];
