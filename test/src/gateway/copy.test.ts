import { describe, expect, it } from "vitest";
import type { DownloadedObject } from "../../../src/interface.ts";
import { type Asking, asking, refusalOf } from "./asked.ts";

const PAST = "Mon, 01 Jan 2001 00:00:00 GMT";
const FUTURE = "Tue, 01 Jan 2999 00:00:00 GMT";

/** A gateway with the objects `from` and `to`. */
async function filled(): Promise<Asking & { readonly etag: string; readonly before: string }> {
  const asked = asking();
  const options = { contentType: "text/css", cacheControl: "no-store", metadata: { a: "b" } };
  const { etag } = await asked.store.upload("from", "abcd", options);
  const { etag: before } = await asked.store.upload("to", "before");
  return { ...asked, etag, before };
}

const copying = ({ ask }: Asking, headers: Record<string, string> = {}, to = "to"): Promise<Response> =>
  ask("PUT", `bucket/${to}`, { headers: { "x-amz-copy-source": "/bucket/from", ...headers } });

/** Gives downloads a body that nobody has read, and more; tells whether it was let go. */
function letGo({ store }: Asking, more: Pick<DownloadedObject, "missingMetadata"> = {}): () => boolean {
  const { download } = store;
  let cancelled = false;
  store.download = async (...call) => {
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) }, { highWaterMark: 0 });
    return { ...(await download(...call)), body, ...more };
  };
  return () => cancelled;
}

