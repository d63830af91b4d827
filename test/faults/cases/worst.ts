/** A network at its worst: what HTTP allows and nobody expects, and what it forbids and comes all the same. */
import { StorageError } from "unbucket";
import { same, sameBytes, soon } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import type { FaultCase, Rig } from "../rig.ts";

const TEXT = "0123456789".repeat(100);
const HOUR = 3_600_000;

/** Every verb while all answers come so: whole and equal, or an error, and what was acknowledged is there. */
async function everyVerb(rig: Rig, faults: readonly Fault[], must: boolean): Promise<void> {
  await rig.set({ objects: { k: TEXT, gone: "x" }, rules: [{ faults }] });
  const store = rig.store(must ? {} : { timeout: 400, retry: { attempts: 1 } });
  const met = async (what: string, wanted: unknown, call: () => Promise<unknown>): Promise<boolean> => {
    try {
      same(await call(), wanted, what);
      return true;
    } catch (error) {
      if (must || !StorageError.is(error)) throw error;
      rig.check(error);
      return false;
    }
  };
  await met("size", TEXT.length, async () => (await store.head("k"))?.size);
  await met("text", TEXT, async () => (await store.download("k")).text());
  await met("range", TEXT.slice(3, 9), async () => (await store.download("k", { range: { start: 3, end: 8 } })).text());
  await met("absent", false, () => store.exists("absent"));
  await met("refusal", "not-found", () =>
    store.download("absent").then(
      () => "found",
      (error: unknown) => {
        if (StorageError.is(error) && error.code === "not-found") return error.code;
        throw error;
      },
    ),
  );
  await met("keys", ["k"], async () =>
    (await store.list({ prefix: "k" }).pages().next()).value?.objects.map(({ key }: { key: string }) => key),
  );
  const put = await met("upload", 3, async () => (await store.upload("new", "new")).size);
  const once = await met(
    "upload on a condition",
    4,
    async () => (await store.upload("once", "once", { ifNoneMatch: "*" })).size,
  );
  const removed = await met("delete", undefined, () => store.delete("gone"));
  const { objects } = await rig.seen();
  if (put) same(objects["new"]?.text, "new", "stored");
  if (once) same(objects["once"]?.text, "once", "stored on a condition");
  if (removed) same(objects["gone"], undefined, "deleted");
  await rig.set({ rules: [] });
  await met("text afterwards", TEXT, async () => (await store.download("k")).text());
}

/** By name: the row, the faults, and whether every runtime must make a success of it. */
const ANSWERS: Readonly<Record<string, readonly [row: string, faults: readonly Fault[], must: boolean]>> = {
  "that come byte by byte, heads and all,": ["B6", [{ do: "trickle" }], true],
  "of HTTP/1.0": ["C2", [{ do: "http-1.0" }], true],
  "in small chunks with trailers": ["C2", [{ do: "chunks", trailers: { etag: '"t"' } }], true],
  "that say their length twice": ["C1", [{ do: "line", name: "Content-Length", value: String(TEXT.length) }], false],
  "that say another length too": ["C1", [{ do: "line", name: "Content-Length", value: "5" }], false],
  "whose length is no number": ["C1", [{ do: "headers", set: { "content-length": "1e3" } }], false],
  "whose length is below nothing": ["C1", [{ do: "headers", set: { "content-length": "-1" } }], false],
  "with a length and in chunks": ["C1", [{ do: "line", name: "Transfer-Encoding", value: "chunked" }], false],
  "with heads of 64 KiB": ["F10", [{ do: "headers", set: { "x-amz-meta-long": "v".repeat(64 * 1024) } }], false],
  "with a thousand headers": [
    "F10",
    Array.from({ length: 1000 }, (_, at): Fault => ({ do: "line", name: `x-amz-meta-${at}`, value: "v" })),
    false,
  ],
};

