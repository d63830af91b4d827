import { expect, test } from "vitest";
import { MAX_EXPIRY, presignOptions } from "../../src/presign.ts";

test("presignOptions is a GET for an hour unless told otherwise", () => {
  expect(presignOptions({})).toMatchObject({ method: "GET", expiresIn: 3600 });
});

test.each<[string, object]>([
  ["no time", { expiresIn: 0 }],
  ["over a week", { expiresIn: MAX_EXPIRY + 1 }],
  ["half a second", { expiresIn: 0.5 }],
  ["text", { expiresIn: "1h" as unknown as number }],
])("presignOptions refuses to expire after %s", (_, options) => {
  expect(() => presignOptions(options)).toThrow(/expiresIn must be a whole number from 1 to 604800/);
});

test.each<[string, object]>([
  ["another method", { method: "DELETE" as "GET" }],
  ["a length for a GET", { contentLength: 1 }],
  ["a condition for a GET", { ifNoneMatch: "*" }],
  ["metadata for a GET", { metadata: { a: "1" } }],
  ["a negative length", { method: "PUT", contentLength: -1 }],
  ["an ETag to create only", { method: "PUT", ifNoneMatch: '"e"' as "*" }],
  ["part 0", { method: "PUT", part: { uploadId: "u", partNumber: 0 } }],
  ["part 10001", { method: "PUT", part: { uploadId: "u", partNumber: 10_001 } }],
  ["a type for one part", { method: "PUT", part: { uploadId: "u", partNumber: 1 }, contentType: "a/b" }],
  ["a line break in a header", { contentDisposition: "a\r\nb" }],
  ["a part without its upload", { method: "PUT", part: { uploadId: "", partNumber: 1 } }],
  ["a condition for one part", { method: "PUT", part: { uploadId: "u", partNumber: 1 }, ifMatch: '"e"' }],
  ["a version to write", { method: "PUT", versionId: "v" }],
  ["a version to read on condition", { ifMatch: '"e"' }],
  ["a bare ETag", { method: "PUT", ifMatch: "e" }],
  ["a checksum for a GET", { checksum: { name: "SHA256", value: "AAAA" } }],
  ["a checksum in hex with spaces", { method: "PUT", checksum: { name: "SHA256", value: "aa aa" } }],
  ["a checksum's header for its name", { method: "PUT", checksum: { name: "x-amz-checksum-sha256", value: "AAAA" } }],
  ["an algorithm for a checksum", { method: "PUT", checksum: { name: "SHA256" } as never }],
  ["a policy for a GET", { policy: () => ({ policy: "" }) }],
])("presignOptions refuses %s", (_, options) => {
  expect(() => presignOptions(options)).toThrow(expect.objectContaining({ code: "invalid-option" }));
});

test.each<[object, string]>([
  [{ contentLength: 1 }, "contentLength is for PUT only"],
  [{ expiresIn: 60, ifMatch: '"e"' }, "ifMatch is for PUT only"],
  [{ metadata: {} }, "metadata is for PUT only"],
  [{ method: "PUT", contentLength: 1, versionId: "v" }, "versionId is for GET only"],
])("presignOptions names of %j what the method does not take", (options, message) => {
  expect(() => presignOptions(options)).toThrow(expect.objectContaining({ code: "invalid-option", message }));
});

test("presignOptions keeps all that is bound", () => {
  const put = {
    ...{ contentType: "a/b", contentLanguage: "de", contentEncoding: "gzip", metadata: { a: "b" } },
    ...{ contentLength: 3, ifMatch: '"e"', checksum: { name: "CRC32C", value: "AAAAAA==" } },
    headers: { "x-amz-tagging": "a=b" },
  };
  expect(presignOptions({ method: "PUT", ...put })).toMatchObject({ method: "PUT", ...put });
  expect(presignOptions({ versionId: "v", cacheControl: "no-store" })).toMatchObject({
    versionId: "v",
    cacheControl: "no-store",
  });
  const part = { method: "PUT" as const, part: { uploadId: "u", partNumber: 1 }, checksum: put.checksum };
  expect(presignOptions(part)).toMatchObject(part);
});

test("presignOptions makes a POST of what has a policy", () => {
  const policy = (): { policy: string } => ({ policy: "" });
  expect(presignOptions({ method: "PUT", policy, contentType: "a/b" })).toMatchObject({ method: "POST", policy });
});
