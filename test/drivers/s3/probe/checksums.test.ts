import { expect, it } from "vitest";
import { TEXT, VALUES } from "../../../../drivers/s3/probe/checksums.ts";
import { crc32, crc32c, crc64nvme, sha256 } from "../../../../src/checksum.ts";
import { asks } from "./asked.ts";

asks("crc32", "crc32c", "crc64nvme", "sha256");
asks("full-crc32", "full-crc32c", "full-crc64nvme", "composite-crc32", "composite-crc32c", "composite-sha256");

it.each([crc32, crc32c, crc64nvme, sha256])("VALUES: $name of the text", async ({ name, of }) => {
  expect(VALUES[name as keyof typeof VALUES]).toBe(await of(new TextEncoder().encode(TEXT)));
});
