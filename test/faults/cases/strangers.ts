/** D11: what an upload goes on with comes from outside: a database, a queue, a browser. */
import type { StorageError } from "unbucket";
import { ok, same, sameBytes } from "../../../src/conformance/assert.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import type { UploadState } from "../../../src/interface.ts";
import { type FaultCase, PART, type Rig } from "../rig.ts";

const SIZE = 2 * PART + 1000;
let made: Uint8Array<ArrayBuffer> | undefined;
const bytes = (): Uint8Array<ArrayBuffer> => (made ??= noise(SIZE, 3));
const LONG = "x".repeat(10 * 1024 * 1024);

type State = Record<string, unknown> & { parts: Record<string, unknown>[] };

/** An upload of which two parts are there, and its state as another process reads it. */
async function begun(rig: Rig): Promise<State> {
  const rules = [{ operation: "UploadPart", part: 3, faults: [{ do: "reply", status: 403 } as const] }];
  await rig.set({ rules });
  const upload = await rig.store({ concurrency: 1 }).createMultipartUpload("k", { size: SIZE });
  await rig.rejects("denied", () => upload.send(bytes), "send");
  await rig.set({ rules: [] });
  return JSON.parse(JSON.stringify(upload.state())) as State;
}

/** Goes on with a state from whatever hands. */
async function goOn(rig: Rig, state: unknown, body: () => Uint8Array = bytes, verify = true): Promise<unknown> {
  const upload = await rig.store().resumeMultipartUpload("k", state as UploadState);
  return upload.send((start) => body().subarray(start), { verify });
}

/** The first part with something else in it. */
const part = (change: object): Partial<State> => ({ parts: [{ partNumber: 1, etag: '"e"', size: PART, ...change }] });

/** What no upload can be gone on with, by what a state has instead. */
const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  "another key": [{ key: "other" }, { key: 5 }, { key: LONG }, { key: null }],
  "an id that is none": ["", "a\r\nb", "\uD800", LONG, 5, null, {}].map((uploadId) => ({ uploadId })),
  "parts that are no list": ["x", 5, null, {}, { length: 1, 0: { partNumber: 1 } }].map((parts) => ({ parts })),
  "parts that are none": [null, "x", 5, [], {}].map((one) => ({ parts: [one] })),
  "a part out of bounds": [0, -1, 10_001, 1.5, "1", 1e300, null].map((partNumber) => part({ partNumber })),
  "a part twice": [{ parts: [1, 2, 1].map((partNumber) => ({ partNumber, etag: '"e"', size: PART })) }],
  "more parts than there are": [
    { parts: Array.from({ length: 100_000 }, (_, at) => ({ partNumber: (at % 10_000) + 1, etag: '"e"', size: PART })) },
  ],
  "an ETag that no document can have": ["", '"\0"', "a\nb", "\uFFFF", LONG, 5, null, {}].map((etag) => part({ etag })),
  "a checksum of a part that is none": [5, {}, "a\nb", null].map((checksum) => part({ checksum })),
  "a size of parts that is none": [0, -1, 1.5, 6 * 1024 ** 3, 1e300, "5242880", LONG, null].map((partSize) => ({
    partSize,
  })),
  "a size that is none": [-1, 1.5, 1e300, "7", LONG, null, {}].map((size) => ({ size })),
  "more bytes than its parts can have": [{ size: 10_000 * PART + 1 }, { partSize: 1, size: 1e9 }],
  "a condition that is none": [
    ...[5, "e", '"a"\r\nx-amz-acl: public-read', '"é"', LONG, null].map((ifMatch) => ({ ifMatch })),
    ...["no", '"e"', true, null].map((ifNoneMatch) => ({ ifNoneMatch })),
    { ifMatch: '"e"', ifNoneMatch: "*" },
  ],
  "a mark that is none": [5, {}, "a\r\nb", LONG, null].map((writeId) => ({ writeId })),
  "a checksum that is none": [5, {}, "a\r\nb", LONG, null].map((checksum) => ({ checksum })),
};

/** What a state may say and be wrong, without being refused: then parts are sent again. */
const MENDED: Readonly<Record<string, (state: State) => void>> = {
  "no parts": (state) => (state.parts.length = 0),
  "the parts of each other": ({ parts: [one, two] }) => {
    [one, two].forEach((each, at) => Object.assign(each ?? {}, { partNumber: 2 - at }));
  },
  "other ETags, digests and sizes, and parts that nobody sent": ({ parts }) => {
    const [one, two] = parts;
    Object.assign(one ?? {}, { etag: '"0123456789abcdef"', digest: { toString: 1 } });
    Object.assign(two ?? {}, { size: Number.MAX_SAFE_INTEGER });
    parts.push(...[3, 10_000].map((partNumber) => ({ partNumber, etag: '"x"', size: 1, digest: "y" })));
  },
  "larger parts": (state) => (state["partSize"] = PART + 1_000_000),
  "names that every object has, and those of later versions": (state) => {
    const odd = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"version":99}';
    for (const name of ["__proto__", "constructor", "version"]) {
      const value = (JSON.parse(odd) as Record<string, unknown>)[name];
      Object.defineProperty(state, name, { value, enumerable: true });
      for (const each of state.parts) Object.defineProperty(each, name, { value, enumerable: true });
    }
  },
};

