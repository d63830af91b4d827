/** A1, A2, F3, I2, I4, S19: smaller promises. */
import { failure, ok, same, soon } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import { CUSTOMER_KEY, type FaultCase, PART } from "../rig.ts";

export const restCases: readonly FaultCase[] = [
  {
    row: "A1",
    name: "a copy that is answered 200 with nothing is looked for",
    async run(rig) {
      await rig.set({
        objects: { from: "text" },
        rules: [{ operation: "CopyObject", faults: [{ do: "body", body: "" }] }],
      });
      await rig.store().copy("from", "to");
      same(await rig.stored("to"), "text", "copy");
    },
  },
  {
    row: "A2",
    name: "keys of a batch that are refused for a moment are asked again, alone",
    async run(rig) {
      const refuseDelete = {
        b: { code: "SlowDown", times: 1 },
        c: { code: "InternalError", times: 1 },
        d: { code: "AccessDenied" },
      };
      await rig.set({ objects: { a: "1", b: "2", c: "3", d: "4" }, switches: { refuseDelete }, rules: [] });
      const error = await rig.rejects("partial", () => rig.store().delete(["a", "b", "c", "d"]), "delete");
      same(
        error.errors?.map(({ key }) => key),
        ["d"],
        "keys that failed",
      );
      same(Object.keys((await rig.seen()).objects), ["d"], "what is left");
    },
  },
  {
    row: "F3",
    name: "metadata that the store has and cannot say is not passed over in silence",
    async run(rig) {
      await rig.set({ objects: { k: "text" }, switches: { objectHeaders: { "x-amz-missing-meta": "2" } } });
      const head = JSON.stringify(await rig.store().head("k"));
      ok(head.includes("issing"), `head must say so: ${head}`);
    },
  },
  {
    row: "I2",
    name: "a store whose download nobody reads can be disposed of",
    async run(rig) {
      await rig.set({ objects: { k: "x".repeat(5_000_000) } });
      const store = rig.store();
      const { body } = await store.download("k");
      try {
        await soon(Promise.resolve(store.dispose()), "dispose");
      } finally {
        await body.cancel().catch(() => {});
      }
    },
  },
  {
    row: "I4",
    name: "a source is unlocked when its upload has failed",
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "reply", status: 403 }] }] });
      const { stream } = source(cut(noise(PART + 100_000), [65_536]));
      await rig.rejects("denied", () => rig.store().upload("k", stream), "upload");
      same(stream.locked, false, "locked");
    },
  },
  {
    row: "S19",
    name: "a server that repeats a customer's key is not quoted",
    async run(rig) {
      const body = `<Error><Code>AccessDenied</Code><Message>bad key ${CUSTOMER_KEY}</Message></Error>`;
      await rig.set({ rules: [{ faults: [{ do: "reply", status: 403, body }] }] });
      const headers = { "x-amz-server-side-encryption-customer-key": CUSTOMER_KEY };
      rig.check(await failure(() => rig.store({ headers }).download("k"), "an echo"));
    },
  },
];
