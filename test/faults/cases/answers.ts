/** A1 to A4, A7: a success that is none. */
import { ok, same } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { Fault } from "../proxy/fault.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** What S3 says when it finds out after it has answered 200. */
export const LATE_ERROR: Fault = {
  do: "reply",
  status: 200,
  headers: { "content-type": "application/xml" },
  body: `${DECLARATION}<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>`,
};
const CUT: Fault = { do: "reply", status: 200, body: `${DECLARATION}<CompleteMultipartUploadResult xml` };
const CUT_COPY: Fault = {
  do: "reply",
  status: 200,
  body: `${DECLARATION}<CopyObjectResult><ETag>&quot;a&quot;</ETag>`,
};
const PAGE: Fault = {
  do: "reply",
  status: 200,
  headers: { "content-type": "text/html" },
  body: "<html><body>Log in</body></html>",
};

const large = (seed: number): Uint8Array<ArrayBuffer> => noise(PART + 1000, seed);

async function nothingLeft(rig: Rig, key: string): Promise<void> {
  const { objects, uploads } = await rig.seen();
  same([objects[key], uploads], [undefined, []], "object and uploads");
}

export const answerCases: readonly FaultCase[] = [
  ...Object.entries({
    "an Error": LATE_ERROR,
    "a cut document": CUT,
    nothing: { do: "reply", status: 200 } as Fault,
  }).map(([what, fault]): FaultCase => ({
    row: "A1",
    name: `a completion that is answered 200 with ${what} is repeated`,
    async run(rig) {
      await rig.set({ rules: [{ operation: "CompleteMultipartUpload", nth: 1, faults: [fault] }] });
      const { size } = await rig.store().upload("k", large(1));
      same([size, (await rig.seen()).objects["k"]?.size], [PART + 1000, PART + 1000], "size told and stored");
    },
  })),
  {
    row: "A1",
    name: "a completion that is answered 200 with an Error for good is in doubt, or where that puts it off leaves nothing",
    async run(rig) {
      const putOff = { ...LATE_ERROR, body: "<Error><Code>SlowDown</Code></Error>" };
      await rig.set({ rules: [{ operation: "CompleteMultipartUpload", faults: [putOff] }] });
      await rig.rejects("unavailable", () => rig.store().upload("k", large(2)), "upload");
      await nothingLeft(rig, "k");
      await rig.set({ rules: [{ operation: "CompleteMultipartUpload", faults: [LATE_ERROR] }] });
      await rig.rejects("ambiguous", () => rig.store().upload("k", large(2)), "upload");
      same((await rig.seen()).uploads.length, 1, "uploads: what may be the object must not be aborted");
    },
  },
  ...Object.entries({ "an Error": LATE_ERROR, "a cut document": CUT_COPY }).map(([what, fault]): FaultCase => ({
    row: "A1",
    name: `a copy that is answered 200 with ${what} is repeated`,
    async run(rig) {
      await rig.set({ objects: { from: "text" }, rules: [{ operation: "CopyObject", nth: 1, faults: [fault] }] });
      await rig.store().copy("from", "to");
      same(await rig.stored("to"), "text", "copy");
    },
  })),
  {
    row: "A1",
    name: "a move whose copy is answered 200 with an Error for good keeps the source",
    async run(rig) {
      await rig.set({ objects: { from: "text" }, rules: [{ operation: "CopyObject", faults: [LATE_ERROR] }] });
      await rig.rejects("unavailable", () => rig.store().move("from", "to"), "move");
      same([await rig.stored("from"), await rig.stored("to")], ["text", undefined], "source and target");
    },
  },
  {
    row: "A2",
    name: "a batch of deletes says which keys are refused, and an absent key is deleted",
    async run(rig) {
      const refuseDelete = { b: { code: "AccessDenied" }, gone: { code: "NoSuchKey" } };
      await rig.set({ objects: { a: "1", b: "2", c: "3" }, switches: { refuseDelete } });
      const error = await rig.rejects("partial", () => rig.store().delete(["a", "b", "c", "gone"]), "delete");
      same(
        error.errors?.map(({ key, error: { code } }) => [key, code]),
        [["b", "denied"]],
        "errors",
      );
      same([...(error.deleted ?? [])].sort(), ["a", "c", "gone"], "deleted");
      same(Object.keys((await rig.seen()).objects), ["b"], "what is left");
    },
  },
  ...[
    { what: "and then the result", faults: [] as Fault[], fails: false },
    { what: "and then an Error", faults: [LATE_ERROR], fails: true },
  ].map(({ what, faults, fails }): FaultCase => ({
    row: "A3",
    name: `a completion that sends spaces for longer than the idle limit, ${what}`,
    async run(rig) {
      const spaces: Fault = { do: "whitespace", count: 30, milliseconds: 70 };
      await rig.set({ rules: [{ operation: "CompleteMultipartUpload", faults: [...faults, spaces] }] });
      const store = rig.store({ timeout: { headers: 20_000, body: 1800 }, retry: { attempts: 1 } });
      const upload = (): Promise<unknown> => store.upload("k", large(3));
      if (fails) await rig.rejects("ambiguous", upload, "upload");
      else await upload();
      same((await rig.seen()).objects["k"]?.size, fails ? undefined : PART + 1000, "size stored");
    },
  })),
  {
    row: "A4",
    name: "a 301 without Location is an error that names the region, for every verb",
    async run(rig) {
      const headers = { "x-amz-bucket-region": "eu-west-1" };
      await rig.set({ rules: [{ faults: [{ do: "reply", status: 301, headers }] }], objects: { k: "text" } });
      const store = rig.store();
      const verbs: Record<string, () => Promise<unknown>> = {
        upload: () => store.upload("k", "new"),
        download: () => store.download("k"),
        exists: () => store.exists("k"),
        head: () => store.head("k"),
        delete: () => store.delete("k"),
        list: () => store.list().pages().next(),
      };
      for (const [name, call] of Object.entries(verbs)) {
        const { message } = await rig.rejects("invalid-option", call, name);
        ok(message.includes("eu-west-1"), `${name} must name the region: ${message}`);
      }
      same(await rig.stored("k"), "text", "what is there");
    },
  },
  ...(
    ["ListObjectsV2", "CreateMultipartUpload", "CompleteMultipartUpload", "CopyObject", "DeleteObjects"] as const
  ).map((operation): FaultCase => ({
    row: "A7",
    name: `a login page is no answer to ${operation}`,
    async run(rig) {
      await rig.set({ rules: [{ operation, faults: [PAGE] }], objects: { a: "1", b: "2" } });
      const store = rig.store();
      const call = {
        ListObjectsV2: () => store.list().pages().next(),
        CreateMultipartUpload: () => store.upload("k", large(4)),
        CompleteMultipartUpload: () => store.upload("k", large(4)),
        CopyObject: () => store.copy("a", "k"),
        DeleteObjects: () => store.delete(["a", "b"]),
      }[operation];
      await rig.rejects(["corrupt", "ambiguous", "partial"], call, operation);
      same(Object.keys((await rig.seen()).objects), ["a", "b"], "objects");
    },
  })),
  {
    row: "A7",
    name: "a login page is no object, whatever is asked of one: it is asked again, and then the error says what answered",
    async run(rig) {
      const page = { operation: ["GetObject", "HeadObject"], faults: [PAGE] };
      await rig.set({ objects: { k: "text" } });
      const store = rig.store();
      const reads: Record<string, () => Promise<unknown>> = {
        exists: () => store.exists("k"),
        head: () => store.head("k"),
        download: () => store.download("k"),
        "a range": () => store.download("k", { range: { start: 1, end: 2 } }),
        "in parallel": () => store.download("k", { parallel: 2 }),
        "under a condition": () => store.download("k", { ifNoneMatch: '"e"' }),
        copy: () => store.copy("k", "to"),
      };
      for (const [what, read] of Object.entries(reads)) {
        await rig.set({ rules: [page] });
        const { message, retryable } = await rig.rejects("corrupt", read, what);
        ok(/no S3 store; check endpoint and what is before/.test(message), `${what}: ${message}`);
        same([retryable, (await rig.operations()).length], [true, 4], `${what}: retryable, and requests`);
        await rig.set({ rules: [{ ...page, nth: 1 }] });
        await read();
      }
      same(await rig.stored("to"), "text", "what was copied");
    },
  },
  {
    row: "A7",
    name: "a login page is not the rest of a body: it is asked for again, and then the error says what answered",
    async run(rig) {
      const text = "line\n".repeat(500);
      const cut = { operation: "GetObject", nth: 1, faults: [{ do: "truncate", at: 1000, by: "rst" } as const] };
      const read = async (): Promise<string> => (await rig.store().download("k")).text();
      const pages = [2, 3, 4, 5, 6].map((nth) => ({ operation: "GetObject", nth, faults: [PAGE] }));
      await rig.set({ objects: { k: text }, rules: [cut, ...pages.slice(0, 1)] });
      same(await read(), text, "text");
      await rig.set({ rules: [cut, ...pages] });
      const { message, retryable } = await rig.rejects("corrupt", read, "download");
      ok(retryable && /no S3 store; check endpoint and what is before/.test(message), message);
    },
  },
  {
    row: "A7",
    name: "a login page says nothing of a write whose answer was lost: whoever made it is asked again",
    async run(rig) {
      await rig.set({
        rules: [
          { operation: "PutObject", nth: 1, faults: [{ do: "lose", by: "rst" }] },
          { operation: "HeadObject", nth: 1, faults: [PAGE] },
        ],
      });
      await rig.store().upload("k", "new", { ifNoneMatch: "*" });
      same(await rig.stored("k"), "new", "what is there");
    },
  },
  ...Object.entries({ ETag: ["etag"], "request id": ["x-amz-request-id"], both: ["etag", "x-amz-request-id"] }).map(
    ([what, names]): FaultCase => ({
      row: "A7",
      name: `an object without ${what === "both" ? "ETag and request id, but with other headers of S3," : what} is one`,
      async run(rig) {
        const store = rig.store();
        await store.upload("k", "text", { metadata: what === "both" ? { a: "b" } : {} });
        const set = Object.fromEntries(names.map((name) => [name, null]));
        await rig.set({ rules: [{ faults: [{ do: "headers", set }] }] });
        same([(await store.head("k"))?.size, await (await store.download("k")).text()], [4, "text"], "what is read");
      },
    }),
  ),
];
