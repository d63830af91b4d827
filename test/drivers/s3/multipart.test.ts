import { describe, expect, it } from "vitest";
import type { S3Options } from "../../../drivers/s3.ts";
import { type Answer, answer, failure, happy, type Script, wire, xml } from "../../support/wire.ts";
import { stubbed } from "../../support/stubbed.ts";

describe("the steps of a multipart upload", () => {
  it.each(["", "<UploadId/>"])("create rejects corrupt without an id: %j", async (inner) => {
    const server = await wire(xml("InitiateMultipartUploadResult", inner));
    await expect(stubbed(server).createMultipartUpload("k")).rejects.toMatchObject({ code: "corrupt" });
  });

  it("go to the upload, its id encoded; complete sorts the parts and reads the object", async () => {
    const server = await wire(happy);
    const upload = await stubbed(server).createMultipartUpload("k", { contentType: "a/b" });
    const second = await upload.uploadPart(2, "two");
    const first = await upload.uploadPart(1, new Blob(["one"]));
    const info = await upload.complete([second, first]);
    expect(server.lines()).toEqual([
      "POST /bucket/k?uploads=",
      "PUT /bucket/k?partNumber=2&uploadId=u%2F1%2Bx",
      "PUT /bucket/k?partNumber=1&uploadId=u%2F1%2Bx",
      "POST /bucket/k?uploadId=u%2F1%2Bx",
      "HEAD /bucket/k",
    ]);
    expect(server.requests[3]?.body.toString()).toMatch(/<PartNumber>1<.*<PartNumber>2</);
    expect(info).toMatchObject({ etag: '"all-2"', size: 3 });
  });

  it("a part without ETag is sent again, then corrupt", async () => {
    const server = await wire(happy, answer(200));
    const upload = await stubbed(server).createMultipartUpload("k");
    await expect(upload.uploadPart(1, "x")).rejects.toMatchObject({ code: "corrupt" });
    expect(server.requests).toHaveLength(5);
  });

  it("abort takes an upload that is gone as aborted", async () => {
    const server = await wire(happy, failure(404, "NoSuchUpload"));
    const upload = await stubbed(server).createMultipartUpload("k");
    await upload.abort();
    expect(server.lines().at(-1)).toBe("DELETE /bucket/k?uploadId=u%2F1%2Bx");
  });
});

it("abort ends at once with the reason of its own signal, though the store does not answer", async () => {
  const control = new AbortController();
  const reason = new Error("left");
  const server = await wire((request) => {
    if (request.method !== "DELETE") return happy(request);
    control.abort(reason);
    return { bytes: "", then: "hang" };
  });
  const upload = await stubbed(server).createMultipartUpload("k");
  await expect(upload.abort({ signal: control.signal })).rejects.toBe(reason);
}, 10_000);

describe("send, when the store does not know the upload", () => {
  const over =
    (head: Answer, listed: string | undefined): Script =>
    (request) => {
      if (request.query.has("uploadId")) return failure(404, "NoSuchUpload");
      if (request.method === "HEAD") return head;
      if (!request.query.has("list-type")) return happy(request);
      return listed === undefined
        ? failure(403, "AccessDenied")
        : xml("ListBucketResult", `<IsTruncated>false</IsTruncated>${listed}`);
    };
  const entry = (key: string): string =>
    `<Contents><Key>${key}</Key><Size>1</Size><ETag>e</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`;
  const absent = answer(404, { "x-amz-request-id": "R" });
  const sending = async (script: Script): Promise<unknown> =>
    (await stubbed(await wire(script), { base: "in" }).createMultipartUpload("k")).send(() => "x");

  it.each([
    ["nor the object, which it lists", over(absent, entry("in/k")), "ambiguous"],
    ["nor the object, and lists others", over(absent, entry("in/k2")), "not-found"],
    ["nor the object anywhere", over(absent, ""), "not-found"],
    ["nor the object, and refuses to list", over(absent, undefined), "denied"],
    [
      "and has an object of another",
      over(answer(200, { "content-length": "1", etag: '"e"' }), entry("in/k")),
      "not-found",
    ],
  ])("%s, rejects", async (_, script, code) => {
    await expect(sending(script)).rejects.toMatchObject({ code, operation: "sendMultipartUpload" });
  });
});

