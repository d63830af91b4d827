/** A1, B2, B3: writes whose answer is lost, cut, or given to another request. */
import { StorageError } from "unbucket";
import { ok, same } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { UpdateFunction } from "../../../src/interface.ts";
import type { Fault } from "../proxy/fault.ts";
import type { Rule } from "../proxy/rules.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const COMPLETE = "CompleteMultipartUpload";
const SIZE = PART + 1000;
const lost: Fault = { do: "lose", by: "rst" };

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
    name: "a write that a proxy repeats, so that the answer says the condition does not hold, is found to be ours",
    async run(rig) {
      const rules: Rule[] = [{ operation: ["PutObject", COMPLETE], nth: 1, faults: [{ do: "repeat" }] }];
      await rig.set({ objects: { n: "0" }, rules });
      await rig.store().update("n", increment);
      same(await rig.stored("n"), "1", "update");
      await rig.set({ rules });
      await rig.store().upload("k", "mine", { ifNoneMatch: "*" });
      for (const failedCompleteDestroys of [false, true]) {
        await rig.set({ rules, switches: { failedCompleteDestroys } });
        await rig.store().upload(`large-${failedCompleteDestroys}`, noise(SIZE), { ifNoneMatch: "*" });
        ok(!(await rig.operations()).includes("AbortMultipartUpload"), "what is the object must not be aborted");
      }
    },
  },
  {
    row: "B3",
    name: "a condition that does not hold is not asked for again, also by keys that may not look, and in doubt where no look comes through",
    async run(rig) {
      await rig.set({ objects: { k: "theirs" }, rules: [] });
      const create = (): Promise<unknown> => rig.store().upload("k", "mine", { ifNoneMatch: "*" });
      await rig.rejects("precondition-failed", create, "create");
      const replace = (): Promise<unknown> => rig.store().upload("k", "mine", { ifMatch: '"other"' });
      await rig.rejects("precondition-failed", replace, "replace");
      same(await rig.operations(), ["PutObject", "HeadObject", "PutObject", "HeadObject"], "requests");
      await rig.set({ switches: { headStatus: 403 } });
      await rig.rejects("precondition-failed", create, "create by keys that may only write");
      await rig.set({ rules: [{ operation: "HeadObject", faults: [lost] }] });
      const { cause } = await rig.rejects("ambiguous", create, "create before the line broke");
      ok(StorageError.is(cause) && cause.code === "precondition-failed", "the store's word must be its cause");
      same(await rig.stored("k"), "theirs", "what is there");
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
];
