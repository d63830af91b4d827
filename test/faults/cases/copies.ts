/** A1, B2, D8: copies, by parts too. */
import { ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { Rule } from "../proxy/rules.ts";
import type { FaultCase } from "../rig.ts";
import { LATE_ERROR } from "./answers.ts";

const HUGE = 6 * 1024 ** 3;
const SIZE = 5 * 1024 ** 2 + 1;

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
    row: "B2",
    name: "a copy and a move that only create take their own success for no other's when its answer is lost",
    async run(rig) {
      for (const [size, operation] of [
        [4, "PutObject"],
        [SIZE, "CompleteMultipartUpload"],
      ] as const)
        for (const verb of ["copy", "move"] as const) {
          const bytes = noise(size);
          await rig.set({ rules: [] });
          await rig.store().upload(`from ${verb} ${size}`, bytes, { metadata: { a: "b" } });
          const faults = [{ do: "lose", by: "rst" }] as const;
          // The copy itself, and not the source's own upload.
          await rig.set({ rules: [{ operation, nth: 1, faults }] });
          const to = `to ${verb} ${size}`;
          await rig.store()[verb](`from ${verb} ${size}`, to, { ifNoneMatch: "*" });
          sameBytes(await (await rig.store().download(to)).bytes(), bytes, to);
          const { uploads } = await rig.seen();
          same([uploads, (await rig.store().head(to))?.metadata], [[], { a: "b" }], "uploads and metadata");
          same(await rig.store().exists(`from ${verb} ${size}`), verb === "copy", "whether the source is there");
        }
    },
  },
  {
    row: "B3",
    name: "a move that only creates keeps its source when somebody is faster, also when the answer to that is lost",
    async run(rig) {
      for (const [size, operation] of [
        [4, "PutObject"],
        [SIZE, "CompleteMultipartUpload"],
      ] as const) {
        await rig.set({ rules: [] });
        const bytes = noise(size);
        await rig.store().upload("from", bytes);
        await rig.store().upload("to", "theirs");
        // What is there at the end was not there when it was looked for.
        const faults = [{ do: "reply", status: 404 }] as const;
        await rig.set({
          rules: [
            { operation: "HeadObject", key: "to", nth: 1, faults },
            { operation, nth: 1, faults: [{ do: "lose", by: "rst" }] },
          ],
        });
        const error = await rig.rejects(
          ["precondition-failed", "ambiguous"],
          () => rig.store().move("from", "to", { ifNoneMatch: "*" }),
          "move",
        );
        // One whose completion is in doubt is left alone.
        if (error.code === "precondition-failed")
          same([error.key, (await rig.seen()).uploads], ["to", []], "key of the error, and uploads");
        same(await (await rig.store().download("to")).text(), "theirs", "target");
        sameBytes(await (await rig.store().download("from")).bytes(), bytes, "source");
      }
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
