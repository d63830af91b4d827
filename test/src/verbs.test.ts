import { expect, expectTypeOf, it } from "vitest";
import memory from "../../drivers/memory.ts";
import type { CallOptions } from "../../src/backend.ts";
import type { CallEvent } from "../../src/event.ts";
import type { MultipartUpload, ObjectStore } from "../../src/interface.ts";
import { presignOptions } from "../../src/presign.ts";
import { optionsOf, type Verb, type Verbs } from "../../src/verbs.ts";

it("optionsOf gives an operation its own options", () => {
  expect(optionsOf("setItemRaw")).toBe(optionsOf("upload"));
  // What has no row takes a signal alone, and has to be a verb.
  expectTypeOf<Verb>().not.toEqualTypeOf<string>();
  expect(optionsOf("rename" as Verb)).toEqual({ signal: 1 });
});

it.each([{ onProgress: 5 }, { signal: 5 }, { signal: new AbortController() }, { contentType: 5 }, { metadata: "a" }])(
  "upload refuses %j, which would be without effect or fail elsewhere",
  async (options) => {
    const [name] = Object.keys(options);
    const refused = {
      code: "invalid-option",
      message: expect.stringMatching(`${name} must be (of type|an AbortSignal)`),
    };
    await expect(memory().upload("k", "x", options as object)).rejects.toMatchObject(refused);
  },
);

const CALL = { signal: 1 } as const;
const REQUEST = { signal: 1, headers: 1, versionId: 1 } as const;
const UPLOAD = {
  signal: 1,
  contentType: 1,
  contentEncoding: 1,
  contentLanguage: 1,
  contentDisposition: 1,
  cacheControl: 1,
  metadata: 1,
  headers: 1,
  checksum: 1,
  ifMatch: 1,
  ifNoneMatch: 1,
  size: 1,
  onProgress: 1,
} as const;
const DOWNLOAD = { ...REQUEST, ifMatch: 1, ifNoneMatch: 1, range: 1, parallel: 1 } as const;
const DELETE = { ...REQUEST, ifMatch: 1 } as const;
const LIST = { signal: 1, prefix: 1, delimiter: 1, cursor: 1, startAfter: 1, limit: 1 } as const;
const { ifMatch: _, ifNoneMatch: __, ...UPDATE } = UPLOAD;
const { onProgress: ___, ...MULTIPART } = UPLOAD;
const { size: ____, ...WRITE } = MULTIPART;

/** Once more by hand: the compiler holds these against the types, and the test against what is looked at when a verb is called. */
const NAMES = {
  upload: UPLOAD,
  setItem: UPLOAD,
  setItemRaw: UPLOAD,
  download: DOWNLOAD,
  getItem: DOWNLOAD,
  getItemRaw: DOWNLOAD,
  delete: DELETE,
  removeItem: DELETE,
  exists: REQUEST,
  hasItem: REQUEST,
  head: REQUEST,
  getMeta: REQUEST,
  list: LIST,
  getKeys: LIST,
  clear: CALL,
  watch: CALL,
  presign: { ...WRITE, versionId: 1, method: 1, expiresIn: 1, contentLength: 1, part: 1, policy: 1 },
  copy: { ...REQUEST, ifMatch: 1, ifNoneMatch: 1 },
  move: { signal: 1, headers: 1, ifMatch: 1, ifNoneMatch: 1 },
  update: { ...UPDATE, attempts: 1 },
  createMultipartUpload: { ...MULTIPART, partSize: 1 },
  resumeMultipartUpload: CALL,
  uploadPart: CALL,
  listParts: CALL,
  completeMultipartUpload: CALL,
  abortMultipartUpload: CALL,
  sendMultipartUpload: { signal: 1, onProgress: 1, verify: 1 },
  presignMultipartUpload: { signal: 1, expiresIn: 1 },
  listUploads: { signal: 1, prefix: 1 },
  sweepUploads: { signal: 1, prefix: 1, olderThan: 1 },
  deletePrefix: CALL,
} as const;

it.each(Object.keys(NAMES) as Verb[])("optionsOf %s takes what its type has", (verb) => {
  expect(Object.keys(optionsOf(verb)).sort()).toEqual(Object.keys(NAMES[verb]).sort());
});

/** What a verb takes at a place. */
type Given<Verb, At extends number> = Verb extends (...given: infer All) => unknown ? NonNullable<All[At]> : never;

