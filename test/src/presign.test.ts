import { expect, test } from "vitest";
import type { PresignOptions } from "../../src/interface.ts";
import { MAX_EXPIRY, presignOptions } from "../../src/presign.ts";

test("presignOptions is a GET for an hour unless told otherwise", () => {
  expect(presignOptions({})).toMatchObject({ method: "GET", expiresIn: 3600 });
});

test.each<[string, PresignOptions]>([
  ["no time", { expiresIn: 0 }],
  ["over a week", { expiresIn: MAX_EXPIRY + 1 }],
  ["half a second", { expiresIn: 0.5 }],
  ["text", { expiresIn: "1h" as unknown as number }],
])("presignOptions refuses to expire after %s", (_, options) => {
  expect(() => presignOptions(options)).toThrow(/expiresIn must be a whole number from 1 to 604800/);
});

test.each<[string, PresignOptions]>([
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
])("presignOptions refuses %s", (_, options) => {
  expect(() => presignOptions(options)).toThrow(expect.objectContaining({ code: "invalid-option" }));
});
