import memory from "../../../drivers/memory.ts";
import { toDriver } from "../../../src/driver.ts";
import { expect, test } from "vitest";
import { type ErrorCode, locate, StorageError, type StorageErrorInit } from "../../../src/error.ts";
import { GuardError } from "../../../src/guard.ts";
import { toResponse } from "../../../src/respond.ts";

const SECRET = "AccessDenied by eu-central-1 bucket prod-7 at /srv/data/secret AKIAXXXXXXXX";

test.each<[ErrorCode, number]>([
  ["invalid-key", 400],
  ["invalid-option", 400],
  ["invalid-range", 400],
  ["not-found", 404],
  ["precondition-failed", 412],
  ["conflict", 409],
  ["too-large", 413],
  ["unsupported", 501],
  ["timeout", 504],
  ["unavailable", 503],
  ["bucket-not-found", 500],
  ["unauthenticated", 500],
  ["denied", 500],
  ["partial", 500],
  ["interrupted", 400],
  ["corrupt", 500],
  ["ambiguous", 500],
  ["unknown", 500],
])("toResponse answers %s with %i", async (code, status) => {
  const response = toResponse(new StorageError(code, SECRET));
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  const { error } = await response.json();
  expect(error.code).toBe(code);
  expect(error.message.length).toBeGreaterThan(10);
});

test.each<ErrorCode>([
  "invalid-key",
  "invalid-option",
  "invalid-range",
  "not-found",
  "precondition-failed",
  "conflict",
  "too-large",
  "unsupported",
  "timeout",
  "unavailable",
  "bucket-not-found",
  "unauthenticated",
  "denied",
  "partial",
  "corrupt",
  "ambiguous",
  "unknown",
])("toResponse tells nothing of the store's text for %s", async (code) => {
  const error = locate(
    new StorageError(code, SECRET, { cause: new Error(SECRET), response: { status: 403, code: SECRET } }),
    { operation: "download", key: "k", driver: "s3" },
  );
  const text = await toResponse(error).text();
  for (const word of ["AccessDenied", "eu-central-1", "prod-7", "/srv", "AKIA", "s3", "download"])
    expect(text).not.toContain(word);
});

test.each([
  ["EntityTooSmall", 400],
  ["InvalidPart", 400],
  ["InvalidPartOrder", 400],
  ["MetadataTooLarge", 400],
  ["AuthorizationHeaderMalformed", 500],
  ["InvalidBucketName", 500],
  [undefined, 500],
])("toResponse tells of a store's %s by %i: the client's parts, or settings of the app", async (code, status) => {
  const init = { response: { status: 400, code }, operation: "completeMultipartUpload", key: "k" };
  const response = toResponse(new StorageError("invalid-option", SECRET, init as StorageErrorInit));
  const { error } = await response.json();
  expect([response.status, error.code, error.key]).toEqual([
    status,
    "invalid-option",
    status === 400 ? "k" : undefined,
  ]);
  const said = "The storage does not accept this metadata or these parts.";
  expect(error.message).toBe(status === 400 ? said : "The server could not do this; its log has the reason.");
});

test("toResponse answers not-modified without a body", async () => {
  const response = toResponse(new StorageError("not-modified", "same"));
  expect(response.status).toBe(304);
  expect(response.body).toBeNull();
});

test("toResponse answers a range of a download with 416", () => {
  expect(
    toResponse(locate(new StorageError("invalid-range", "no"), { operation: "download", key: "k", driver: "s3" }))
      .status,
  ).toBe(416);
});

test.each([
  ["a full disk", 507, { cause: { code: "ENOSPC" }, retryable: false }],
  ["a quota", 507, { cause: { code: "EDQUOT" }, retryable: false }],
  ["a file that is too large for the disk", 507, { cause: { code: "EFBIG" }, retryable: false }],
  ["a full store", 507, { response: { status: 507, code: "XMinioStorageFull" }, retryable: false }],
  ["a store's quota", 507, { response: { status: 403, code: "QuotaExceeded" }, retryable: false }],
  ["another system error", 503, { cause: { code: "ENOENT" }, retryable: false }],
  ["a store that fails otherwise", 503, { response: { status: 511 }, retryable: false }],
  ["a store that is to be asked again", 503, { response: { status: 507 }, retryable: true }],
])("toResponse tells of %s by %i, and asks to retry where that may help", async (_, status, init) => {
  const response = toResponse(new StorageError("unavailable", SECRET, init));
  expect([response.status, response.headers.get("retry-after")]).toEqual([status, status === 503 ? "1" : null]);
  const { error } = await response.json();
  expect(error).toEqual({ code: "unavailable", message: expect.not.stringContaining(SECRET) });
});