export const worstCases: readonly FaultCase[] = [
  ...Object.entries(ANSWERS).map(([what, [row, faults, must]]): FaultCase => ({
    row,
    name: `answers ${what} are ${must ? "read" : "read whole or refused"}, and a write is not acknowledged in vain`,
    run: (rig) => everyVerb(rig, faults, must),
  })),
  {
    row: "B5",
    name: "an answer of another version than was asked for is no answer",
    async run(rig) {
      await rig.set({ objects: { k: TEXT } });
      const store = rig.store();
      const etag = (await store.head("k"))?.etag ?? "";
      // A cache that looks at nothing but the path.
      await rig.set({ rules: [{ faults: [{ do: "headers", set: { etag: '"other"' } }] }] });
      await rig.rejects("precondition-failed", () => store.download("k", { ifMatch: etag }), "ifMatch");
      await rig.set({ rules: [{ faults: [{ do: "headers", set: { "x-amz-version-id": "newest" } }] }] });
      await rig.rejects("corrupt", () => store.download("k", { versionId: "older" }), "download of a version");
      await rig.rejects("corrupt", () => store.head("k", { versionId: "older" }), "head of a version");
    },
  },
  {
    row: "I2",
    name: "what is left of an aborted or cancelled body reaches no later answer",
    async run(rig) {
      const large = noise(700_000, 1);
      const small = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`s${at}`, `${at}`.repeat(50)]));
      const store = rig.store();
      await rig.set({ objects: small });
      await store.upload("large", large);
      for (let turn = 0; turn < 12; turn++) {
        const control = new AbortController();
        const { body } = await store.download("large", { signal: control.signal });
        const reader = body.getReader();
        await reader.read();
        const late = reader.read();
        late.catch(() => {});
        if (turn % 2) control.abort(new Error("enough"));
        else await reader.cancel();
        await late.catch(() => {});
        same(await (await store.download(`s${turn}`)).text(), small[`s${turn}`], `text ${turn}`);
      }
      sameBytes(await (await store.download("large")).bytes(), large, "bytes at the end");
    },
  },
  ...[-HOUR, HOUR].map((jump): FaultCase => ({
    row: "B10",
    name: `a clock that jumps an hour ${jump < 0 ? "back" : "ahead"} in the middle of a body ends nothing before its time, and nothing waits for ever`,
    async run(rig) {
      await rig.set({ objects: { k: TEXT }, rules: [{ operation: "GetObject", faults: [{ do: "stall", at: 400 }] }] });
      const store = rig.store({ timeout: { headers: 3000, body: 400 }, retry: { attempts: 1 } });
      const now = Date.now.bind(Date);
      const { body } = await store.download("k");
      const reader = body.getReader();
      try {
        await reader.read();
        const stalled = reader.read();
        stalled.catch(() => {});
        Date.now = () => now() + jump;
        await rig.rejects("timeout", () => soon(stalled, "a stalled body"), "read");
        // A slow body, of which no piece is late, by a limit that a busy machine keeps.
        await rig.set({ rules: [{ operation: "GetObject", faults: [{ do: "drip", size: 100, milliseconds: 100 }] }] });
        const patient = rig.store({ timeout: { headers: 20_000, body: 20_000 }, retry: { attempts: 1 } });
        const slow = (await patient.download("k")).text();
        await new Promise((resolve) => setTimeout(resolve, 250));
        Date.now = () => now() + 2 * jump;
        same(await slow, TEXT, "text");
      } finally {
        Date.now = now;
      }
    },
  })),
  // The last, since workerd gives what is left of its answers to whoever asks next over its connections.
  {
    row: "F10",
    name: "answers after interim ones are read or refused, and reach nobody else",
    async run(rig) {
      const interim: Fault[] = ([100, 102, 101] as const).map((status) => ({ do: "interim", status, count: 3 }));
      const { userAgent } = globalThis.navigator ?? {};
      for (const fault of userAgent === "Cloudflare-Workers" ? interim.slice(0, 1) : interim)
        await everyVerb(rig, [fault], false);
    },
  },
];
