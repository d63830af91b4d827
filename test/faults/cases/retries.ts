/** B1, B3, B3b, B4, B7, B8, B9, B14, B16: what is repeated, and what never. */
import { ok, same } from "../../../src/conformance/assert.ts";
import { cut, noise, source } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import { type FaultCase, PART } from "../rig.ts";

const FINAL = [400, 401, 403, 404, 405, 412, 416, 501];
const PASSING = [408, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524];
const LOST: Fault = { do: "lose", by: "rst" };
const refusal = (status: number, code: string): Fault => ({
  do: "reply",
  status,
  body: `<Error><Code>${code}</Code></Error>`,
});

/** By code before status: what the status alone would not tell. */
const BY_CODE: readonly (readonly [number, string, boolean])[] = [
  [400, "RequestTimeout", true],
  [400, "SlowDown", true],
  [400, "InternalError", true],
  [500, "NotImplemented", false],
  [503, "AccessDenied", false],
];

export const retryCases: readonly FaultCase[] = [
  {
    row: "B1",
    name: "every verb waits out two refusals for want of capacity",
    async run(rig) {
      const store = rig.store();
      const verbs: Record<string, () => Promise<unknown>> = {
        PutObject: () => store.upload("k", "text"),
        HeadObject: () => store.head("k"),
        GetObject: async () => (await store.download("k")).text(),
        ListObjectsV2: () => store.list().pages().next(),
        CopyObject: () => store.copy("k", "l"),
        DeleteObjects: () => store.delete(["k", "l"]),
        DeleteObject: () => store.delete("k"),
      };
      for (const [operation, call] of Object.entries(verbs)) {
        const busy: Fault = {
          do: "reply",
          status: operation === "GetObject" ? 429 : 503,
          headers: { "retry-after": "0" },
        };
        await rig.set({ rules: [{ operation, to: 2, faults: [busy] }] });
        await call();
        same((await rig.operations()).filter((one) => one === operation).length, 3, `requests of ${operation}`);
      }
    },
  },
  ...(["ifNoneMatch", "ifMatch"] as const).map((condition): FaultCase => ({
    row: "B3b",
    name: `a conflict of two writes with ${condition} is repeated, and never called a condition that failed`,
    async run(rig) {
      const conflict = refusal(409, "ConditionalRequestConflict");
      await rig.set({ rules: [{ operation: "PutObject", to: 2, faults: [conflict] }] });
      if (condition === "ifMatch") await rig.set({ objects: { k: "old" } });
      const etag = (await rig.seen()).objects["k"]?.etag;
      const options = condition === "ifMatch" ? { ifMatch: `${etag}` } : { ifNoneMatch: "*" as const };
      await rig.store().upload("k", "new", options);
      same(await rig.stored("k"), "new", "what is there");
      await rig.set({ rules: [{ operation: "PutObject", faults: [conflict] }] });
      await rig.rejects("conflict", () => rig.store().upload("j", "new", { ifNoneMatch: "*" }), "for good");
    },
  })),
  {
    row: "B4",
    name: "a delete whose answer is lost succeeds, alone and in a batch",
    async run(rig) {
      const operation = ["DeleteObject", "DeleteObjects"];
      await rig.set({ objects: { a: "1", b: "2", c: "3" }, rules: [{ operation, nth: 1, faults: [LOST] }] });
      await rig.store().delete("a");
      await rig.set({ rules: [{ operation, nth: 1, faults: [LOST] }] });
      await rig.store().delete(["b", "c"]);
      same((await rig.seen()).objects, {}, "what is left");
    },
  },
  {
    row: "B7",
    name: "a refusal that comes while a body is sent is the answer, and final",
    async run(rig) {
      const faults: Fault[] = [{ ...refusal(403, "AccessDenied"), early: true } as Fault];
      await rig.set({ rules: [{ operation: "PutObject", faults }] });
      await rig.rejects("denied", () => rig.store().upload("k", noise(4_000_000)), "upload");
      same((await rig.operations()).length, 1, "requests");
    },
  },
  {
    row: "B7",
    name: "a connection that is reset while a body is sent: the bytes are sent again",
    async run(rig) {
      await rig.set({ rules: [{ operation: "PutObject", to: 2, faults: [{ do: "drop", by: "rst", after: 65_536 }] }] });
      await rig.store().upload("k", noise(2_000_000));
      same((await rig.seen()).objects["k"]?.size, 2_000_000, "size stored");
    },
  },
  {
    row: "B7",
    name: "an early 503 while a body is sent: the bytes are sent again",
    async run(rig) {
      const faults: Fault[] = [{ do: "reply", status: 503, early: true }];
      await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults }] });
      await rig.store().upload("k", noise(3_000_000));
      same((await rig.seen()).objects["k"]?.size, 3_000_000, "size stored");
    },
  },
  {
    row: "B8",
    name: "a kept connection that the server ends under a request is no failure",
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "idle-close" }] }] });
      const store = rig.store({ retry: { attempts: 10, baseDelay: 0, maxDelay: 1 } });
      for (const key of ["a", "b", "c"]) {
        await store.upload(key, key);
        same(await (await store.download(key)).text(), key, "read again");
      }
      await store.delete(["a", "b"]);
      same(Object.keys((await rig.seen()).objects), ["c"], "objects");
    },
  },
  ...(["fin", "rst", "silence"] as const).map((by): FaultCase => ({
    row: "B8",
    name: `kept connections that all died (by ${by}) cost no call its attempts, one after the other and at once`,
    async run(rig) {
      await rig.set({ objects: { k: "text" }, rules: [{ faults: [{ do: "delay", milliseconds: 100 }] }] });
      // Only silence is told by time.
      const store = rig.store(
        by === "silence" ? { timeout: { headers: 3000 }, retry: { attempts: 5, baseDelay: 1, maxDelay: 5 } } : {},
      );
      const six = (): Promise<unknown> => Promise.all(Array.from({ length: 6 }, () => store.head("k")));
      await six();
      const to = Math.max(...(await rig.seen()).log.map(({ connection }) => connection));
      await rig.set({ rules: [{ faults: [{ do: "idle-close", by, to }] }] });
      same(await (await store.download("k")).text(), "text", "text");
      if (by === "silence") return;
      await store.upload("new", "new", { ifNoneMatch: "*" });
      await six();
      same(await rig.stored("new"), "new", "what is there");
    },
  })),
  ...[100_000, PART + 70_000].map((size): FaultCase => ({
    row: "B9",
    name: `a stream of ${size} bytes is repeated whole, and read once`,
    async run(rig) {
      const operation = ["PutObject", "UploadPart"];
      await rig.set({ rules: [{ operation, to: 2, faults: [{ do: "reply", status: 503 }] }] });
      const bytes = noise(size, 5);
      const { stream, over } = source(cut(bytes, [4096]));
      await rig.store().upload("k", stream);
      same([await over, (await rig.seen()).objects["k"]?.size], ["read", size], "source, and size stored");
      same(await (await rig.store().download("k")).bytes(), bytes, "bytes");
    },
  })),
  {
    row: "B14",
    name: "what will not change is asked once",
    async run(rig) {
      for (const status of FINAL) {
        await rig.set({ rules: [{ operation: "PutObject", faults: [{ do: "reply", status }] }] });
        const codes = [
          "unknown",
          "unauthenticated",
          "denied",
          "not-found",
          "unsupported",
          "precondition-failed",
          "invalid-range",
        ];
        await rig.rejects(codes, () => rig.store().upload("k", "x"), `status ${status}`);
        same((await rig.operations()).length, 1, `requests with status ${status}`);
      }
    },
  },
  {
    row: "B14",
    name: "what passes is asked again",
    async run(rig) {
      for (const status of PASSING) {
        await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults: [{ do: "reply", status }] }] });
        await rig.store().upload("k", "x");
        same((await rig.operations()).length, 2, `requests with status ${status}`);
      }
    },
  },
  ...BY_CODE.map(([status, code, again]): FaultCase => ({
    row: "B14",
    name: `${code} with status ${status} is ${again ? "repeated" : "final"}`,
    async run(rig) {
      await rig.set({ rules: [{ operation: "PutObject", nth: 1, faults: [refusal(status, code)] }] });
      const upload = rig.store().upload("k", "x");
      if (again) await upload;
      else await rig.rejects(["unsupported", "denied"], () => upload, "upload");
      same((await rig.operations()).length, again ? 2 : 1, "requests");
    },
  })),
  {
    row: "B16",
    name: "an outage is not multiplied: a hundred calls share one allowance of retries",
    async run(rig) {
      await rig.set({ rules: [{ faults: [{ do: "reply", status: 503 }] }] });
      const store = rig.store();
      for (let turn = 0; turn < 100; turn += 10) {
        const calls = Array.from({ length: 10 }, (_, index) => store.head(`${turn + index}`));
        const settled = await Promise.allSettled(calls);
        ok(
          settled.every(({ status }) => status === "rejected"),
          "every call must fail",
        );
      }
      const count = (await rig.operations()).length;
      ok(count <= 210, `100 calls made ${count} requests`);
    },
  },
];