test("toResponse asks to retry when the store is unavailable", () => {
  expect(toResponse(new StorageError("unavailable", "x")).headers.get("retry-after")).toBe("1");
  expect(toResponse(new StorageError("timeout", "x")).headers.get("retry-after")).toBeNull();
});

test("toResponse says which key a client error is about, and keeps it from server errors", async () => {
  expect((await toResponse(new StorageError("not-found", "x", { key: "a/b" })).json()).error.key).toBe("a/b");
  expect((await toResponse(new StorageError("denied", "x", { key: "a/b" })).json()).error).not.toHaveProperty("key");
});

test.each(["a/../b", 'quo"te\\: x', "x".repeat(300)])(
  "toResponse leaves driver and verb out of the message for the key %j",
  async (key) => {
    const error = locate(new StorageError("invalid-key", "the segment .. is not allowed: leave it out"), {
      operation: "upload",
      key,
      driver: "s3",
    });
    expect((await toResponse(error).json()).error.message).toBe("the segment .. is not allowed: leave it out");
  },
);

test("toResponse leaves the verb out where no driver was found, and takes a code of a later version for unknown", async () => {
  const error = locate(new StorageError("invalid-key", "use another"), { operation: "upload", key: "k" });
  expect((await toResponse(error).json()).error.message).toBe("use another");
  expect(toResponse(Object.assign(new StorageError("unknown", "x"), { code: "later" })).status).toBe(500);
});

test.each([
  ["type", 415],
  ["content", 415],
  ["size", 413],
] as const)("toResponse answers a GuardError for %s with %i and its own message", async (reason, status) => {
  const response = toResponse(
    locate(new GuardError(reason, "send another one"), { operation: "upload", key: "k", driver: "fs" }),
  );
  expect(response.status).toBe(status);
  expect((await response.json()).error.message).toBe("send another one");
});

test.each([new Error(SECRET), new TypeError(SECRET), SECRET, null, undefined, { status: 404, message: SECRET }])(
  "toResponse answers anything else with a plain 500",
  async (error) => {
    const response = toResponse(error);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("prod-7");
  },
);

test.each([
  ["Express and h3", { status: 413, statusCode: 413 }],
  ["SvelteKit", { status: 413 }],
  ["Fastify", { statusCode: 413 }],
])("toResponse answers a host's error for a body over its limit with 413, as %s makes it", async (_, fields) => {
  const limit = Object.assign(new Error(SECRET), fields);
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(limit) });
  const upload = await memory()
    .upload("k", body)
    .catch((error: unknown) => error);
  for (const error of [limit, upload]) {
    const response = toResponse(error);
    expect(response.status).toBe(413);
    expect((await response.json()).error).toEqual({ code: "too-large", message: "The object is too large." });
  }
});

test.each([{ status: 401 }, { statusCode: 404 }])("toResponse takes no other status from an error: %j", (fields) => {
  const foreign = Object.assign(new Error(SECRET), fields);
  expect(toResponse(foreign).status).toBe(500);
  expect(toResponse(new StorageError("unknown", SECRET, { cause: foreign })).status).toBe(500);
});

test("toResponse answers a key that cannot be decoded with 400", async () => {
  const thrown = await Promise.resolve("%ff")
    .then(decodeURIComponent)
    .catch((error: unknown) => error);
  const response = toResponse(thrown);
  expect(response.status).toBe(400);
  expect((await response.json()).error).toEqual({ code: "invalid-key", message: expect.stringContaining("%25") });
});

test("toResponse knows a StorageError of another copy of the package", () => {
  const foreign = Object.assign(new Error("gone"), { code: "not-found", [Symbol.for("unbucket.StorageError")]: true });
  expect(toResponse(foreign).status).toBe(404);
});

test("toResponse blames no client for an option that the store itself refuses", async () => {
  const response = { status: 301, code: "PermanentRedirect" };
  const error = locate(new StorageError("invalid-option", SECRET, { response }), {
    operation: "download",
    key: "k",
    driver: "s3",
  });
  const answer = toResponse(error);
  expect(answer.status).toBe(500);
  expect((await answer.json()).error).toEqual({
    code: "invalid-option",
    message: expect.stringMatching(/^The server could not do this/),
  });
  expect(toResponse(new StorageError("invalid-key", "too long", { response: { status: 400 } })).status).toBe(400);
});

test("toResponse tells a client nothing of a driver that is set up wrongly", async () => {
  const driver = toDriver({
    name: "s3",
    open: () => {
      throw new StorageError("invalid-option", "STORAGE_S3_BUCKET is missing");
    },
  });
  const error: unknown = await driver.upload("a", "b").catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: "invalid-option",
    operation: "open",
    message: "s3 open: STORAGE_S3_BUCKET is missing",
  });
  const response = toResponse(error);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("STORAGE_S3_BUCKET");
});
