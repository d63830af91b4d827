/** A1, A2, F3, I2, I4, S19 to S21: smaller promises. */
import { failure, ok, same, sameBytes, soon } from "../../../src/conformance/assert.ts";
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
      await rig.rejects("unsupported", () => rig.store().update("k", () => "new"), "update");
      await rig.set({ switches: { fakeSize: 6 * 1024 ** 3 } });
      await rig.rejects("unsupported", () => rig.store().copy("k", "to"), "copy by parts");
      const { objects, uploads } = await rig.seen();
      same([objects["k"]?.text, Object.keys(objects), uploads], ["text", ["k"], []], "objects and uploads");
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
  {
    row: "S20",
    name: "metadata named as what every object has is data",
    async run(rig) {
      const metadata = JSON.parse('{"__proto__":"a","constructor":"b","tostring":"c"}') as Record<string, string>;
      await rig.store().upload("k", "x", { metadata });
      const read: Readonly<Record<string, string>> = (await rig.store().head("k"))?.metadata ?? {};
      same(
        Object.entries(read).sort(),
        [
          ["__proto__", "a"],
          ["constructor", "b"],
          ["tostring", "c"],
        ],
        "metadata",
      );
      same(({} as Record<string, unknown>)["a"], undefined, "what every object has");
    },
  },
  {
    row: "S20",
    name: "elements, codes and keys that are named as what every object has are data",
    async run(rig) {
      const before = Reflect.ownKeys(Object.prototype);
      const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
      const odd = names.map((name) => `<${name}><polluted>1</polluted></${name}>`).join("");
      const entry = (key: string): string =>
        `<Contents><Key>${key}</Key><Size>1</Size><LastModified>2026-01-01T00:00:00Z</LastModified>${odd}</Contents>`;
      const body = `<ListBucketResult>${odd}${names.map(entry).join("")}</ListBucketResult>`;
      await rig.set({ rules: [{ operation: "ListObjectsV2", faults: [{ do: "reply", status: 200, body }] }] });
      const keys: (string | undefined)[] = [];
      for await (const { key } of rig.store().list()) keys.push(key);
      same(keys, names, "keys");
      for (const name of names) {
        const refusal = `<Error><Code>${name}</Code><Message>m</Message></Error>`;
        await rig.set({ rules: [{ faults: [{ do: "reply", status: 403, body: refusal }] }] });
        const error = await rig.rejects("denied", () => rig.store().download("k"), name);
        same(error.response?.code, name, "code");
        await rig.set({ rules: [{ faults: [{ do: "reply", status: 200, body: `<${name}></${name}>` }] }] });
        await rig.rejects("corrupt", () => rig.store().list().pages().next(), `root ${name}`);
      }
      const refuseDelete = { ["__proto__"]: { code: "AccessDenied" }, constructor: { code: "AccessDenied" } };
      await rig.set({ rules: [], objects: { a: "1" }, switches: { refuseDelete } });
      const error = await rig.rejects("partial", () => rig.store().delete([...names, "a"]), "delete");
      same(
        error.errors?.map(({ key }) => key),
        ["__proto__", "constructor"],
        "keys that failed",
      );
      same(Reflect.ownKeys(Object.prototype), before, "what every object has");
    },
  },
  {
    row: "S21",
    name: "an object that is packed a thousandfold is not unpacked: no more bytes come than are stored",
    async run(rig) {
      const zeros = new Blob([new Uint8Array(32 * 1024 * 1024)]).stream();
      const packed = new Uint8Array(await new Response(zeros.pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
      const store = rig.store();
      for (const contentEncoding of ["gzip", "gzip, gzip"]) {
        await store.upload("k", packed, { contentEncoding });
        const read = await store.download("k");
        same([read.size, read.contentLength], [packed.byteLength, packed.byteLength], "sizes told");
        sameBytes(await read.bytes(), packed, "bytes");
      }
    },
  },
  {
    row: "S21",
    name: "bytes beyond the length that was announced are not given, and reach no other answer",
    async run(rig) {
      await rig.set({ objects: { k: "0123456789" }, rules: [{ faults: [{ do: "overlong", bytes: 5000 }] }] });
      const store = rig.store({ retry: { attempts: 10, baseDelay: 0, maxDelay: 1 } });
      for (let turn = 0; turn < 4; turn++) {
        const text = await store.download("k").then((read) => read.text(), String);
        ok(text === "0123456789" || text.startsWith("StorageError: "), `text: ${text.slice(0, 100)}`);
      }
      await rig.set({ rules: [] });
      same(await (await store.download("k")).text(), "0123456789", "text");
    },
  },
];