it("optionsOf knows the verbs and the options that the types have, and no others", () => {
  type Taken = { readonly [V in Verb]: keyof Verbs[V] };
  expectTypeOf<Taken>().toEqualTypeOf<{ readonly [V in keyof typeof NAMES]: keyof (typeof NAMES)[V] }>();
  expectTypeOf<keyof Verbs>().toEqualTypeOf<Verb>();
  expectTypeOf<CallEvent["operation"]>().toEqualTypeOf<Verb>();

  type Store<V extends keyof ObjectStore, At extends number> = Given<ObjectStore[V], At>;
  expectTypeOf<Verbs["upload"]>().toEqualTypeOf<Store<"upload", 2>>();
  expectTypeOf<Verbs["download"]>().toEqualTypeOf<Store<"download", 1>>();
  expectTypeOf<Verbs["exists"]>().toEqualTypeOf<Store<"exists", 1>>();
  expectTypeOf<Verbs["presign"]>().toEqualTypeOf<Store<"presign", 1>>();
  expectTypeOf<Verbs["head"]>().toEqualTypeOf<Store<"head", 1>>();
  expectTypeOf<Verbs["list"]>().toEqualTypeOf<Store<"list", 0>>();
  expectTypeOf<Verbs["copy"]>().toEqualTypeOf<Store<"copy", 2>>();
  expectTypeOf<Verbs["move"]>().toEqualTypeOf<Store<"move", 2>>();
  expectTypeOf<Verbs["deletePrefix"]>().toEqualTypeOf<Store<"deletePrefix", 1>>();
  expectTypeOf<Verbs["createMultipartUpload"]>().toEqualTypeOf<Store<"createMultipartUpload", 1>>();
  expectTypeOf<Verbs["listUploads"]>().toEqualTypeOf<Store<"listUploads", 0>>();
  expectTypeOf<Verbs["sweepUploads"]>().toEqualTypeOf<Store<"sweepUploads", 0>>();
  expectTypeOf<Verbs["update"]>().toEqualTypeOf<Store<"update", 2>>();

  type Upload<V extends keyof MultipartUpload, At extends number> = Given<MultipartUpload[V], At>;
  expectTypeOf<Verbs["uploadPart"]>().toEqualTypeOf<Upload<"uploadPart", 2>>();
  expectTypeOf<Verbs["listParts"]>().toEqualTypeOf<Upload<"parts", 0>>();
  expectTypeOf<Verbs["listParts"]>().toEqualTypeOf<Upload<"offset", 0>>();
  expectTypeOf<Verbs["completeMultipartUpload"]>().toEqualTypeOf<Upload<"complete", 1>>();
  expectTypeOf<Verbs["abortMultipartUpload"]>().toEqualTypeOf<Upload<"abort", 0>>();
  expectTypeOf<Verbs["sendMultipartUpload"]>().toEqualTypeOf<Upload<"send", 1>>();
  expectTypeOf<Verbs["presignMultipartUpload"]>().toEqualTypeOf<Upload<"presign", 0>>();
});

it("the types know of a presigned request what its method takes, and of delete what one key takes", () => {
  type Takes<Options> = Options extends Given<ObjectStore["presign"], 1> ? true : false;
  type Both = { method: "GET" | "PUT"; expiresIn: 5; contentType: "a/b" };
  type OfPut = Omit<Extract<Verbs["presign"], { method: "PUT" }>, "method" | "versionId">;
  expectTypeOf<Takes<{ method: "PUT"; contentLength: 5 } | { versionId: "v" } | Both>>().toEqualTypeOf<true>();
  for (const name of ["contentLength", "checksum", "metadata", "ifMatch", "ifNoneMatch", "part", "policy"] as const) {
    expectTypeOf<Takes<Required<Pick<OfPut, typeof name>>>>().toEqualTypeOf<false>();
    expect(() => presignOptions({ [name]: 5 })).toThrow(`${name} is for PUT only`);
  }
  expectTypeOf<Takes<{ method: "PUT"; versionId: "v" }>>().toEqualTypeOf<false>();

  const remove: ObjectStore["delete"] = async () => {};
  expectTypeOf(remove).toBeCallableWith("a", { ifMatch: '"e"', signal: undefined });
  expectTypeOf(remove).toBeCallableWith(["a"], { signal: undefined });
  expectTypeOf<Given<ObjectStore["delete"], 1>>().toEqualTypeOf<CallOptions>();
});
