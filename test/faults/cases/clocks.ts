/** B10: a clock that is wrong. */
import { ok, same } from "../../../src/conformance/assert.ts";
import type { Rule } from "../proxy/rules.ts";
import type { FaultCase } from "../rig.ts";

const HOUR = 3_600_000;

export const clockCases: readonly FaultCase[] = [
  ...[HOUR, -HOUR].map((skew): FaultCase => ({
    row: "B10",
    name: `a clock that is an hour ${skew > 0 ? "slow" : "fast"} is learnt once, by ten calls at a time`,
    async run(rig) {
      await rig.set({ switches: { skew } });
      const store = rig.store();
      await Promise.all(Array.from({ length: 10 }, (_, index) => store.upload(`${index}`, "x")));
      await rig.set({ rules: [] });
      await store.upload("later", "x");
      same(
        (await rig.seen()).log.map(({ status }) => status),
        [200],
        "what the next call met",
      );
      same(Object.keys((await rig.seen()).objects).length, 11, "objects");
    },
  })),
  {
    row: "B10",
    name: "a date that is no time leaves the clock alone",
    async run(rig) {
      await rig.set({ objects: { k: "x" } });
      const store = rig.store({ retry: { attempts: 1 } });
      for (const date of ["Sat, 13 Sep 275760 00:00:00 GMT", "Sat, 01 Jan 12000 00:00:00 GMT"]) {
        const body = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
        await rig.set({ rules: [{ nth: 1, faults: [{ do: "reply", status: 403, headers: { date }, body }] }] });
        await rig.rejects("unauthenticated", () => store.download("k"), date);
        same(await (await store.download("k")).text(), "x", "the next call");
      }
    },
  },
  {
    row: "B10",
    name: "a wrong date of a cache is not kept: a URL that is presigned afterwards holds",
    async run(rig) {
      const date = new Date(Date.now() - 2 * HOUR).toUTCString();
      const refused: Rule = { operation: "HeadObject", faults: [{ do: "reply", status: 403, headers: { date } }] };
      await rig.set({ objects: { k: "text" }, rules: [refused] });
      const store = rig.store();
      await rig.rejects("denied", () => store.head("k"), "head");
      const given = await store.presign("k", { expiresIn: 60 });
      const answer = await fetch(given?.url ?? "");
      same([answer.status, await answer.text()], [200, "text"], "answer");
    },
  },
  {
    row: "B10",
    name: "a machine whose clock is eight days fast sweeps no upload of today",
    async run(rig) {
      await rig.set({ switches: { skew: -8 * 24 * HOUR } });
      await rig.store().createMultipartUpload("k");
      same(await rig.store().sweepUploads(), 0, "uploads that were aborted");
      same((await rig.seen()).uploads.length, 1, "uploads");
    },
  },
  {
    row: "B10",
    name: "a presigned URL has the time that was learnt",
    async run(rig) {
      await rig.set({ switches: { skew: HOUR } });
      const store = rig.store();
      await store.upload("k", "text");
      const given = await store.presign("k", { expiresIn: 60 });
      const answer = await fetch(given?.url ?? "");
      same([answer.status, await answer.text()], [200, "text"], "answer");
    },
  },
  {
    row: "B10",
    name: "a server's time that is no date, and a refusal that stays, are an error soon",
    async run(rig) {
      for (const date of ["yesterday", ""]) {
        await rig.set({ switches: { skew: HOUR, date }, rules: [] });
        await rig.rejects("unauthenticated", () => rig.store().upload("k", "x"), `Date: ${date}`);
        ok((await rig.operations()).length <= 4, "requests");
      }
    },
  },
];
