/** D1, D8, D9, D11, A2, B4, B10: others who write, sweep and complete at the same time, failures of two things at once, and clocks that jump. */
import { ok, same, sameBytes, soon } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import { type FaultCase, PART, type Rig, TOKENS } from "../rig.ts";

const HUGE = 6 * 1024 ** 3;
const HOUR = 3_600_000;
const DENIED: Fault = { do: "reply", status: 403 };

/** Requires that no upload keeps its place in the store. */
async function nothingUnderWay(rig: Rig): Promise<void> {
  same((await rig.seen()).uploads, [], "uploads");
}

export const raceCases: readonly FaultCase[] = [
  {
    row: "D8",
    name: "a copy by parts whose source is replaced half way is one of the new version, or none",
    async run(rig) {
      const replaced: Fault = { do: "overtake", key: "from", text: "new" };
      await rig.set({ objects: { from: "old" }, switches: { fakeSize: HUGE, minPart: 0 } });
      await rig.set({ rules: [{ operation: "UploadPartCopy", nth: 3, faults: [replaced] }] });
      await rig.store().copy("from", "to");
      same(await rig.stored("to"), "new", "copy");
      await nothingUnderWay(rig);
      // A source that never rests.
      const restless = [1, 2, 3].map((nth): Rule => ({
        operation: "UploadPartCopy",
        part: 2,
        nth,
        faults: [{ do: "overtake", key: "from", text: `${nth}` }],
      }));
      await rig.set({ rules: restless });
      const { retryable } = await rig.rejects("conflict", () => rig.store().copy("from", "to"), "copy");
      same([retryable, await rig.stored("to")], [true, "new"], "whether it may come again, and what is there");
      await nothingUnderWay(rig);
    },
  },
  {
    row: "B2",
    name: "a delete of one version is done when its answer is lost, also where the store then says that nothing matches",
    async run(rig) {
      for (const matchAbsent412 of [false, true]) {
        await rig.set({ rules: [] });
        const { etag } = await rig.store().upload("k", "old");
        const rules: Rule[] = [{ operation: "DeleteObject", nth: 1, faults: [{ do: "lose", by: "rst" }] }];
        await rig.set({ rules, switches: { matchAbsent412 } });
        await rig.store().delete("k", { ifMatch: etag });
        same(await rig.store().exists("k"), false, "exists");
      }
    },
  },
  {
    row: "B3",
    name: "a delete of one version leaves what is written while it is under way, also when the answer to that is lost",
    async run(rig) {
      for (const again of [[], [{ do: "lose", by: "rst" }]] as const) {
        await rig.set({ rules: [] });
        const { etag } = await rig.store().upload("k", "old");
        const overtaken: Fault = { do: "overtake", key: "k", text: "theirs" };
        await rig.set({ rules: [{ operation: "DeleteObject", nth: 1, faults: [overtaken, ...again] }] });
        await rig.rejects("precondition-failed", () => rig.store().delete("k", { ifMatch: etag }), "delete");
        same(await rig.stored("k"), "theirs", "what is there");
      }
    },
  },
  {
    row: "D11",
    name: "an upload that another process completes meanwhile is one object, for who is late too",
    async run(rig) {
      const bytes = noise(2 * PART + 1000, 5);
      await rig.set({ rules: [{ operation: "UploadPart", part: 3, faults: [DENIED] }] });
      const begun = await rig.store({ concurrency: 1 }).createMultipartUpload("k", { size: bytes.length });
      await rig.rejects("denied", () => begun.send(() => bytes), "send");
      const state = JSON.parse(JSON.stringify(begun.state())) as ReturnType<typeof begun.state>;
      await rig.set({ rules: [] });
      const late = await rig.store().resumeMultipartUpload("k", state);
      const other = await rig.store().resumeMultipartUpload("k", state);
      const overtaken = async (): Promise<Uint8Array> => {
        await other.send(() => bytes);
        return bytes;
      };
      await rig.rejects("not-found", () => late.send(overtaken), "send of the one who is late");
      same((await late.send(() => bytes)).size, bytes.length, "size, when it is asked again");
      sameBytes(await (await rig.store().download("k")).bytes(), bytes, "bytes");
      await nothingUnderWay(rig);
    },
  },
  {
    row: "D11",
    name: "two processes that complete one upload at a time both succeed",
    async run(rig) {
      const bytes = noise(PART + 1000, 6);
      await rig.set({ rules: [{ operation: "CompleteMultipartUpload", faults: [DENIED] }] });
      const begun = await rig.store().createMultipartUpload("k", { size: bytes.length });
      await rig.rejects("denied", () => begun.send(() => bytes), "send");
      await rig.set({ rules: [] });
      const both = [1, 2].map(async () =>
        (await rig.store().resumeMultipartUpload("k", begun.state())).send(() => bytes),
      );
      same(new Set((await Promise.all(both)).map(({ etag }) => etag)).size, 1, "ETags");
      sameBytes(await (await rig.store().download("k")).bytes(), bytes, "bytes");
      await nothingUnderWay(rig);
    },
  },
  {
    row: "D11",
    name: "an upload that a sweeper takes away while it runs makes no object, and says so",
    async run(rig) {
      let given = 0;
      let swept = 0;
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (given++ === 2) {
            await rig.came("UploadPart");
            swept = await rig.store().sweepUploads({ olderThan: 0 });
          }
          controller.enqueue(noise(PART, given));
          if (given === 3) controller.close();
        },
      });
      const upload = (): Promise<unknown> => rig.store({ concurrency: 1 }).upload("k", stream);
      const { response } = await rig.rejects("not-found", upload, "upload");
      same([response?.code, swept], ["NoSuchUpload", 1], "what the store said, and what was swept");
      same((await rig.seen()).objects, {}, "objects");
      await nothingUnderWay(rig);
    },
  },
  {
    row: "D1",
    name: "a source that fails while a part is on its way, of an upload that cannot be given up, is the failure that is told",
    async run(rig) {
      await rig.set({
        rules: [
          { operation: "UploadPart", part: 1, faults: [{ do: "stall", at: -1 }] },
          { operation: "AbortMultipartUpload", faults: [DENIED] },
        ],
      });
      const pieces = [...cut(noise(PART + 200_000), [100_000])];
      const stream = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const piece = pieces.shift();
          if (piece) return controller.enqueue(piece);
          await rig.came("UploadPart");
          controller.error(new Error("the source broke"));
        },
      });
      const error = await rig.rejects("interrupted", () => soon(rig.store().upload("k", stream), "upload"), "upload");
      const { objects, uploads } = await rig.seen();
      ok(/the source broke/.test(error.message), `the source's failure: ${error.message}`);
      ok(error.message.includes(`${uploads[0]?.id}`), `and what is left behind: ${error.message}`);
      same([objects, uploads.length], [{}, 1], "objects and uploads");
    },
  },
  {
    row: "D9",
    name: "uploads that share little memory come to their end beside some that are refused, stop, and are aborted",
    async run(rig) {
      const store = rig.store({ maxMemory: 2 * PART });
      await rig.set({ rules: [{ operation: "UploadPart", key: "denied", faults: [DENIED] }] });
      const control = new AbortController();
      const reason = new Error("enough");
      const size = PART + 7;
      const body = (): ReadableStream<Uint8Array> => source(cut(noise(size), [300_000])).stream;
      const stopped = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(noise(1_000_000)),
      });
      const left = store.upload("left", stopped, { signal: control.signal }).catch((error: unknown) => error);
      const good = ["a", "b", "c", "d"].map((key) => store.upload(key, body()));
      const denied = [1, 2].map(() => rig.rejects("denied", () => store.upload("denied", body()), "upload"));
      await Promise.all(denied);
      control.abort(reason);
      ok((await left) === reason, "the signal's own reason");
      await Promise.all(good);
      const { objects } = await rig.seen();
      same(
        Object.entries(objects)
          .map(([key, { size: bytes }]) => [key, bytes])
          .toSorted(),
        ["a", "b", "c", "d"].map((key) => [key, size]),
        "objects",
      );
      await nothingUnderWay(rig);
    },
  },
  {
    row: "A2",
    name: "a batch of a thousand whose answer is lost, and of which some keys are refused or put off, says what is left",
    async run(rig) {
      const keys = Array.from({ length: 1000 }, (_, index) => `k${index}`);
      const refuseDelete = {
        k7: { code: "AccessDenied" },
        k500: { code: "SlowDown", times: 2 },
        k999: { code: "InternalError" },
      };
      await rig.set({
        objects: Object.fromEntries(keys.map((key) => [key, "x"])),
        switches: { refuseDelete },
        rules: [{ operation: "DeleteObjects", nth: 1, faults: [{ do: "lose", by: "rst" }] }],
      });
      const error = await rig.rejects("partial", () => rig.store().delete(keys), "delete");
      same(
        error.errors?.map(({ key, error: { code } }) => [key, code]).toSorted(),
        [
          ["k7", "denied"],
          ["k999", "unavailable"],
        ],
        "errors",
      );
      same(
        [error.deleted?.length, Object.keys((await rig.seen()).objects)],
        [998, ["k7", "k999"]],
        "what is gone, and what is not",
      );
    },
  },
  {
    row: "B10",
    name: "a clock that jumps hours ahead and back while parts are sent, with keys that end, breaks no upload",
    async run(rig) {
      const { accessKeyId, secretAccessKey } = rig.lab;
      const now = Date.now.bind(Date);
      let jump = 0;
      let asked = 0;
      const credentials = async (): Promise<{
        accessKeyId: string;
        secretAccessKey: string;
        sessionToken: string;
        expiration: Date;
      }> => {
        asked++;
        return { accessKeyId, secretAccessKey, sessionToken: `${TOKENS[0]}`, expiration: new Date(now() + HOUR) };
      };
      const bytes = noise(4 * PART + 9, 9);
      const jumps = [5 * HOUR, -7 * HOUR, 30 * HOUR, 0];
      const onProgress = (): void => void (jump = jumps.shift() ?? 0);
      const store = rig.store({ credentials, concurrency: 1 });
      try {
        Date.now = () => now() + jump;
        await store.upload("k", source(cut(bytes, [500_000])).stream, { onProgress });
        sameBytes(await (await store.download("k")).bytes(), bytes, "bytes");
      } finally {
        Date.now = now;
      }
      ok(asked < 30, `${asked} calls for keys`);
      await nothingUnderWay(rig);
    },
  },
];
