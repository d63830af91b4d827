import { describe, expect, it } from "vitest";
import { crc32 } from "../../../src/checksum.ts";
import type { ChecksumAlgorithm } from "../../../src/checksum/algorithm.ts";
import { asking, refusalOf } from "./asked.ts";

const algorithm: ChecksumAlgorithm = crc32;

async function digest(...pieces: readonly Uint8Array[]): Promise<string> {
  const hasher = algorithm.create();
  for (const piece of pieces) await hasher.update(piece);
  return hasher.digest();
}

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const parts = [new Uint8Array(5 * 1024 * 1024).fill(1), Uint8Array.of(1, 2, 3)];
const own = await Promise.all(parts.map((part) => digest(part)));
const full = await digest(...parts);
const composite = await digest(...own.map(bytesOf));

describe("completeUpload", () => {
  it.each([
    ["of the whole", full, undefined, "200 undefined"],
    ["of the checksums", composite, undefined, "200 undefined"],
    ["of the checksums, with their number", `${composite}-2`, undefined, "200 undefined"],
    ["of the checksums, with another number", `${composite}-3`, undefined, "400 BadDigest"],
    ["of neither", own[0] as string, undefined, "400 BadDigest"],
    ["of the whole and called so", full, "FULL_OBJECT", "200 undefined"],
    ["of the checksums and called the other", composite, "FULL_OBJECT", "400 BadDigest"],
    ["of the whole and called the other", full, "COMPOSITE", "400 BadDigest"],
  ])("holds a checksum against the parts: %s", async (_, checksum, type, answer) => {
    const { store, ask } = asking();
    const upload = await store.createMultipartUpload("key");
    const stored = await Promise.all(parts.map((part, at) => upload.uploadPart(at + 1, part)));
    const list = stored.map(
      ({ partNumber, etag }, at) =>
        `<Part><PartNumber>${partNumber}</PartNumber><ETag>${etag}</ETag><ChecksumCRC32>${own[at]}</ChecksumCRC32></Part>`,
    );
    const body = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
    const headers = { "x-amz-checksum-crc32": checksum, ...(type && { "x-amz-checksum-type": type }) };
    expect(await refusalOf(await ask("POST", `bucket/key?uploadId=${upload.uploadId}`, { body, headers }))).toBe(
      answer,
    );
    expect((await store.head("key")) !== null).toBe(answer === "200 undefined");
  });
});
