import { describe, expect, it } from "vitest";
import { StorageError } from "../../../src/error.ts";
import { type Asking, asking, refusalOf } from "./asked.ts";

/** Begins an upload by a request; gives its id. */
async function create({ ask }: Asking, init?: RequestInit): Promise<string> {
  const text = await (await ask("POST", "bucket/key?uploads", init)).text();
  return /<UploadId>([^<]+)/.exec(text)?.[1] ?? text;
}

const put = ({ ask }: Asking, id: string, part: number | string, body: string, headers = {}): Promise<Response> =>
  ask("PUT", `bucket/key?partNumber=${part}&uploadId=${id}`, { body, headers });

describe("createUpload", () => {
  it("begins an upload of an object with these headers", async () => {
    const asked = asking();
    const id = await create(asked, { headers: { "content-type": "text/css", "x-amz-meta-a": "b" } });
    const etag = (await put(asked, id, 1, "abc")).headers.get("etag") as string;
    await (await asked.store.resumeMultipartUpload("key", id)).complete([{ partNumber: 1, etag }]);
    expect(await asked.store.head("key")).toMatchObject({ contentType: "text/css", metadata: { a: "b" }, size: 3 });
  });

  it.each(["CRC32", "crc32c", "CRC64NVME", "SHA256"])("says that parts have checksums: %s", async (name) => {
    const response = await asking().ask("POST", "bucket/key?uploads", {
      headers: { "x-amz-checksum-algorithm": name },
    });
    expect([response.status, response.headers.get("x-amz-checksum-algorithm")]).toEqual([200, name.toUpperCase()]);
    expect(await response.text()).toMatch(/<Bucket>bucket<\/Bucket><Key>key<\/Key><UploadId>.+<\/UploadId>/);
  });

  it.each<Record<string, string>>([
    { "x-amz-checksum-algorithm": "SHA1" },
    { "x-amz-checksum-algorithm": "MD5" },
    { "if-none-match": "*" },
    { "if-match": '"a"' },
    { "x-amz-tagging": "a=b" },
    { "x-amz-server-side-encryption": "AES256" },
  ])("refuses what it would not do, and begins nothing: %j", async (headers) => {
    const asked = asking();
    expect(await refusalOf(await asked.ask("POST", "bucket/key?uploads", { headers }))).toBe("501 NotImplemented");
    for await (const upload of asked.store.listUploads()) expect.fail(upload.key);
  });
});

