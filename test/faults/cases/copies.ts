/** A1, B2, D8: copies, by parts too. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { Rule } from "../proxy/rules.ts";
import type { FaultCase } from "../rig.ts";
import { LATE_ERROR } from "./answers.ts";

const HUGE = 6 * 1024 ** 3;

export const copyCases: readonly FaultCase[] = [
  {
    row: "D8",
    name: "a copy above 5 GiB goes by parts of one version, with its headers",
    async run(rig) {
      await rig
        .store()
        .upload("from", "text", { contentType: "text/x-a", cacheControl: "no-store", metadata: { a: "ü" } });
      await rig.set({ switches: { fakeSize: HUGE, minPart: 0 }, rules: [] });
      await rig.store().copy("from", "to");
      const { log, objects, uploads } = await rig.seen();
      const parts = log.filter(({ operation }) => operation === "UploadPartCopy");
      ok(parts.length > 1 && !log.some(({ operation }) => operation === "CopyObject"), "it must go by parts");
      const pinned = new Set(parts.map(({ headers }) => headers["x-amz-copy-source-if-match"]));
      same([...pinned], [objects["from"]?.etag], "version of every part");
      const ranges = parts.map(
        ({ headers }) =>
          /bytes=(\d+)-(\d+)/
            .exec(headers["x-amz-copy-source-range"] ?? "")
            ?.slice(1)
            .map(Number) ?? [],
      );
      ranges.sort(([a = 0], [b = 0]) => a - b);
      const joined = ranges.every(([start], index) => start === (index === 0 ? 0 : (ranges[index - 1]?.[1] ?? 0) + 1));
      same([joined, ranges.at(-1)?.[1]], [true, HUGE - 1], "ranges");
      const { "content-type": type, "cache-control": cache } = objects["to"]?.headers ?? {};
      same([type, cache, uploads], ["text/x-a", "no-store", []], "headers and uploads");
      same((await rig.store().head("to"))?.metadata, { a: "ü" }, "metadata");
    },
  },
  {
    row: "D8",
    name: "a copy by parts whose part fails for good leaves nothing",
    async run(rig) {
      await rig.set({ objects: { from: "text" }, switches: { fakeSize: HUGE, minPart: 0 } });
      await rig.set({ rules: [{ operation: "UploadPartCopy", part: 2, faults: [{ do: "reply", status: 403 }] }] });
      await rig.rejects("denied", () => rig.store().copy("from", "to"), "copy");
      same([await rig.stored("to"), (await rig.seen()).uploads], [undefined, []], "object and uploads");
    },
  },
  {
    row: "D8",
    name: "a copy by parts whose upload was swept meanwhile does not call its source absent",
    async run(rig) {
      await rig.set({ objects: { from: "text" }, switches: { fakeSize: HUGE, minPart: 0 } });
      const body = "<Error><Code>NoSuchUpload</Code></Error>";
      await rig.set({
        rules: [{ operation: "UploadPartCopy", part: 2, faults: [{ do: "reply", status: 404, body }] }],
      });
      ok((await rig.rejects("conflict", () => rig.store().copy("from", "to"), "copy")).retryable, "it may come again");
    },
  },
  {
    row: "B2",
    name: "a copy whose answer is lost is no refusal when its source is gone or another by the time that it is asked for again",
    async run(rig) {
      const again = (status: number, code: string): Rule[] => [
        { operation: "CopyObject", nth: 1, faults: [{ do: "lose", by: "rst" }] },
        {
          operation: "CopyObject",
          nth: 2,
          faults: [{ do: "reply", status, body: `<Error><Code>${code}</Code></Error>` }],
        },
      ];
      await rig.set({ objects: { from: "text" }, rules: again(404, "NoSuchKey") });
      await rig.rejects("ambiguous", () => rig.store().copy("from", "gone"), "copy of what is gone");
      same(await rig.stored("gone"), "text", "copy of what is gone");
      const ifMatch = (await rig.store().head("from"))?.etag;
      await rig.set({ rules: again(412, "PreconditionFailed") });
      await rig.rejects("ambiguous", () => rig.store().copy("from", "other", { ifMatch }), "copy of one version");
      same(await rig.stored("other"), "text", "copy of one version");
      // Of whatever version there is, it is made anew, also when the refusal comes within a 200, after an answer that is lost or the first.
      for (const status of [412, 200]) {
        await rig.set({ rules: again(status, "PreconditionFailed") });
        await rig.store().copy("from", `any ${status}`);
        same(await rig.stored(`any ${status}`), "text", "copy of any version");
      }
      await rig.set({
        rules: again(200, "PreconditionFailed")
          .slice(1)
          .map((rule) => ({ ...rule, nth: 1 })),
      });
      await rig.store().copy("from", "late");
      same(await rig.stored("late"), "text", "copy that is refused late");
    },
  },
  {
    row: "A1",
    name: "a copied part that is answered 200 with an Error is repeated",
    async run(rig) {
      await rig.set({ objects: { from: "text" }, switches: { fakeSize: HUGE, minPart: 0 } });
      await rig.set({ rules: [{ operation: "UploadPartCopy", part: 1, nth: 1, faults: [LATE_ERROR] }] });
      await rig.store().copy("from", "to");
      same(await rig.stored("to"), "text", "copy");
    },
  },
];