describe("listParts", () => {
  const part = (number: number, size = 5): string =>
    `<Part><PartNumber>${number}</PartNumber><Size>${size}</Size><ETag>&quot;${number}&quot;</ETag></Part>`;
  const page = (inner: string): ReturnType<typeof xml> => xml("ListPartsResult", inner);

  it("reads all pages, in order", async () => {
    const script: Script = (request) =>
      request.method !== "GET"
        ? happy(request)
        : request.query.get("part-number-marker") === "2"
          ? page(`${part(3)}<IsTruncated>false</IsTruncated>`)
          : page(`${part(2)}${part(1)}<IsTruncated>true</IsTruncated><NextPartNumberMarker>2</NextPartNumberMarker>`);
    const server = await wire(script);
    const upload = await stubbed(server).createMultipartUpload("k");
    expect(await upload.parts()).toEqual([1, 2, 3].map((n) => ({ partNumber: n, size: 5, etag: `"${n}"` })));
  });

  it("tells when a part came where the store says so", async () => {
    const time = "2026-01-02T03:04:05.678Z";
    const told = (text: string): string => part(1).replace("<ETag>", `<LastModified>${text}</LastModified><ETag>`);
    const said = async (text: string): Promise<unknown> => {
      const upload = await stubbed(
        await wire(happy, page(`${told(text)}<IsTruncated>false</IsTruncated>`)),
      ).createMultipartUpload("k");
      return (await upload.parts())[0]?.lastModified;
    };
    expect([await said(time), await said("yesterday")]).toEqual([new Date(time), undefined]);
  });

  it("rejects not-found for an upload that is over", async () => {
    const upload = await stubbed(await wire(happy, failure(404, "NoSuchUpload"))).createMultipartUpload("k");
    await expect(upload.parts()).rejects.toMatchObject({ code: "not-found", operation: "listParts" });
  });

  it("rejects corrupt for a list that goes round", async () => {
    const script: Script = (request, number) =>
      request.method === "GET"
        ? page(`<IsTruncated>${number < 40}</IsTruncated><NextPartNumberMarker>${number % 2}1</NextPartNumberMarker>`)
        : happy(request);
    const upload = await stubbed(await wire(script)).createMultipartUpload("k");
    await expect(upload.parts()).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each([
    ["that goes on, but not where", `${part(1)}<IsTruncated>true</IsTruncated>`],
    ["of which it cannot be told whether it goes on", `${part(1)}<IsTruncated>trve</IsTruncated>`],
    ["with a part with an empty size", "<Part><PartNumber>1</PartNumber><ETag>e</ETag><Size/></Part>"],
    ["with a part without size", "<Part><PartNumber>1</PartNumber></Part>"],
    ["with a part 0", part(0)],
  ])("rejects corrupt for a list %s", async (_, inner) => {
    const upload = await stubbed(await wire(happy, page(inner))).createMultipartUpload("k");
    await expect(upload.parts()).rejects.toMatchObject({ code: "corrupt" });
  });
});

describe("listUploads", () => {
  const upload = (key: string, id: string): string =>
    `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>`;
  const page = (inner: string): ReturnType<typeof xml> =>
    xml("ListMultipartUploadsResult", `<EncodingType>url</EncodingType>${inner}`);

  it("reads all pages, keys decoded and without the base", async () => {
    const more =
      "<IsTruncated>true</IsTruncated><NextKeyMarker>in/a+b</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>";
    const server = await wire(
      page(upload("in/a+b", "1") + upload("in/a+b", "2") + more),
      page(upload("in/a%2Bb", "3")),
    );
    const found: string[] = [];
    for await (const { key, uploadId, initiated } of stubbed(server, { base: "in" }).listUploads({ prefix: "a" })) {
      found.push(`${key} ${uploadId} ${initiated.getUTCFullYear()}`);
    }
    expect(found).toEqual(["a b 1 2026", "a b 2 2026", "a+b 3 2026"]);
    expect(server.requests.map(({ query }) => [query.get("prefix"), query.get("key-marker")])).toEqual([
      ["in/a", null],
      ["in/a", "in/a b"],
    ]);
  });

  it("does not ask for keys to be encoded, which stores do otherwise than they say", async () => {
    const server = await wire(
      xml("ListMultipartUploadsResult", `<IsTruncated>false</IsTruncated>${upload("a%20b+100%", "1")}`),
    );
    const keys: string[] = [];
    for await (const { key } of stubbed(server).listUploads()) keys.push(key);
    expect(keys).toEqual(["a%20b+100%"]);
    expect(server.requests[0]?.query.has("encoding-type")).toBe(false);
  });

  it("goes on by the key alone where the store names no upload, for as many pages as there are", async () => {
    const server = await wire((_, number) =>
      page(
        `${upload("k", `${number}`)}<IsTruncated>${number < 5}</IsTruncated><NextKeyMarker>k${number}</NextKeyMarker>`,
      ),
    );
    const ids: string[] = [];
    for await (const { uploadId } of stubbed(server).listUploads()) ids.push(uploadId);
    expect(ids).toEqual(["1", "2", "3", "4", "5"]);
    expect(server.requests.map(({ query }) => query.get("upload-id-marker"))).toEqual(Array(5).fill(null));
  });

  it("tells onEvent one call for each page", async () => {
    const calls: string[] = [];
    const more = "<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>";
    const server = await wire(page(upload("a", "1") + upload("a", "2") + more), page(upload("b", "3")));
    const onEvent: S3Options["onEvent"] = ({ type, operation }) => void (type === "call" && calls.push(operation));
    const ids: string[] = [];
    for await (const { uploadId } of stubbed(server, { onEvent }).listUploads())
      ids.push(uploadId, String(calls.length));
    expect(ids).toEqual(["1", "1", "2", "1", "3", "2"]);
    expect(calls).toEqual(["listUploads", "listUploads"]);
  });

  it("rejects corrupt for a list that goes round", async () => {
    const script: Script = (_, number) =>
      page(`<IsTruncated>${number < 40}</IsTruncated><NextKeyMarker>k${number % 2}</NextKeyMarker>`);
    const uploads = stubbed(await wire(script)).listUploads();
    const first = uploads[Symbol.asyncIterator]();
    await expect(first.next()).rejects.toMatchObject({ code: "corrupt", operation: "listUploads" });
  });

  it.each([
    ["goes on, but not where", page(`${upload("k", "1")}<IsTruncated>true</IsTruncated>`)],
    ["says neither that it goes on nor that it ends", page(`${upload("k", "1")}<IsTruncated>t</IsTruncated>`)],
    ["has an upload without id", page("<Upload><Key>k</Key></Upload>")],
    ["has an upload without its time", page("<Upload><Key>k</Key><UploadId>1</UploadId></Upload>")],
    ["has a key outside the prefix", page(upload("other", "1"))],
  ])("rejects corrupt when the list %s", async (_, found) => {
    const server = await wire(found);
    const uploads = stubbed(server).listUploads({ prefix: "k" });
    const all = async (): Promise<void> => {
      for await (const each of uploads) void each;
    };
    await expect(all()).rejects.toMatchObject({ code: "corrupt", operation: "listUploads" });
    expect(server.requests).toHaveLength(1);
  });
});