describe("copyObject", () => {
  it.each(["/bucket/from", "bucket/from", "%2Fbucket%2Ffrom", "/bucket/from?versionId=null"])(
    "takes bytes, headers and metadata along: %s",
    async (source) => {
      const asked = await filled();
      const response = await copying(asked, { "x-amz-copy-source": source, "x-amz-meta-other": "ignored, as on S3" });
      const info = await asked.store.head("to");
      expect(info).toMatchObject({ contentType: "text/css", cacheControl: "no-store", metadata: { a: "b" }, size: 4 });
      expect(await response.text()).toMatch(
        new RegExp(
          `<CopyObjectResult [^>]*><LastModified>2.*Z</LastModified><ETag>&quot;${info?.etag.slice(1, -1)}&quot;`,
        ),
      );
    },
  );

  it("takes a key with any characters", async () => {
    const asked = await filled();
    await asked.store.upload("ä ?#+%/\nx", "odd");
    const source = `/bucket/${encodeURIComponent("ä ?#+%/\nx")}`;
    expect((await copying(asked, { "x-amz-copy-source": source })).status).toBe(200);
    expect(await (await asked.store.download("to")).text()).toBe("odd");
  });

  it("replaces headers and metadata where that is asked for, also of an object by itself", async () => {
    for (const to of ["to", "from"]) {
      const asked = await filled();
      const headers = { "x-amz-metadata-directive": "REPLACE", "content-type": "text/html", "x-amz-meta-c": "d" };
      expect((await copying(asked, headers, to)).status).toBe(200);
      const object = await asked.store.download(to);
      expect(object).toMatchObject({ contentType: "text/html", metadata: { c: "d" } });
      expect([object.cacheControl, await object.text()]).toEqual([undefined, "abcd"]);
    }
  });

  it("takes the mark of a driver's write as it is sent, and copies without that of the source's", async () => {
    const asked = await filled();
    const headers = { "x-amz-metadata-directive": "REPLACE", "x-amz-meta-unbucket-write": "id", "x-amz-meta-c": "d" };
    expect((await copying(asked, headers, "from")).status).toBe(200);
    expect({ ...(await asked.store.head("from"))?.metadata }).toEqual({ c: "d", "unbucket-write": "id" });
    expect((await copying(asked, { "if-match": asked.before }, "to")).status).toBe(200);
    const others = [await asked.store.head("to"), await asked.store.update("from", (current) => current?.body)];
    expect(others.map((info) => ({ ...info?.metadata }))).toEqual([{ c: "d" }, { c: "d" }]);
  });

  it.each<[string, Record<string, string>, string]>([
    ["an absent source", { "x-amz-copy-source": "/bucket/none" }, "404 NoSuchKey"],
    ["another bucket", { "x-amz-copy-source": "/other/from" }, "404 NoSuchBucket"],
    ["a source without a key", { "x-amz-copy-source": "/bucket/" }, "400 InvalidArgument"],
    ["a source without a bucket", { "x-amz-copy-source": "from" }, "400 InvalidArgument"],
    ["a source of no encoding", { "x-amz-copy-source": "/bucket/%zz" }, "400 InvalidURI"],
    ["a source with dots", { "x-amz-copy-source": "/bucket/a/../from" }, "400 InvalidURI"],
    ["a key whose ? is not encoded", { "x-amz-copy-source": "/bucket/from?x" }, "501 NotImplemented"],
    ["a version", { "x-amz-copy-source": "/bucket/from?versionId=7" }, "501 NotImplemented"],
    ["itself", { "x-amz-copy-source": "/bucket/to" }, "400 InvalidRequest"],
    ["an unknown directive", { "x-amz-metadata-directive": "MERGE" }, "400 InvalidArgument"],
    ["a checksum", { "x-amz-checksum-algorithm": "CRC32" }, "501 NotImplemented"],
    ["tags", { "x-amz-tagging": "a=b" }, "501 NotImplemented"],
    [
      "a customer key",
      { "x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256" },
      "501 NotImplemented",
    ],
  ])("refuses %s, and copies nothing", async (_, headers, refusal) => {
    const asked = await filled();
    expect(await refusalOf(await copying(asked, headers))).toBe(refusal);
    expect((await asked.store.head("to"))?.etag).toBe(asked.before);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ["the ETag", { "if-match": "ETAG" }, true],
    ["the ETag without quotes", { "if-match": "BARE" }, true],
    ["another ETag", { "if-match": '"other"' }, false],
    ["any ETag", { "if-match": "*" }, true],
    ["not the ETag", { "if-none-match": "ETAG" }, false],
    ["not the ETag without quotes", { "if-none-match": "BARE" }, false],
    ["not another ETag", { "if-none-match": '"other"' }, true],
    ["no ETag", { "if-none-match": "*" }, false],
    ["changed since", { "if-modified-since": PAST }, true],
    ["changed later", { "if-modified-since": FUTURE }, false],
    ["not changed since", { "if-unmodified-since": PAST }, false],
    ["not changed later", { "if-unmodified-since": FUTURE }, true],
    ["the ETag, whatever the date", { "if-match": "ETAG", "if-unmodified-since": PAST }, true],
    ["not the ETag, whatever the date", { "if-none-match": "ETAG", "if-modified-since": PAST }, false],
  ])("holds the source's conditions: %s", async (_, conditions, holds) => {
    const asked = await filled();
    const headers = Object.fromEntries(
      Object.entries(conditions).map(([name, value]) => [
        `x-amz-copy-source-${name}`,
        value.replace("ETAG", asked.etag).replace("BARE", asked.etag.slice(1, -1)),
      ]),
    );
    const response = await copying(asked, headers);
    expect(holds ? response.status : await refusalOf(response)).toBe(holds ? 200 : "412 PreconditionFailed");
    expect((await asked.store.head("to"))?.size).toBe(holds ? 4 : 6);
  });

  it.each(["2026-01-01T00:00:00Z", "yesterday", ""])("refuses a condition that is no date: %j", async (date) => {
    const asked = await filled();
    const headers = { "x-amz-copy-source-if-unmodified-since": date };
    expect(await refusalOf(await copying(asked, headers))).toBe("400 InvalidArgument");
  });

  it.each<[Record<string, string>, string]>([
    [{ "if-none-match": "*" }, "412 PreconditionFailed"],
    [{ "if-match": '"other"' }, "412 PreconditionFailed"],
    [{ "if-unmodified-since": FUTURE }, "501 NotImplemented"],
  ])("holds the target's conditions: %j", async (headers, refusal) => {
    const asked = await filled();
    expect(await refusalOf(await copying(asked, headers))).toBe(refusal);
    expect((await asked.store.head("to"))?.etag).toBe(asked.before);
    expect((await copying(asked, { "if-match": asked.before })).status).toBe(200);
    expect(await asked.store.head("to")).toMatchObject({ size: 4, contentType: "text/css", metadata: { a: "b" } });
  });

  it("has the store copy what it only is to create, which knows how to", async () => {
    const asked = await filled();
    const { copy } = asked.store;
    const options: unknown[] = [];
    asked.store.copy = (from, to, given) => {
      options.push(given);
      return copy(from, to, given);
    };
    expect((await copying(asked, { "if-none-match": "*" }, "new")).status).toBe(200);
    const etag = asked.etag;
    const both = { "if-none-match": "*", "x-amz-copy-source-if-match": etag };
    expect((await copying(asked, both, "newer")).status).toBe(200);
    expect(options).toEqual([
      { ifNoneMatch: "*", ifMatch: undefined },
      { ifNoneMatch: "*", ifMatch: etag },
    ]);
  });

  it("says when a copy was made where the store does not say it at once", async () => {
    const asked = await filled();
    const { copy } = asked.store;
    asked.store.copy = async (...call) => {
      const { lastModified: _, ...made } = await copy(...call);
      return made;
    };
    expect(await (await copying(asked)).text()).toMatch(/<LastModified>2/);
  });

  it("replaces metadata of which a part is none that a header can say, and tells the store how much comes", async () => {
    const asked = await filled();
    const { download, upload } = asked.store;
    const sizes: unknown[] = [];
    asked.store.download = async (...call) => {
      const object = await download(...call);
      return { ...object, body: object.body, missingMetadata: 1 };
    };
    asked.store.upload = (key, body, options) => {
      sizes.push(options?.size);
      return upload(key, body, options);
    };
    expect((await copying(asked, { "x-amz-metadata-directive": "REPLACE" })).status).toBe(200);
    expect(sizes).toEqual([4]);
  });

  it("refuses to lose metadata that no header can say, and lets the source go", async () => {
    const asked = await filled();
    const cancelled = letGo(asked, { missingMetadata: 1 });
    expect(await refusalOf(await copying(asked, { "if-match": asked.before }))).toBe("501 NotImplemented");
    expect([cancelled(), (await asked.store.head("to"))?.etag]).toEqual([true, asked.before]);
  });

  it.each(["COPY", "REPLACE", "part"])(
    "copies no other version than the conditions were held against: %s",
    async (how) => {
      const asked = await filled();
      const { head } = asked.store;
      // Somebody is faster.
      asked.store.head = async (...args) => {
        const info = await head(...args);
        await asked.store.upload("from", "later");
        return info;
      };
      const upload = await asked.store.createMultipartUpload("to");
      const part = how === "part";
      const response = await copying(
        asked,
        { "x-amz-copy-source-if-match": asked.etag, ...(!part && { "x-amz-metadata-directive": how }) },
        part ? `to?partNumber=1&uploadId=${upload.state().uploadId}` : "to",
      );
      expect(await refusalOf(response)).toBe("412 PreconditionFailed");
      expect([await (await asked.store.download("to")).text(), await upload.parts()]).toEqual(["before", []]);
    },
  );

  it("lets the source go where what shall be stored with the copy is refused", async () => {
    const asked = await filled();
    const cancelled = letGo(asked);
    const headers = { "x-amz-metadata-directive": "REPLACE", "x-amz-meta-a": "b".repeat(2048) };
    expect(await refusalOf(await copying(asked, headers))).toBe("400 MetadataTooLarge");
    expect(cancelled()).toBe(true);
  });
});

