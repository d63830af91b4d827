import { describe, expect, it } from "vitest";
import { crc32, crc64nvme, sha256 } from "../../../src/checksum.ts";
import { StorageError } from "../../../src/error.ts";
import type { ChecksumAlgorithm } from "../../../src/checksum/algorithm.ts";
import { MIN_PART } from "../../../src/plan.ts";
import { type Asking, asking, refusalOf } from "./asked.ts";

interface Part {
  readonly number: number | string;
  readonly etag: string | undefined;
  readonly more?: string;
}

interface Begun extends Asking {
  readonly id: string;
  readonly bytes: readonly Uint8Array[];
  readonly parts: readonly Part[];
}

/** An upload with parts of these sizes, numbered from 1. */
async function begun(...sizes: readonly number[]): Promise<Begun> {
  const asked = asking();
  const upload = await asked.store.createMultipartUpload("key");
  const bytes = sizes.map((size, at) => new Uint8Array(size).fill(at + 1));
  const parts: Part[] = [];
  for (const [at, part] of bytes.entries())
    parts.push({ number: at + 1, etag: (await upload.uploadPart(at + 1, part)).etag });
  return { ...asked, id: upload.uploadId, bytes, parts };
}

function documentOf(parts: readonly Part[]): string {
  const inner = parts.map(
    ({ number, etag, more = "" }) =>
      `<Part><PartNumber>${number}</PartNumber>${etag === undefined ? "" : `<ETag>${etag}</ETag>`}${more}</Part>`,
  );
  return `<CompleteMultipartUpload>${inner.join("")}</CompleteMultipartUpload>`;
}

