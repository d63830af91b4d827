import { describe, expect, it } from "vitest";
import { wholeHeaders } from "../../../drivers/s3/checksum.ts";
import type { S3Options } from "../../../drivers/s3.ts";
import { type ChecksumAlgorithm, crc32, crc32c, crc64nvme, sha256 } from "../../../src/checksum.ts";
import { noise } from "../../../src/conformance/bytes.ts";
import { stubbed, TRANSPORTS } from "../../support/stubbed.ts";
import { type Answer, answer, happy, type Received, wire } from "../../support/wire.ts";

const MIB = 1024 * 1024;
const LAST_MODIFIED = "Fri, 02 Jan 2026 03:04:05 GMT";

const sent = ({ headers }: Received): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-amz-checksum-")));

function object(body: string, headers: Readonly<Record<string, string>>): Answer {
  return answer(200, { etag: '"e"', "last-modified": LAST_MODIFIED, ...headers }, body);
}

describe("a driver without checksum", () => {
  it("sends none of the headers unasked, which some stores refuse (C5)", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, { partSize: 5 * MIB });
    await driver.upload("k", "hello");
    await driver.upload("k", noise(6 * MIB));
    await (await driver.download("k")).text();
    expect(server.requests.length).toBeGreaterThan(4);
    expect(server.requests.map(sent).filter((headers) => Object.keys(headers).length > 0)).toEqual([]);
  });

  it("does not ask for them after an upload that had one of its own", async () => {
    const server = await wire(happy);
    const driver = stubbed(server);
    await driver.upload("k", "hello", { checksum: crc32c });
    await (await driver.download("k")).text();
    expect(server.requests.map(sent)).toEqual([{ "x-amz-checksum-crc32c": "mnG7TA==" }, {}]);
  });
});

describe("an upload with checksum", () => {
  it.each([
    [crc32, "NhCmhg=="],
    [crc32c, "mnG7TA=="],
    [sha256, "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="],
  ] as const)("$0.name: one request has it, signed", async (checksum, value) => {
    const server = await wire(happy);
    await stubbed(server, { checksum: [checksum, crc64nvme] }).upload("k", "hello");
    const [request] = server.requests as [Received];
    expect(sent(request)).toEqual({ [checksum.header]: value });
    expect(request.headers["authorization"]).toContain(checksum.header);
  });

  it("in parts says so at the beginning, at each part and at the end, with the whole object's", async () => {
    const server = await wire(happy);
    const bytes = noise(6 * MIB);
    await stubbed(server, { checksum: crc64nvme, partSize: 5 * MIB, concurrency: 1 }).upload("k", bytes);
    const values = [bytes.subarray(0, 5 * MIB), bytes.subarray(5 * MIB)].map((part) => crc64nvme.of(part));
    expect(server.requests.map(sent)).toEqual([
      { "x-amz-checksum-algorithm": "CRC64NVME", "x-amz-checksum-type": "FULL_OBJECT" },
      { "x-amz-checksum-crc64nvme": values[0] },
      { "x-amz-checksum-crc64nvme": values[1] },
      { "x-amz-checksum-crc64nvme": crc64nvme.of(bytes), "x-amz-checksum-type": "FULL_OBJECT" },
    ]);
    const parts = values.map((value) => `<ChecksumCRC64NVME>${String(value)}</ChecksumCRC64NVME></Part>`);
    for (const part of parts) expect(server.requests[3]?.body.toString()).toContain(part);
  });

  it.each([sha256, { ...crc32, type: "composite" } as ChecksumAlgorithm])(
    "in parts of a composite one ($name) has its parts' values alone",
    async (checksum) => {
      const server = await wire(happy);
      await stubbed(server, { partSize: 5 * MIB }).upload("k", noise(6 * MIB), { checksum });
      const [begin, , , end] = server.requests as [Received, Received, Received, Received];
      expect(sent(begin)).toEqual({
        "x-amz-checksum-algorithm": checksum.name,
        "x-amz-checksum-type": "COMPOSITE",
      });
      expect(sent(end)).toEqual({});
      expect(end.body.toString().match(new RegExp(`<Checksum${checksum.name}>`, "g"))).toHaveLength(2);
    },
  );

  it("refuses what is no algorithm, and presigned parts, which nobody would compute one for", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, { checksum: crc32c });
    await expect(driver.upload("k", "x", { checksum: "crc32" as never })).rejects.toMatchObject({
      code: "invalid-option",
    });
    await expect(driver.upload("k", "x", { headers: { "x-amz-checksum-crc32": "x" } })).rejects.toMatchObject({
      code: "invalid-option",
    });
    expect(server.requests).toEqual([]);
    const upload = await driver.createMultipartUpload("k", { size: 10 });
    await expect(upload.presign()).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringMatching("checksum"),
    });
    const plain = await driver.createMultipartUpload("k", { size: 10, checksum: false });
    expect(await plain.presign()).toMatchObject({ parts: [{ partNumber: 1 }] });
  });

  it("of one call does not change another's of the same name", async () => {
    const server = await wire(happy);
    const driver = stubbed(server, { checksum: crc32c });
    const first = await driver.createMultipartUpload("a");
    const part = await first.uploadPart(1, "hello");
    await driver.createMultipartUpload("b", { checksum: { ...crc32c, type: "composite" } });
    await first.complete([part]);
    const end = server.requests.find(
      ({ method, path, query }) => method === "POST" && path.endsWith("/a") && query.has("uploadId"),
    );
    expect(end && sent(end)).toEqual({ "x-amz-checksum-crc32c": "mnG7TA==", "x-amz-checksum-type": "FULL_OBJECT" });
  });

  it("that is resumed by its id alone has the driver's", async () => {
    const server = await wire(happy);
    const upload = await stubbed(server, { checksum: crc32c }).resumeMultipartUpload("k", "id");
    expect(await upload.uploadPart(1, "hello")).toEqual({ partNumber: 1, etag: '"1"', size: 5, checksum: "mnG7TA==" });
  });
});