describe("copyPart", () => {
  it.each([
    ["bytes=2-3", "200 undefined", "cd"],
    ["bytes=2-2", "200 undefined", "c"],
    ["bytes=2-4", "416 InvalidRange", undefined],
    ["bytes=9-10", "416 InvalidRange", undefined],
    ["bytes=3-2", "400 InvalidArgument", undefined],
  ])("copies the range that is named and no shorter one: %s", async (range, answer, copied) => {
    const { store, ask } = asking();
    await store.upload("from", "abcd");
    const { uploadId } = await store.createMultipartUpload("to");
    const headers = { "x-amz-copy-source": "/bucket/from", "x-amz-copy-source-range": range };
    expect(await refusalOf(await ask("PUT", `bucket/to?uploadId=${uploadId}&partNumber=1`, { headers }))).toBe(answer);
    const parts = await (await store.resumeMultipartUpload("to", uploadId)).parts();
    expect(parts.map(({ size }) => size)).toEqual(copied === undefined ? [] : [copied.length]);
  });

  it("lets a source go that is shorter than the range", async () => {
    const asked = await filled();
    const cancelled = letGo(asked);
    const { uploadId } = await asked.store.createMultipartUpload("to");
    const range = { "x-amz-copy-source-range": "bytes=2-4" };
    const response = await copying(asked, range, `to?uploadId=${uploadId}&partNumber=1`);
    expect([await refusalOf(response), cancelled()]).toEqual(["416 InvalidRange", true]);
  });

  it("does not blame the client for a source that breaks off", async () => {
    const asked = await filled();
    const { download } = asked.store;
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ pull: (controller) => controller.error(new Error("lost")) }, { highWaterMark: 0 });
    asked.store.download = async (...call) => ({ ...(await download(...call)), body: body() });
    const { uploadId } = await asked.store.createMultipartUpload("to");
    for (const [headers, to] of [
      [{}, `to?uploadId=${uploadId}&partNumber=1`],
      [{ "x-amz-metadata-directive": "REPLACE" }, "to"],
    ] as const)
      expect(await refusalOf(await copying(asked, headers, to))).toBe("503 ServiceUnavailable");
  });

  it("copies all of an object where no range is named, and says so", async () => {
    const { store, ask, etag } = await filled();
    const { uploadId } = await store.createMultipartUpload("to");
    const headers = { "x-amz-copy-source": "/bucket/from", "x-amz-copy-source-if-match": etag };
    const response = await ask("PUT", `bucket/to?uploadId=${uploadId}&partNumber=3`, { headers });
    const [part] = await (await store.resumeMultipartUpload("to", uploadId)).parts();
    expect(part).toMatchObject({ partNumber: 3, size: 4 });
    expect(await response.text()).toMatch(
      new RegExp(`<CopyPartResult [^>]*><LastModified>2.*Z</LastModified><ETag>&quot;${part?.etag.slice(1, -1)}&quot;`),
    );
  });

  it.each<[string, Record<string, string>, string]>([
    ["partNumber=0&uploadId=ID", {}, "400 InvalidArgument"],
    ["uploadId=ID", {}, "400 InvalidArgument"],
    ["partNumber=1&uploadId=none", {}, "404 NoSuchUpload"],
    ["partNumber=1&uploadId=ID", { "x-amz-copy-source": "/bucket/none" }, "404 NoSuchKey"],
    ["partNumber=1&uploadId=ID", { "x-amz-copy-source-if-match": '"other"' }, "412 PreconditionFailed"],
    ["partNumber=1&uploadId=ID", { "if-match": '"other"' }, "501 NotImplemented"],
    ["partNumber=1&uploadId=ID", { "x-amz-copy-source-range": "bytes=0-" }, "400 InvalidArgument"],
    ["partNumber=1&uploadId=ID", { "x-amz-copy-source-range": "0-1" }, "400 InvalidArgument"],
  ])("refuses %s with %j, and stores no part", async (query, headers, refusal) => {
    const { store, ask } = await filled();
    const { uploadId } = await store.createMultipartUpload("to");
    const sent = { headers: { "x-amz-copy-source": "/bucket/from", ...headers } };
    expect(await refusalOf(await ask("PUT", `bucket/to?${query.replace("ID", uploadId)}`, sent))).toBe(refusal);
    expect(await (await store.resumeMultipartUpload("to", uploadId)).parts()).toEqual([]);
  });
});
