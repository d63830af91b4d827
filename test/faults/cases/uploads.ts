/** D1 to D7, D10, I4: uploads of several parts. */
import { failure, ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const DENIED: Fault = { do: "reply", status: 403 };
const BUSY: Fault = { do: "reply", status: 503 };

async function nothingLeft(rig: Rig): Promise<void> {
  const { objects, uploads } = await rig.seen();
  same([objects, uploads], [{}, []], "objects and uploads");
}

export const uploadCases: readonly FaultCase[] = [
  ...(["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"] as const).map((operation): FaultCase => ({
    row: "D1",
    name: `an upload whose ${operation} is refused leaves nothing, and its source is cancelled`,
    async run(rig) {
      await rig.set({ rules: [{ operation, faults: [DENIED] }] });
      const { stream, over } = source(cut(noise(2 * PART), [65_536]));
      await rig.rejects("denied", () => rig.store({ concurrency: 1 }).upload("k", stream), "upload");
      same(await over, operation === "CompleteMultipartUpload" ? "read" : "cancelled", "source");
      await nothingLeft(rig);
    },
  })),
  {
    row: "D1",
    name: "an upload that fails is given up although giving up fails at first",
    async run(rig) {
      await rig.set({
        rules: [
          { operation: "UploadPart", part: 2, faults: [DENIED] },
          { operation: "AbortMultipartUpload", to: 2, faults: [BUSY] },
        ],
      });
      await rig.rejects("denied", () => rig.store().upload("k", noise(PART + 1)), "upload");
      await nothingLeft(rig);
    },
  },
  {
    row: "D1",
    name: "an upload that its caller aborts is given up without the caller's signal",
    async run(rig) {
      await rig.set({ rules: [{ operation: "UploadPart", part: 2, faults: [{ do: "stall", at: -1 }] }] });
      const controller = new AbortController();
      const reason = new Error("no longer wanted");
      const onProgress = (): void => controller.abort(reason);
      const upload = rig.store().upload("k", noise(PART + 1), { signal: controller.signal, onProgress });
      const error = await upload.then(String, (thrown: unknown) => thrown);
      ok(error === reason, `the signal's own reason, not ${String(error)}`);
      await rig.swept();
      await nothingLeft(rig);
    },
  },
  {
    row: "D1",
    name: "an upload that its caller aborts, and that cannot be given up, is named by the events",
    async run(rig) {
      await rig.set({
        rules: [
          { operation: "UploadPart", part: 2, faults: [{ do: "stall", at: -1 }] },
          { operation: "AbortMultipartUpload", faults: [DENIED] },
        ],
      });
      const controller = new AbortController();
      const left: unknown[] = [];
      const store = rig.store({
        onEvent(event) {
          if (event.type !== "attempt" || event.operation !== "AbortMultipartUpload") return;
          left.push({ key: event.key, id: event.uploadId, next: event.next });
        },
      });
      const onProgress = (): void => controller.abort("left");
      const upload = store.upload("k", noise(PART + 1), { signal: controller.signal, onProgress });
      same(await upload.then(String, String), "left", "reason");
      await store.dispose();
      const { uploads } = await rig.seen();
      same(left, [{ key: "k", id: `${uploads[0]?.id}`, next: "fail" }], "what the events say");
    },
  },
  {
    row: "D1",
    name: "an upload that its caller aborts while it begins is given up when its id comes",
    async run(rig) {
      const faults: Fault[] = [{ do: "delay", milliseconds: 1000 }];
      await rig.set({ rules: [{ operation: "CreateMultipartUpload", faults }] });
      const controller = new AbortController();
      const reason = new Error("no longer wanted");
      const upload = failure(() => rig.store().upload("k", noise(PART + 1), { signal: controller.signal }), "upload");
      await rig.came("CreateMultipartUpload");
      controller.abort(reason);
      const error = await upload;
      ok(error === reason, `the signal's own reason, not ${String(error)}`);
      await rig.swept();
      same(await rig.operations(), ["CreateMultipartUpload", "AbortMultipartUpload"], "requests");
      await nothingLeft(rig);
    },
  },
  {
    row: "D1",
    name: "an upload that its caller aborts is given up before its store is disposed of",
    async run(rig) {
      await rig.set({
        rules: [
          { operation: "UploadPart", part: 2, faults: [{ do: "stall", at: -1 }] },
          { operation: "AbortMultipartUpload", to: 2, faults: [BUSY] },
        ],
      });
      const controller = new AbortController();
      const store = rig.store();
      const onProgress = (): void => controller.abort("left");
      const upload = store.upload("k", noise(PART + 1), { signal: controller.signal, onProgress });
      same(await upload.then(String, String), "left", "reason");
      await store.dispose();
      await nothingLeft(rig);
    },
  },
  {
    row: "I4",
    name: "a source is cancelled when the store refuses its first byte",
    async run(rig) {
      await rig.set({ rules: [{ faults: [DENIED] }] });
      const { stream, over } = source(cut(noise(PART + 100_000), [65_536]));
      await rig.rejects("denied", () => rig.store().upload("k", stream), "upload");
      same(await over, "cancelled", "source");
    },
  },
  {
    row: "D2",
    name: "an empty stream and one of a byte are stored in one piece",
    async run(rig) {
      for (const size of [0, 1]) await rig.store().upload(`${size}`, source(cut(noise(size), [1])).stream);
      same(await rig.operations(), ["PutObject", "PutObject"], "requests");
      const { objects } = await rig.seen();
      same([objects["0"]?.size, objects["1"]?.size], [0, 1], "sizes");
    },
  },
  ...(
    [
      [PART, ["PutObject"]],
      [PART + 1, ["UploadPart", "UploadPart"]],
      [2 * PART, ["UploadPart", "UploadPart"]],
    ] as const
  ).map(([size, wanted]): FaultCase => ({
    row: "D3",
    name: `${size} bytes in odd pieces make no empty last part`,
    async run(rig) {
      const pieces = [1, 65_536, 0, 3_000_001];
      await rig.store().upload(
        "k",
        source(
          cut(
            noise(size),
            pieces.filter((piece) => piece > 0),
          ),
        ).stream,
      );
      const log = (await rig.seen()).log.filter(({ operation }) => /^(PutObject|UploadPart)$/.test(operation));
      same(
        log.map(({ operation }) => operation),
        wanted,
        "requests",
      );
      ok(
        log.every(({ bytes }) => bytes > 0),
        "no part may be empty",
      );
    },
  })),
  {
    row: "D4",
    name: "more than the largest object is refused before anything is asked",
    async run(rig) {
      const { stream } = source([]);
      const size = 10_000 * 5 * 1024 ** 3 + 1;
      await rig.rejects("too-large", () => rig.store().upload("k", stream, { size }), "upload");
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "D5",
    name: "a store that wants equal parts gets them",
    async run(rig) {
      await rig.set({ switches: { equalParts: true } });
      await rig.store().upload("k", source(cut(noise(2 * PART + 7), [777_777])).stream);
      same((await rig.seen()).objects["k"]?.size, 2 * PART + 7, "size stored");
    },
  },
  {
    row: "D6",
    name: "a part of five million bytes is below S3's minimum, and refused",
    async run(rig) {
      await rig.rejects("invalid-option", () => rig.store({ partSize: 5_000_000 }).upload("k", "x"), "upload");
      same(await rig.operations(), [], "requests");
    },
  },
  {
    row: "D7",
    name: "a part that is acknowledged without an ETag is sent again, and for good it is an error",
    async run(rig) {
      const faults: Fault[] = [{ do: "headers", set: { etag: null } }];
      await rig.set({ rules: [{ operation: "UploadPart", nth: 1, faults }] });
      await rig.store().upload("k", noise(PART + 1));
      same((await rig.operations()).filter((operation) => operation === "UploadPart").length, 3, "parts sent");
      await rig.set({ rules: [{ operation: "UploadPart", faults }] });
      await rig.rejects("corrupt", () => rig.store().upload("j", noise(PART + 1)), "upload");
      const { objects, uploads } = await rig.seen();
      same([Object.keys(objects), uploads], [["k"], []], "objects and uploads");
    },
  },
  {
    row: "D9",
    name: "uploads that may hold two parts together all come to their end",
    async run(rig) {
      const store = rig.store({ maxMemory: 2 * PART });
      const sizes = [PART + 1, PART + 2, PART + 3];
      await Promise.all(sizes.map((size) => store.upload(`${size}`, source(cut(noise(size), [100_000])).stream)));
      const { objects } = await rig.seen();
      same(
        sizes.map((size) => objects[`${size}`]?.size),
        sizes,
        "sizes",
      );
    },
  },
  {
    row: "D10",
    name: "parts that finish out of order, and one that is sent twice, make the object",
    async run(rig) {
      await rig.set({
        rules: [
          { operation: "UploadPart", part: 1, faults: [{ do: "delay", milliseconds: 100 }] },
          { operation: "UploadPart", part: 2, nth: 1, faults: [{ do: "lose", by: "rst" }] },
        ],
      });
      const bytes = noise(2 * PART + 5, 8);
      const { etag } = await rig.store().upload("k", bytes);
      const read = await rig.store().download("k");
      same(read.etag, etag, "etag");
      sameBytes(await read.bytes(), bytes, "bytes");
    },
  },
];