const complete = ({ ask, id }: Begun, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask("POST", `bucket/key?uploadId=${id}`, { body, headers });

/** Refused, and nothing is stored; the upload can still be completed. */
async function refuses(upload: Begun, body: string, refusal: string, headers = {}): Promise<void> {
  expect(await refusalOf(await complete(upload, body, headers))).toBe(refusal);
  expect(await upload.store.head("key")).toBeNull();
  expect((await complete(upload, documentOf(upload.parts))).status).toBe(200);
}

describe("completeUpload", () => {
  it("makes the object, and says where it is", async () => {
    const upload = await begun(MIN_PART, 3);
    const response = await complete(upload, documentOf(upload.parts));
    const info = await upload.store.head("key");
    expect(info?.size).toBe(MIN_PART + 3);
    expect(await response.text()).toContain(
      `<Location>http://gateway/bucket/key</Location><Bucket>bucket</Bucket><Key>key</Key><ETag>&quot;${info?.etag.slice(1, -1)}&quot;</ETag>`,
    );
  });

  it("can be repeated by a client that lost the answer", async () => {
    const upload = await begun(3);
    const headers = { "x-amz-mp-object-size": "3" };
    const first = await complete(upload, documentOf(upload.parts), headers);
    const second = await complete(upload, documentOf(upload.parts), headers);
    expect([second.status, await second.text()]).toEqual([200, await first.text()]);
  });

  it("takes ETags as clients write them: without quotes, with quotes as entities, and on a line of its own", async () => {
    for (const write of [
      (etag: string) => etag.slice(1, -1),
      (etag: string) => etag.replaceAll('"', "&quot;"),
      (etag: string) => `\n  ${etag}\n`,
    ]) {
      const upload = await begun(3);
      const parts = upload.parts.map((part) => ({ ...part, etag: write(part.etag as string) }));
      expect((await complete(upload, documentOf(parts))).status).toBe(200);
    }
  });

  it("takes some of the parts", async () => {
    const upload = await begun(MIN_PART, MIN_PART, 3);
    expect((await complete(upload, documentOf(upload.parts.slice(1)))).status).toBe(200);
    expect((await upload.store.head("key"))?.size).toBe(MIN_PART + 3);
  });

  it.each<[string, (parts: readonly Part[]) => readonly Part[], string]>([
    ["parts in another order", (parts) => parts.toReversed(), "400 InvalidPartOrder"],
    [
      "one of three parts in another order",
      ([first, second]) => [first, { number: 3, etag: '"a"' }, second] as Part[],
      "400 InvalidPartOrder",
    ],
    ["a part twice", ([first, second]) => [first, first, second] as Part[], "400 InvalidPartOrder"],
    ["another ETag", ([first]) => [{ ...(first as Part), etag: '"other"' }], "400 InvalidPart"],
    ["a part that is not there", (parts) => [...parts, { number: 3, etag: '"a"' }], "400 InvalidPart"],
    ["a part of no number", () => [{ number: "one", etag: '"a"' }], "400 MalformedXML"],
    ["a part 0", () => [{ number: 0, etag: '"a"' }], "400 InvalidPart"],
    ["a part 10001", () => [{ number: 10_001, etag: '"a"' }], "400 InvalidPart"],
    ["a part without ETag", ([first]) => [{ ...(first as Part), etag: undefined }], "400 MalformedXML"],
    ["no part", () => [], "400 MalformedXML"],
  ])("refuses %s, and makes nothing", async (_, change, refusal) => {
    const upload = await begun(MIN_PART, 3);
    await refuses(upload, documentOf(change(upload.parts)), refusal);
  });

  it.each([
    ["nothing", ""],
    ["another document", "<Delete><Object><Key>key</Key></Object></Delete>"],
    ["a cut document", "<CompleteMultipartUpload><Part>"],
    ["a document type", `<!DOCTYPE x [<!ENTITY e "1">]>${documentOf([{ number: 1, etag: "&e;" }])}`],
  ])("refuses %s as malformed", async (_, body) => {
    await refuses(await begun(3), body, "400 MalformedXML");
  });

  it("refuses a part below 5 MiB that is not the last, and says which", async () => {
    const upload = await begun(MIN_PART - 1, 3);
    const response = await complete(upload, documentOf(upload.parts));
    const text = await response.clone().text();
    expect(await refusalOf(response)).toBe("400 EntityTooSmall");
    expect(text).toContain(
      `<ProposedSize>${MIN_PART - 1}</ProposedSize><MinSizeAllowed>${MIN_PART}</MinSizeAllowed><PartNumber>1</PartNumber>`,
    );
    expect(await upload.store.head("key")).toBeNull();
  });

  it("refuses an upload that there is not", async () => {
    const upload = { ...(await begun(3)), id: "none" };
    expect(await refusalOf(await complete(upload, documentOf(upload.parts)))).toBe("404 NoSuchUpload");
  });

  it("holds the size of the whole", async () => {
    const upload = await begun(MIN_PART, 3);
    const size = (bytes: number | string): Record<string, string> => ({ "x-amz-mp-object-size": String(bytes) });
    for (const wrong of [MIN_PART + 4, "x", ""])
      expect(await refusalOf(await complete(upload, documentOf(upload.parts), size(wrong)))).toBe("400 InvalidRequest");
    expect((await complete(upload, documentOf(upload.parts), size(MIN_PART + 3))).status).toBe(200);
  });

  it.each([
    [{ "if-none-match": "*" }, "412 PreconditionFailed"],
    [{ "if-match": '"other"' }, "412 PreconditionFailed"],
    [{ "if-none-match": '"other"' }, "501 NotImplemented"],
    [{ "if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT" }, "501 NotImplemented"],
  ])("holds conditions: %j", async (headers, refusal) => {
    const upload = await begun(3);
    const { etag } = await upload.store.upload("key", "there");
    expect(await refusalOf(await complete(upload, documentOf(upload.parts), headers))).toBe(refusal);
    expect((await upload.store.head("key"))?.etag).toBe(etag);
  });

  describe("with a checksum of the whole", () => {
    const valueOf = async (algorithm: ChecksumAlgorithm, ...bytes: readonly Uint8Array[]): Promise<string> => {
      const hasher = algorithm.create();
      for (const piece of bytes) await hasher.update(piece);
      return hasher.digest();
    };
    const binary = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));

    /** The document with the parts' own values, and these. */
    async function summed(
      { bytes, parts }: Begun,
      algorithm: ChecksumAlgorithm,
    ): Promise<{ readonly body: string; readonly own: readonly string[] }> {
      const own = await Promise.all(bytes.map((part) => valueOf(algorithm, part)));
      const body = documentOf(
        parts.map((part, at) => ({
          ...part,
          more: `<Checksum${algorithm.name}>${own[at]}</Checksum${algorithm.name}>`,
        })),
      );
      return { body, own };
    }

    it.each([crc32, crc64nvme])("holds that of all bytes: $name", async (algorithm) => {
      const upload = await begun(MIN_PART, 3);
      const { body } = await summed(upload, algorithm);
      await refuses(upload, body, "400 BadDigest", { [algorithm.header]: await valueOf(algorithm, binary("AAAA")) });
      const again = await begun(MIN_PART, 3);
      const right = {
        [algorithm.header]: await valueOf(algorithm, ...upload.bytes),
        "x-amz-checksum-type": "FULL_OBJECT",
      };
      expect((await complete(again, body, right)).status).toBe(200);
    });

    it.each([crc32, sha256])("holds that of checksums: $name", async (algorithm) => {
      const upload = await begun(MIN_PART, 3);
      const { body, own } = await summed(upload, algorithm);
      const value = await valueOf(algorithm, ...own.map(binary));
      const type = { "x-amz-checksum-type": "COMPOSITE" };
      for (const wrong of [own[0] as string, `${own[0]}-2`, `${value}-3`])
        expect(await refusalOf(await complete(upload, body, { ...type, [algorithm.header]: wrong }))).toBe(
          "400 BadDigest",
        );
      expect((await complete(upload, body, { [algorithm.header]: `${value}-2` })).status).toBe(200);
      const again = await begun(MIN_PART, 3);
      expect((await complete(again, body, { ...type, [algorithm.header]: value })).status).toBe(200);
    });

    it("takes a value of one type for none of the other", async () => {
      const upload = await begun(MIN_PART, 3);
      const { body, own } = await summed(upload, crc32);
      const [whole, ofParts] = [await valueOf(crc32, ...upload.bytes), await valueOf(crc32, ...own.map(binary))];
      for (const [type, value] of [
        ["COMPOSITE", whole],
        ["FULL_OBJECT", ofParts],
        ["FULL_OBJECT", `${ofParts}-2`],
      ] as const)
        expect(
          await refusalOf(await complete(upload, body, { "x-amz-checksum-type": type, "x-amz-checksum-crc32": value })),
        ).toBe("400 BadDigest");
    });

    it("takes that of checksums for none of all bytes where the algorithm has no other", async () => {
      const upload = await begun(MIN_PART, 3);
      const { body, own } = await summed(upload, sha256);
      const value = await valueOf(sha256, ...own.map(binary));
      const headers = { "x-amz-checksum-type": "FULL_OBJECT", "x-amz-checksum-sha256": value };
      await refuses(upload, body, "400 BadDigest", headers);
    });

    it("needs those of the parts", async () => {
      const upload = await begun(MIN_PART, 3);
      await refuses(upload, documentOf(upload.parts), "400 InvalidRequest", { "x-amz-checksum-crc32": "AAAAAA==" });
    });

    it("refuses a value of a part that is none", async () => {
      const upload = await begun(3);
      const parts = upload.parts.map((part) => ({ ...part, more: "<ChecksumSHA256>?</ChecksumSHA256>" }));
      await refuses(upload, documentOf(parts), "400 MalformedXML", { "x-amz-checksum-sha256": "AAAA" });
    });

    it("refuses one that it cannot compute", async () => {
      const upload = await begun(3);
      await refuses(upload, documentOf(upload.parts), "501 NotImplemented", { "x-amz-checksum-sha1": "AAAA" });
    });
  });

  it("goes without a list of parts where the store has none, but for what needs it", async () => {
    const upload = await begun(3);
    const { resumeMultipartUpload } = upload.store;
    upload.store.resumeMultipartUpload = async (...call) => {
      const resumed = await resumeMultipartUpload(...call);
      return { ...resumed, parts: () => Promise.reject(new StorageError("unsupported", "no list")) };
    };
    const other = upload.parts.map((part) => ({ ...part, etag: '"other"' }));
    expect(await refusalOf(await complete(upload, documentOf(other)))).toBe("400 InvalidPart");
    const crc = { "x-amz-checksum-crc32": "AAAAAA==" };
    expect(await refusalOf(await complete(upload, documentOf(upload.parts), crc))).toBe("501 NotImplemented");
    await refuses(upload, documentOf(upload.parts), "501 NotImplemented", { "x-amz-mp-object-size": "3" });
  });

  it("makes nothing where the store fails to say which parts there are", async () => {
    const upload = await begun(3);
    const { resumeMultipartUpload } = upload.store;
    let fails = true;
    upload.store.resumeMultipartUpload = async (...call) => {
      const resumed = await resumeMultipartUpload(...call);
      return fails ? { ...resumed, parts: () => Promise.reject(new StorageError("unavailable", "not now")) } : resumed;
    };
    expect(await refusalOf(await complete(upload, documentOf(upload.parts)))).toBe("503 ServiceUnavailable");
    fails = false;
    expect((await complete(upload, documentOf(upload.parts))).status).toBe(200);
  });
});