describe("uploadPart", () => {
  it("stores a part, in place of one with its number", async () => {
    const asked = asking();
    const id = await create(asked);
    await put(asked, id, 2, "one");
    const response = await put(asked, id, 2, "other");
    const parts = await (await asked.store.resumeMultipartUpload("key", id)).parts();
    expect(parts).toMatchObject([{ partNumber: 2, etag: response.headers.get("etag"), size: 5 }]);
  });

  it("tells the checksum that it computed", async () => {
    const asked = asking();
    const headers = { "x-amz-checksum-crc32": "NSRBwg==" };
    const response = await put(asked, await create(asked), 1, "abc", headers);
    expect([response.status, response.headers.get("x-amz-checksum-crc32")]).toEqual([200, "NSRBwg=="]);
  });

  it.each([
    ["1", "none", {}, "404 NoSuchUpload"],
    ["1", undefined, { "x-amz-checksum-crc32": "AAAAAA==" }, "400 BadDigest"],
    ["1", undefined, { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" }, "400 BadDigest"],
    ["1", undefined, { "if-match": "*" }, "501 NotImplemented"],
    ["0", undefined, {}, "400 InvalidArgument"],
    ["10001", undefined, {}, "400 InvalidArgument"],
    ["a", undefined, {}, "400 InvalidArgument"],
    ["", undefined, {}, "400 InvalidArgument"],
  ])("refuses part %j of the upload %s with %j, and stores nothing", async (part, other, headers, refusal) => {
    const asked = asking();
    const id = await create(asked);
    expect(await refusalOf(await put(asked, other ?? id, part, "abc", headers))).toBe(refusal);
    expect(await (await asked.store.resumeMultipartUpload("key", id)).parts()).toEqual([]);
  });

  it("refuses the upload of another key", async () => {
    const asked = asking();
    const { uploadId } = await asked.store.createMultipartUpload("other");
    expect(await refusalOf(await put(asked, uploadId, 1, "abc"))).toBe("404 NoSuchUpload");
  });
});

describe("abortUpload", () => {
  it("drops the parts, once and again", async () => {
    const asked = asking();
    const id = await create(asked);
    await put(asked, id, 1, "abc");
    for (const _ of [1, 2]) expect((await asked.ask("DELETE", `bucket/key?uploadId=${id}`)).status).toBe(204);
    expect(await refusalOf(await asked.ask("GET", `bucket/key?uploadId=${id}`))).toBe("404 NoSuchUpload");
  });

  it("says so where the store fails, since parts that stay cost", async () => {
    const asked = asking();
    const id = await create(asked);
    const { resumeMultipartUpload } = asked.store;
    asked.store.resumeMultipartUpload = async (...call) => ({
      ...(await resumeMultipartUpload(...call)),
      abort: () => Promise.reject(new StorageError("unavailable", "not now")),
    });
    expect(await refusalOf(await asked.ask("DELETE", `bucket/key?uploadId=${id}`))).toBe("503 ServiceUnavailable");
  });
});

describe("listParts", () => {
  async function filled(): Promise<{ asked: Asking; id: string }> {
    const asked = asking();
    const id = await create(asked);
    for (const part of [7, 1, 3, 10_000]) await put(asked, id, part, "x".repeat(part % 10));
    return { asked, id };
  }

  it("tells when each part came", async () => {
    const { asked, id } = await filled();
    const text = await (await asked.ask("GET", `bucket/key?uploadId=${id}`)).text();
    const times = Array.from(text.matchAll(/<LastModified>(.*?)</g), ([, time]) => Date.parse(time ?? ""));
    expect(times).toHaveLength(4);
    for (const time of times) expect(Math.abs(Date.now() - time)).toBeLessThan(60_000);
  });

  const partsOf = (text: string): string[] =>
    Array.from(text.matchAll(/<PartNumber>(\d+).*?<Size>(\d+)/g), ([, part, size]) => `${part}:${size}`);

  it.each([1, 2, 3, 4, 1000])("gives every part once, in order, %i to a page", async (size) => {
    const { asked, id } = await filled();
    const found: string[] = [];
    let pages = 0;
    for (let next: string | undefined = "0"; next !== undefined; pages++) {
      const query = `uploadId=${id}&max-parts=${size}&part-number-marker=${next}`;
      const text: string = await (await asked.ask("GET", `bucket/key?${query}`)).text();
      found.push(...partsOf(text));
      const more: boolean = text.includes("<IsTruncated>true");
      next = more ? /<NextPartNumberMarker>(\d+)/.exec(text)?.[1] : undefined;
    }
    expect([found, pages]).toEqual([["1:1", "3:3", "7:7", "10000:0"], Math.ceil(4 / size)]);
  });

  it("says what was asked for", async () => {
    const { asked, id } = await filled();
    const query = `uploadId=${id}&max-parts=2&part-number-marker=1&encoding-type=url`;
    const text = await (await asked.ask("GET", `bucket/key?${query}`)).text();
    expect(text).toContain(
      `<EncodingType>url</EncodingType><Bucket>bucket</Bucket><Key>key</Key><UploadId>${id}</UploadId><Initiator><ID>`,
    );
    expect(text).toContain(
      "<PartNumberMarker>1</PartNumberMarker><NextPartNumberMarker>7</NextPartNumberMarker>" +
        "<MaxParts>2</MaxParts><IsTruncated>true</IsTruncated><Part><PartNumber>3</PartNumber><LastModified>",
    );
    const [, third] = await (await asked.store.resumeMultipartUpload("key", id)).parts();
    expect(text).toContain(`<ETag>&quot;${third?.etag.slice(1, -1)}&quot;</ETag><Size>3</Size>`);
  });

  it("of no parts is the last page", async () => {
    const { asked, id } = await filled();
    const text = await (await asked.ask("GET", `bucket/key?uploadId=${id}&max-parts=0`)).text();
    expect([partsOf(text), text.includes("<IsTruncated>false")]).toEqual([[], true]);
  });

  it.each(["part-number-marker=a", "part-number-marker=-1", "max-parts=a", "encoding-type=xml"])(
    "refuses %s",
    async (query) => {
      const { asked, id } = await filled();
      expect(await refusalOf(await asked.ask("GET", `bucket/key?uploadId=${id}&${query}`))).toBe("400 InvalidArgument");
    },
  );

  it.each(["none", "", "%00", "..%2F..%2Fkey", "ü", "x".repeat(4097)])(
    "refuses an upload that there is not: %j",
    async (id) => {
      const { asked } = await filled();
      const address = `bucket/key?uploadId=${id}`;
      expect(await refusalOf(await asked.ask("GET", address))).toBe("404 NoSuchUpload");
      expect(await refusalOf(await asked.ask("PUT", `${address}&partNumber=1`, { body: "" }))).toBe("404 NoSuchUpload");
    },
  );
});
