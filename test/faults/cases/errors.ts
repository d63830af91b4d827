/** H1 to H3, B15, I1 to I3: what absence is, what errors say, and what calls leave behind. */
import { failure, ok, same, sameBytes, soon } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const UNSURE: Readonly<Record<string, Fault>> = {
  "a 403": { do: "reply", status: 403 },
  "a 400": { do: "reply", status: 400 },
  "a 401": { do: "reply", status: 401 },
  "a 301": { do: "reply", status: 301 },
  "a 307": { do: "reply", status: 307 },
  "a 500": { do: "reply", status: 500 },
  "a 503": { do: "reply", status: 503 },
  "a reset": { do: "drop", by: "rst" },
  "an end": { do: "drop", by: "fin" },
};

const BODIES: Readonly<Record<string, readonly Fault[]>> = {
  "no body": [{ do: "reply", status: 403 }],
  "a page": [{ do: "reply", status: 403, body: "<html><p>Forbidden<br></html>" }],
  "bad UTF-8": [
    { do: "reply", status: 403, body: "<Error><Code>x\u0000\uFFFF</Code>" },
    { do: "corrupt", at: 3 },
  ],
  "a megabyte": [{ do: "reply", status: 403, body: "<x>".repeat(350_000) }],
  "no end": [{ do: "reply", status: 403 }, { do: "endless" }],
  "a cut body": [
    { do: "reply", status: 403, body: "x".repeat(1000) },
    { do: "truncate", at: 10, by: "rst" },
  ],
  "a stalled body": [
    { do: "reply", status: 403, body: "x".repeat(1000) },
    { do: "stall", at: 10 },
  ],
};

/** A signal that is aborted when the request of this operation has come. */
async function abortedDuring(
  rig: Rig,
  operation: string,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const controller = new AbortController();
  const reason = new Error("enough");
  const pending = failure(() => call(controller.signal), operation);
  await rig.came(operation);
  controller.abort(reason);
  const error = await soon(pending, operation);
  ok(error === reason, `${operation}: the signal's own reason, not ${String(error)}`);
}