describe.each(TRANSPORTS)("a download with checksum over %s", (_, transport) => {
  const options: S3Options = { ...transport, checksum: [crc64nvme, crc32c] };
  const good = { "x-amz-checksum-crc32c": "mnG7TA==", "x-amz-checksum-type": "FULL_OBJECT" };

  it("asks for it, and gives bytes that have it", async () => {
    const server = await wire(object("hello", good));
    expect(await (await stubbed(server, options).download("k")).text()).toBe("hello");
    expect(server.requests.map(sent)).toEqual([{ "x-amz-checksum-mode": "ENABLED" }]);
  });

  it("errors corrupt at the end when a bit has flipped on the way (C3)", async () => {
    const server = await wire(object("hellO", good));
    const driver = stubbed(server, options);
    await expect((await driver.download("k")).text()).rejects.toMatchObject({
      code: "corrupt",
      retryable: true,
      operation: "download",
      message: expect.stringMatching("CRC32C"),
    });
    await expect(driver.getItem("k", {})).rejects.toMatchObject({ code: "corrupt" });
    const reader = (await driver.download("k")).body.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("hellO");
    await expect(reader.read()).rejects.toMatchObject({
      code: "corrupt",
      operation: "download",
      key: "k",
      driver: "s3",
    });
  });

  it.each([
    ["of the parts' values, by its type", { "x-amz-checksum-crc32c": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE" }],
    ["of the parts' values, by its number of parts", { "x-amz-checksum-crc32c": "AAAAAA==-2" }],
    ["of nobody knows what, of an object of several parts", { "x-amz-checksum-crc32c": "AAAAAA==", etag: '"e-2"' }],
    ["of another algorithm", { "x-amz-checksum-sha1": "AAAAAA==", "x-amz-checksum-type": "FULL_OBJECT" }],
  ])("leaves a value %s alone (C4)", async (__, headers) => {
    const server = await wire(object("hellO", headers));
    expect(await (await stubbed(server, options).download("k")).text()).toBe("hellO");
  });

  it("leaves bytes alone that the transport may have decoded", async () => {
    const server = await wire(object("hellO", { ...good, "content-encoding": "x-own" }));
    const text = (await stubbed(server, options).download("k")).text();
    // undici decodes nothing, so what comes is what is stored.
    if (transport.fetch) expect(await text).toBe("hellO");
    else await expect(text).rejects.toMatchObject({ code: "corrupt" });
  });

  it("takes a value without a type for the whole object's where the object is of one piece", async () => {
    const server = await wire(object("hellO", { "x-amz-checksum-crc32c": "mnG7TA==" }));
    await expect((await stubbed(server, options).download("k")).text()).rejects.toMatchObject({ code: "corrupt" });
  });

  it.each([1, 2])("neither asks for it nor checks it for a range, by %i at a time", async (parallel) => {
    const partial = { etag: '"e"', "last-modified": LAST_MODIFIED, "content-range": "bytes 1-2/5", ...good };
    const server = await wire(answer(206, partial, "el"));
    const object = await stubbed(server, options).download("k", { range: { start: 1, end: 2 }, parallel });
    expect(await object.text()).toBe("el");
    expect(server.requests.map(sent)).toEqual([{}]);
  });

  const partOf = (text: string, etag = '"e"'): Answer =>
    answer(206, { etag, "last-modified": LAST_MODIFIED, "content-range": "bytes 0-4/5" }, text);
  const headOf = (etag: string): Answer => {
    const lines = Object.entries({ ...good, etag, "content-length": "5" }).map(([name, value]) => `${name}: ${value}`);
    return { bytes: `HTTP/1.1 200 OK\r\n${lines.join("\r\n")}\r\n\r\n` };
  };

  it("asks for the object anew where it was replaced before the HEAD", async () => {
    const server = await wire(partOf("hellO"), headOf('"new"'), partOf("hello", '"new"'), headOf('"new"'));
    const object = await stubbed(server, options).download("k", { parallel: 2 });
    expect([object.etag, await object.text()]).toEqual(['"new"', "hello"]);
    expect(server.lines().map((line) => line.slice(0, 4))).toEqual(["GET ", "HEAD", "GET ", "HEAD"]);
  });

  it("asks a HEAD for it where the whole comes in parts, and no other version's will do", async () => {
    const server = await wire((request, number) =>
      request.method === "GET" ? partOf("hellO") : headOf(number < 3 ? '"e"' : '"other"'),
    );
    const driver = stubbed(server, options);
    const read = async (): Promise<string> => (await driver.download("k", { parallel: 2 })).text();
    await expect(read()).rejects.toMatchObject({ code: "corrupt", message: expect.stringMatching("CRC32C") });
    expect(server.requests.map(sent)).toEqual([{}, { "x-amz-checksum-mode": "ENABLED" }]);
    expect(server.requests[1]?.headers["range"]).toBeUndefined();
    await expect(read()).rejects.toMatchObject({ code: "corrupt", message: expect.stringMatching("another version") });
    await (
      await stubbed(server, transport)
        .download("k", { parallel: 2 })
        .catch(() => null)
    )?.body.cancel();
    expect(server.lines().filter((line) => line.startsWith("HEAD"))).toHaveLength(1 + 4);
  });

  it("of no bytes is checked too", async () => {
    const server = await wire(object("", good));
    await expect((await stubbed(server, options).download("k")).text()).rejects.toMatchObject({ code: "corrupt" });
  });

  it("can be cancelled", async () => {
    const server = await wire(object("hello", good));
    await (await stubbed(server, options).download("k")).body.cancel();
  });
});

describe("wholeHeaders", () => {
  it("says nothing when a part's checksum or size is not known", () => {
    const part = { partNumber: 1, etag: '"e"', checksum: "mnG7TA==", size: 5 };
    const { size: _, ...unsized } = part;
    const { checksum: __, ...unsummed } = part;
    expect(wholeHeaders(crc32c, [part])).toMatchObject({ "x-amz-checksum-crc32c": "mnG7TA==" });
    expect(wholeHeaders(crc32c, [part, unsized])).toEqual({});
    expect(wholeHeaders(crc32c, [part, unsummed])).toEqual({});
    expect(wholeHeaders(undefined, [part])).toEqual({});
  });
});
