/** A1, B2, B3, D8: writes whose answer is lost or cut, and copies by parts. */
import { ok, same } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { UpdateFunction } from "../../../src/interface.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";
import { LATE_ERROR } from "./answers.ts";

const COMPLETE = "CompleteMultipartUpload";
const SIZE = PART + 1000;
const lost: Fault = { do: "lose", by: "rst" };
const HUGE = 6 * 1024 ** 3;

const large = (rig: Rig): Promise<unknown> => rig.store().upload("k", noise(SIZE));
const conflict: Fault = { do: "reply", status: 409, body: "<Error><Code>ConditionalRequestConflict</Code></Error>" };
/** The store has done it, and something before it answers in its own words. */
const paged = (status: number): readonly Fault[] => [
  { do: "status", status },
  { do: "body", body: "<html><p>gateway<br></html>" },
];
const increment: UpdateFunction = async (current) => String(Number((await current?.text()) ?? 0) + 1);
const THEIRS: Fault = { do: "overtake", text: "theirs" };

export const lostCases: readonly FaultCase[] = [
  ...(["rst", "fin"] as const).map((by): FaultCase => ({
    row: "B2",
    name: `a completion whose answer is lost by ${by} is found to be ours`,
    async run(rig) {
      await rig.set({ rules: [{ operation: COMPLETE, nth: 1, faults: [{ do: "lose", by }] }] });
      await large(rig);
      const { objects, uploads, log } = await rig.seen();
      same([objects["k"]?.size, uploads], [SIZE, []], "object and uploads");
      ok(
        !log.some(({ operation }) => operation === "AbortMultipartUpload"),
        "what may be the object must not be aborted",
      );
    },
  })),
  {
    row: "A1",
    name: "a completion that took effect and whose answer is cut is found to be ours",
    async run(rig) {
      await rig.set({
        rules: [{ operation: COMPLETE, nth: 1, faults: [{ do: "body", body: "<CompleteMultipartUploadRes" }] }],
      });
      await large(rig);
      same((await rig.seen()).objects["k"]?.size, SIZE, "size stored");
    },
  },
  {
    row: "B2",
    name: "a completion that every answer is lost to, and a HEAD that is refused, is ambiguous",
    async run(rig) {
      const rules: Rule[] = [{ operation: COMPLETE, faults: [lost] }];
      await rig.set({ rules, switches: { headStatus: 403 } });
      await rig.rejects("ambiguous", () => large(rig), "upload");
      same((await rig.seen()).objects["k"]?.size, SIZE, "what is there stays");
    },
  },
  {
    row: "B2",
    name: "a completion whose answer is lost, and whose object was replaced before we look, is not called ours",
    async run(rig) {
      const rules: Rule[] = [
        { operation: COMPLETE, nth: 1, faults: [lost] },
        { operation: COMPLETE, nth: 2, faults: [THEIRS] },
      ];
      await rig.set({ rules });
      await rig.rejects(["ambiguous", "not-found", "conflict"], () => large(rig), "upload");
      same(await rig.stored("k"), "theirs", "what is there");
    },
  },
  {
    row: "B2",
    name: "an upload that is over, and whose object a degraded store or a proxy calls absent, is in doubt",
    async run(rig) {
      const bytes = noise(PART + 1);
      const upload = await rig.store().createMultipartUpload("k");
      const state = upload.state();
      await upload.send(() => bytes);
      await rig.set({ rules: [{ operation: "HeadObject", faults: [{ do: "reply", status: 404 }] }] });
      const resumed = await rig.store().resumeMultipartUpload("k", state);
      ok((await rig.rejects("ambiguous", () => resumed.send(() => bytes), "send")).retryable, "it may be tried again");
      await rig.set({ rules: [] });
      same((await resumed.send(() => bytes)).size, PART + 1, "size, when the store shows it again");
    },
  },
  {
    row: "B3",
    name: "a write that a proxy answers with any status that asks to come again is found to be ours",
    async run(rig) {
      for (const status of [408, 499, 500, 502, 503, 504, 520, 524]) {
        const faults = paged(status);
        await rig.set({ objects: { n: "0" }, rules: [{ operation: "PutObject", nth: 1, faults }] });
        await rig.store().update("n", increment);
        same(await rig.stored("n"), "1", `update after ${status}`);
        await rig.set({ objects: {}, rules: [{ operation: "PutObject", key: `k${status}`, nth: 1, faults }] });
        await rig.store().upload(`k${status}`, "mine", { ifNoneMatch: "*" });
        await rig.set({ rules: [{ operation: COMPLETE, nth: 1, faults }] });
        await large(rig);
      }
    },
  },
  {
    row: "B3",
    name: "a write whose lost answer is followed by a conflict is found to be ours",
    async run(rig) {
      const rules: Rule[] = [
        { operation: ["PutObject", COMPLETE], nth: 1, faults: paged(500) },
        ...[2, 3, 4].map((nth): Rule => ({ operation: ["PutObject", COMPLETE], nth, faults: [conflict] })),
      ];
      await rig.set({ objects: { n: "0" }, rules });
      await rig.store().update("n", increment);
      same(await rig.stored("n"), "1", "update");
      await rig.set({ rules });
      await large(rig);
      ok(!(await rig.operations()).includes("AbortMultipartUpload"), "what may be the object must not be aborted");
    },
  },
  {
    row: "B3",
    name: "a write whose last attempt is answered 500 is found to be ours, or ambiguous",
    async run(rig) {
      for (const attempts of [1, 3]) {
        const rules: Rule[] = [{ operation: "PutObject", key: `k${attempts}`, faults: paged(500) }];
        await rig.set({ rules });
        const create = (): Promise<unknown> =>
          rig.store({ retry: { attempts, baseDelay: 1 } }).upload(`k${attempts}`, "mine", { ifNoneMatch: "*" });
        await create();
        await rig.set({ rules: [{ operation: "PutObject", faults: [{ do: "reply", status: 500 }] }] });
        await rig.rejects("ambiguous", create, "upload that never arrived");
      }
    },
  },
  {
    row: "B3",
    name: "a write that the store itself puts off is in no doubt",
    async run(rig) {
      const body = "<Error><Code>SlowDown</Code></Error>";
      await rig.set({ rules: [{ operation: "PutObject", faults: [{ do: "reply", status: 503, body }] }] });
      const create = (): Promise<unknown> => rig.store().upload("k", "mine", { ifNoneMatch: "*" });
      ok((await rig.rejects("unavailable", create, "upload")).retryable, "it may be tried again");
    },
  },
  {
    row: "B3",
    name: "update repeats no conflict that is not a race",
    async run(rig) {
      const body = "<Error><Code>ObjectParentIsFile</Code></Error>";
      await rig.set({ rules: [{ operation: "PutObject", faults: [{ do: "reply", status: 409, body }] }] });
      let runs = 0;
      await rig.rejects("conflict", () => rig.store().update("a/b", () => String(++runs)), "update");
      same(runs, 1, "runs");
    },
  },
  {
    row: "B3",
    name: "a create whose answer is lost is found to be ours",
    async run(rig) {
      await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults: [lost] }] });
      const { etag } = await rig.store().upload("k", "mine", { ifNoneMatch: "*", metadata: { a: "b" } });
      same([await rig.stored("k"), (await rig.seen()).objects["k"]?.etag], ["mine", etag], "object and etag");
      same((await rig.store().head("k"))?.metadata, { a: "b" }, "metadata shows no id");
    },
  },
  {
    row: "B3",
    name: "a replacement whose answer is lost is found to be ours",
    async run(rig) {
      const { etag } = await rig.store().upload("k", "old");
      await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults: [lost] }] });
      await rig.store().upload("k", "mine", { ifMatch: etag });
      same(await rig.stored("k"), "mine", "what is there");
    },
  },
  {
    row: "B3",
    name: "a create that never arrived, before which another writer came, is not called ours",
    async run(rig) {
      const rules: Rule[] = [
        { operation: "PutObject", nth: 1, faults: [{ do: "drop", by: "rst" }] },
        { operation: "PutObject", nth: 2, faults: [THEIRS] },
      ];
      await rig.set({ rules });
      const create = (): Promise<unknown> => rig.store().upload("k", "mine", { ifNoneMatch: "*" });
      await rig.rejects(["precondition-failed", "ambiguous"], create, "upload");
      same(await rig.stored("k"), "theirs", "what is there");
    },
  },
  {
    row: "B3",
    name: "a create whose answer is lost, and a HEAD that is refused, is ambiguous",
    async run(rig) {
      await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults: [lost] }], switches: { headStatus: 403 } });
      await rig.rejects("ambiguous", () => rig.store().upload("k", "mine", { ifNoneMatch: "*" }), "upload");
    },
  },
  {
    row: "B3",
    name: "a create by a stream of several parts whose answer is lost is found to be ours",
    async run(rig) {
      await rig.set({ rules: [{ operation: COMPLETE, nth: 1, faults: [lost] }] });
      await rig.store().upload("k", source(cut(noise(SIZE), [100_000])).stream, { ifNoneMatch: "*" });
      same((await rig.seen()).objects["k"]?.size, SIZE, "size stored");
    },
  },
  {
    row: "D1",
    name: "an upload whose condition fails at its completion leaves nothing, also where that destroys it",
    async run(rig) {
      for (const failedCompleteDestroys of [false, true]) {
        await rig.set({ objects: { k: "theirs" }, switches: { failedCompleteDestroys } });
        const create = (): Promise<unknown> => rig.store().upload("k", noise(SIZE), { ifNoneMatch: "*" });
        await rig.rejects("precondition-failed", create, "upload");
        same([await rig.stored("k"), (await rig.seen()).uploads], ["theirs", []], "object and uploads");
      }
    },
  },
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