export const errorCases: readonly FaultCase[] = [
  {
    row: "H1",
    name: "exists is an error for whatever does not say that the key is absent",
    async run(rig) {
      await rig.set({ objects: { k: "text" } });
      for (const [what, fault] of Object.entries(UNSURE)) {
        await rig.set({ rules: [{ faults: [fault] }] });
        const store = rig.store({ retry: { attempts: 2, baseDelay: 1 } });
        const codes = ["denied", "unknown", "unauthenticated", "invalid-option", "unavailable", "invalid-key"];
        await rig.rejects(codes, () => store.exists("k"), `exists with ${what}`);
        await rig.rejects(codes, () => store.head("k"), `head with ${what}`);
        await rig.rejects(codes, async () => store.hasItem("k", {}), `hasItem with ${what}`);
      }
      await rig.set({ rules: [] });
      same([await rig.store().exists("k"), await rig.store().exists("absent")], [true, false], "exists");
    },
  },
  {
    row: "H1",
    name: "a 404 that is not the store's own says nothing of objects and uploads",
    async run(rig) {
      await rig.set({ objects: { k: "text", other: "x" } });
      const store = rig.store();
      // From here on the driver knows that the bucket is there.
      same(await store.exists("absent"), false, "exists");
      const upload = await store.createMultipartUpload("up");
      const page: Fault = { do: "reply", status: 404, body: "default backend - 404" };
      await rig.set({ rules: [{ faults: [page] }] });
      const verbs: Record<string, () => Promise<unknown>> = {
        download: () => store.download("k"),
        exists: () => store.exists("k"),
        head: () => store.head("k"),
        getItem: async () => store.getItem("k", {}),
        hasItem: async () => store.hasItem("k", {}),
        delete: () => store.delete("k"),
        "delete of many": () => store.delete(["k", "other"]),
        copy: () => store.copy("k", "to"),
        abort: () => upload.abort(),
        parts: () => upload.parts(),
        send: () => upload.send(() => "text"),
      };
      for (const [name, call] of Object.entries(verbs))
        await rig.rejects(["unknown", "partial", "bucket-not-found"], call, name);
      const { objects, uploads } = await rig.seen();
      same([Object.keys(objects).sort(), uploads.length], [["k", "other"], 1], "objects and uploads");
      await rig.set({ rules: [] });
      same([await store.exists("k"), await store.exists("absent")], [true, false], "exists once it has gone");
    },
  },
  {
    row: "H1",
    name: "a 404 of keys that were revoked is no absent key, though the bucket was there before",
    async run(rig) {
      await rig.set({ objects: { k: "text" } });
      const store = rig.store();
      same(await store.exists("absent"), false, "exists");
      // As versitygw answers a HEAD: all that differs is the length of the document that it cannot send.
      const headers = { "x-amz-request-id": "R", "content-type": "application/xml", "content-length": "295" };
      const operation = ["HeadObject", "HeadBucket"];
      await rig.set({ rules: [{ operation, faults: [{ do: "reply", status: 404, headers }] }] });
      for (const verb of ["exists", "head"] as const)
        await rig.rejects("bucket-not-found", () => store[verb]("k"), verb);
      await rig.rejects("bucket-not-found", () => store.copy("k", "to"), "copy");
      await rig.set({ rules: [] });
      same([await store.exists("k"), await store.exists("absent")], [true, false], "exists with keys that hold");
    },
  },
  {
    row: "H2",
    name: "an absent bucket is no absent key, for any verb",
    async run(rig) {
      await rig.set({ switches: { absent: true } });
      const verbs: Record<string, () => Promise<unknown>> = {
        exists: () => rig.store().exists("k"),
        head: () => rig.store().head("k"),
        download: () => rig.store().download("k"),
        upload: () => rig.store().upload("k", "x"),
        delete: () => rig.store().delete("k"),
        "delete of many": () => rig.store().delete(["k", "l"]),
        list: () => rig.store().list().pages().next(),
        copy: () => rig.store().copy("k", "l"),
        getItem: async () => rig.store().getItem("k"),
        getKeys: async () => rig.store().getKeys("", {}),
      };
      for (const [name, call] of Object.entries(verbs)) await rig.rejects("bucket-not-found", call, name);
    },
  },
  ...Object.entries(BODIES).map(([what, faults]): FaultCase => ({
    row: "H3",
    name: `an error with ${what} keeps its status, soon`,
    async run(rig) {
      await rig.set({ rules: [{ faults }] });
      const store = rig.store({ timeout: { headers: 5000, body: 300 } });
      const error = await soon(
        rig.rejects("denied", () => store.download("k"), "download"),
        "download",
      );
      same(error.response?.status, 403, "status");
      ok(error.message.length < 700, `a message of ${error.message.length} characters`);
    },
  })),
  {
    row: "B15",
    name: "an abort is heard before an answer, in a body and between parts",
    async run(rig) {
      await rig.set({ rules: [{ operation: "HeadObject", faults: [{ do: "stall", at: -1 }] }] });
      await abortedDuring(rig, "HeadObject", (signal) => rig.store().head("k", { signal }));
      await rig.set({
        objects: { k: "x".repeat(1000) },
        rules: [{ operation: "GetObject", faults: [{ do: "stall", at: 10 }] }],
      });
      await abortedDuring(rig, "GetObject", async (signal) => (await rig.store().download("k", { signal })).text());
      await rig.set({ rules: [{ operation: "UploadPart", faults: [{ do: "stall", at: -1 }] }] });
      await abortedDuring(rig, "UploadPart", (signal) => rig.store().upload("k", noise(2 * PART), { signal }));
      await rig.swept();
      same((await rig.seen()).uploads, [], "uploads");
    },
  },
  {
    row: "I1",
    name: "a slow reader gets all of a large body",
    async run(rig) {
      const bytes = noise(PART, 3);
      await rig.store().upload("k", bytes);
      const reader = (await rig.store().download("k")).body.getReader();
      const all = new Uint8Array(PART);
      let at = 0;
      for (let turn = 0; ; turn++) {
        const { done, value } = await reader.read();
        if (done) break;
        all.set(value, at);
        at += value.byteLength;
        if (turn % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      sameBytes(all.subarray(0, at), bytes, "bytes");
    },
  },
  {
    row: "I2",
    name: "a hundred refusals, misses, heads and cancelled bodies keep few connections",
    async run(rig) {
      await rig.set({
        objects: { k: "x".repeat(100_000) },
        rules: [{ operation: "GetObject", key: "busy", faults: [{ do: "reply", status: 503, body: "busy" }] }],
      });
      const store = rig.store({ retry: { attempts: 1 } });
      for (let turn = 0; turn < 25; turn++) {
        await rig.rejects("not-found", () => store.download("absent"), "an absent key");
        await rig.rejects("unavailable", () => store.download("busy"), "a refusal");
        await store.head("k");
        await (await store.download("k")).body.cancel();
      }
      const connections = new Set((await rig.seen()).log.map(({ connection }) => connection));
      // A body that is cancelled may cost its connection, everything else may not.
      ok(connections.size <= 32, `100 requests took ${connections.size} connections`);
    },
  },
  {
    row: "I3",
    name: "a body that fails while nobody reads, or is cancelled while it is read, rejects nothing unheard",
    async run(rig) {
      await rig.set({
        objects: { k: "x".repeat(10_000) },
        rules: [{ operation: "GetObject", faults: [{ do: "truncate", at: 5000, by: "rst" }] }],
      });
      const store = rig.store({ retry: { attempts: 1 } });
      const unread = await store.download("k");
      const reader = (await store.download("k")).body.getReader();
      const reading = reader.read().catch(() => {});
      await reader.cancel("enough").catch(() => {});
      await reading;
      const aborted = new AbortController();
      const { body } = await store.download("k", { signal: aborted.signal });
      aborted.abort(new Error("enough"));
      await new Promise((resolve) => setTimeout(resolve, 30));
      await Promise.allSettled([body.cancel(), unread.body.cancel()]);
    },
  },
];