/** Requires that a state, or a list of parts, was refused before anything was sent, in few words. */
async function unsent(rig: Rig, error: StorageError, what: string): Promise<void> {
  ok(error.message.length < 1000, `${what}: a message of ${error.message.length} characters`);
  same(await rig.operations(), [], `${what}: requests`);
}

export const strangerCases: readonly FaultCase[] = [
  {
    row: "D11",
    name: "a state in which anything is what it cannot be is refused before anything is sent, and in few words",
    async run(rig) {
      const upload = await rig.store().createMultipartUpload("k", { size: SIZE });
      const state = JSON.parse(JSON.stringify(upload.state())) as State;
      await rig.set({ rules: [] });
      for (const [what, changes] of Object.entries(REFUSED)) {
        for (const [at, change] of changes.entries()) {
          const resumed = (): Promise<unknown> => goOn(rig, { ...state, ...(change as object) });
          const error = await rig.rejects(["invalid-option", "too-large"], resumed, `${what} ${at}`);
          await unsent(rig, error, `${what} ${at}`);
        }
      }
    },
  },
  {
    row: "D11",
    name: "what is no state at all is refused, and the text of one is not taken for the id of an upload",
    async run(rig) {
      const text = JSON.stringify((await rig.store().createMultipartUpload("k")).state());
      await rig.set({ rules: [] });
      for (const state of [null, undefined, 5, true, [], [5], {}, "", "\uD800", `${text}\n`, LONG]) {
        const error = await rig.rejects("invalid-option", () => goOn(rig, state), String(state).slice(0, 20));
        await unsent(rig, error, String(state).slice(0, 20));
      }
      for (const state of [text, text.slice(0, 40), "u"])
        await rig.rejects("not-found", () => goOn(rig, state), "text");
      same([await rig.stored("k"), (await rig.seen()).uploads.length], [undefined, 1], "what is there");
    },
  },
  ...Object.entries(MENDED).map(([what, change]): FaultCase => ({
    row: "D11",
    name: `a state with ${what} makes the object that its source is, or none`,
    async run(rig) {
      const state = await begun(rig);
      change(state);
      await goOn(rig, state);
      sameBytes(await (await rig.store().download("k")).bytes(), bytes(), "bytes");
      ok(!("polluted" in {}), "the prototype of all objects must be as it was");
    },
  })),
  {
    row: "D11",
    name: "a state of another bucket, or of a store that is gone, sends no byte",
    async run(rig) {
      const state = await begun(rig);
      await rig.set({ rules: [] });
      const foreign = await rig
        .store({ bucket: `${rig.bucket}-other` })
        .resumeMultipartUpload("k", state as unknown as UploadState);
      let asked = false;
      const open = (): Uint8Array => {
        asked = true;
        return bytes();
      };
      await rig.rejects("bucket-not-found", () => foreign.send(open), "another bucket");
      state["uploadId"] = "u+9/=of another store";
      await rig.rejects("not-found", () => goOn(rig, state, open), "another store");
      same([asked, (await rig.seen()).objects], [false, {}], "whether the source was opened, and objects");
    },
  },
  {
    row: "D11",
    name: "a state that says fewer bytes than its parts have makes no object of them",
    async run(rig) {
      const state = await begun(rig);
      for (const size of [0, PART, 2 * PART - 1]) {
        await rig.rejects("invalid-option", () => goOn(rig, { ...state, size }, bytes, false), `size ${size}`);
        same((await rig.seen()).objects, {}, "objects");
      }
    },
  },
  {
    row: "D11",
    name: "a completion by parts that are none is refused before anything is sent, and the upload stays",
    async run(rig) {
      const upload = await rig.store().createMultipartUpload("k");
      const sent = await upload.uploadPart(1, bytes().subarray(0, PART));
      await rig.set({ rules: [] });
      const lists = [
        ...[null, "x", {}, 5, [null], ["x"], [{}], [{ partNumber: 1 }], [sent, sent], [{ ...sent, partNumber: "1" }]],
        ...["", "\0", "a\nb", LONG, 5, null, {}].map((etag) => [{ ...sent, etag }]),
        ...[5, {}, "\0"].map((checksum) => [{ ...sent, checksum }]),
      ];
      for (const [at, list] of lists.entries()) {
        const complete = (): Promise<unknown> => upload.complete(list as never);
        await unsent(rig, await rig.rejects("invalid-option", complete, `list ${at}`), `list ${at}`);
      }
      await upload.complete([sent]);
      same((await rig.seen()).objects["k"]?.size, PART, "size");
    },
  },
];
