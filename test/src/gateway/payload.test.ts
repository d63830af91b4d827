import { createHash } from "node:crypto";
import { crc32 as nodeCrc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { Keys, Signed } from "../../../src/gateway/authenticate.ts";
import { algorithmOf, payloadOf } from "../../../src/gateway/payload.ts";
import { receive } from "../../../src/gateway/received.ts";
import { refusalOf } from "../../../src/gateway/refusal.ts";
import { EXAMPLE, sha256, stamp, UNSIGNED } from "./signer.ts";

const keys: Keys = { region: "us-east-1", find: () => EXAMPLE, now: () => EXAMPLE.date.getTime() };
const HELLO = "hello world";
const SHA = createHash("sha256").update(HELLO).digest("base64");
const MD5 = createHash("md5").update(HELLO).digest("base64");
const CRC = crc(HELLO);

function crc(text: string): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(nodeCrc32(text));
  return value.toString("base64");
}

type Sent = Readonly<Record<string, string>>;

function open(body: BodyInit | null, headers: Sent, hash: string = UNSIGNED): ReturnType<typeof payloadOf> {
  const init = { method: "PUT", headers, body, duplex: "half" } as RequestInit;
  const signed: Signed = { identity: EXAMPLE, datetime: stamp(EXAMPLE.date), hash, signature: "0".repeat(64) };
  return payloadOf(receive(new Request("http://h/bucket/a", init), "bucket", undefined), signed, keys);
}

/** The body as text, or the code of the refusal and how many bytes came before it. */
async function read(...args: Parameters<typeof open>): Promise<string> {
  let text = "";
  try {
    for await (const piece of open(...args).body) text += Buffer.from(piece).toString();
  } catch (error) {
    return `${refusalOf(error).s3} after ${text.length}`;
  }
  return text;
}

const MEBI = 2 ** 20;

/** A source that ends by being cancelled alone. */
function endless(): { readonly source: ReadableStream<Uint8Array>; readonly cancelled: () => boolean } {
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(MEBI)),
    cancel: () => void (cancelled = true),
  });
  return { source, cancelled: () => cancelled };
}

describe("payloadOf by length", () => {
  it("takes a body of the length that was said, of none that was said, and an empty one", async () => {
    expect(await read(HELLO, { "content-length": "11" })).toBe(HELLO);
    expect(await read(HELLO, {})).toBe(HELLO);
    for (const body of [null, ""]) {
      expect(await read(body, { "content-length": "0" })).toBe("");
      expect(await read(body, {}, sha256(""))).toBe("");
    }
    expect([open(HELLO, { "content-length": "11" }).size, open(HELLO, {}).size]).toEqual([11, undefined]);
  });

  it("refuses a body that is shorter, when it ends, and one that is longer, before its byte too many is given on", async () => {
    expect(await read(HELLO, { "content-length": "12" })).toBe("IncompleteBody after 11");
    expect(await read(null, { "content-length": "1" })).toBe("IncompleteBody after 0");
    expect(await read(HELLO, { "content-length": "10" })).toBe("IncompleteBody after 0");
    expect(await read(HELLO, { "content-length": "0" })).toBe("IncompleteBody after 0");
  });

  it("ends an endless body at its length, and lets the source go in the end", async () => {
    const { source, cancelled } = endless();
    expect(await read(source, { "content-length": String(2 * MEBI) })).toBe(`IncompleteBody after ${2 * MEBI}`);
    await expect.poll(cancelled).toBe(true);
  });

  it("refuses a body of more than 5 GiB, before it reads where that was said", async () => {
    const most = 5 * 2 ** 30;
    expect(await read(HELLO, { "content-length": String(most + 1) })).toBe("EntityTooLarge after 0");
    expect(await read(HELLO, { "content-length": String(most) })).toBe("IncompleteBody after 11");
    const piece = new Uint8Array(2 ** 28);
    const source = new ReadableStream({ pull: (controller) => controller.enqueue(piece) });
    let count = 0;
    const reading = async (): Promise<void> => {
      for await (const { byteLength } of open(source, {}).body) count += byteLength;
    };
    await expect(reading()).rejects.toMatchObject({ s3: "EntityTooLarge" });
    expect(count).toBe(most);
  });

  it.each(["-1", "1e3", "0x1", "1.5", "11, 11", "", " ", "9".repeat(16), "Infinity"])(
    "refuses a length that is none: %j",
    async (length) => {
      expect(await read(HELLO, { "content-length": length })).toMatch(/^InvalidArgument|^IncompleteBody/);
      expect(await read(HELLO, { "x-amz-decoded-content-length": length })).toMatch(/^InvalidArgument/);
    },
  );

  it("refuses a body that says to be in pieces and is signed as one that is not", async () => {
    const wire = `b\r\n${HELLO}\r\n0\r\n\r\n`;
    const headers = { "content-encoding": "aws-chunked", "x-amz-decoded-content-length": "11" };
    expect(await read(wire, { ...headers, "content-length": String(wire.length) })).toBe("IncompleteBody after 0");
  });
});

describe("payloadOf by hash and digest", () => {
  it("takes a body with the hash that was signed, in capitals too, and refuses any other", async () => {
    expect(await read(HELLO, {}, sha256(HELLO))).toBe(HELLO);
    expect(await read(HELLO, {}, sha256(HELLO).toUpperCase())).toBe(HELLO);
    expect(await read("hello worle", {}, sha256(HELLO))).toBe("XAmzContentSHA256Mismatch after 11");
    expect(await read(null, {}, sha256(HELLO))).toBe("XAmzContentSHA256Mismatch after 0");
    expect(await read(HELLO, {}, sha256(""))).toBe("XAmzContentSHA256Mismatch after 11");
  });

  it.each(["", "unsigned-payload", "UNSIGNED-PAYLOAD ", "a".repeat(63), "g".repeat(64), "STREAMING-X"])(
    "refuses a hash that is none: %j",
    async (hash) => {
      expect(await read(HELLO, { "x-amz-decoded-content-length": "11" }, hash)).toMatch(
        /^(InvalidArgument|NotImplemented) after 0$/,
      );
    },
  );

  it("holds a body against its Content-MD5", async () => {
    expect(await read(HELLO, { "content-md5": MD5 })).toBe(HELLO);
    expect(await read("hello worle", { "content-md5": MD5 })).toBe("BadDigest after 11");
    for (const wrong of ["", "x", sha256(HELLO), MD5.slice(1), `${MD5}, ${MD5}`, `_${MD5.slice(1)}`])
      expect(await read(HELLO, { "content-md5": wrong })).toBe("InvalidDigest after 0");
  });
});

describe("payloadOf by checksum", () => {
  it("takes the right ones, of several too, and says in the end what it has computed", async () => {
    const headers = {
      "x-amz-checksum-crc32": CRC,
      "x-amz-checksum-sha256": SHA,
      "x-amz-sdk-checksum-algorithm": "CRC32",
    };
    const payload = open(HELLO, headers);
    expect(payload.answer).toEqual({});
    for await (const _ of payload.body);
    expect(payload.answer).toEqual({ "x-amz-checksum-crc32": CRC, "x-amz-checksum-sha256": SHA });
  });

  it("computes with a piece before its reader has it, who may do with it what it likes", async () => {
    const payload = open(HELLO, { "x-amz-checksum-crc32": CRC });
    for await (const piece of payload.body) piece.fill(0);
    expect(payload.answer).toEqual({ "x-amz-checksum-crc32": CRC });
  });

  it("refuses a wrong one, one of two that is wrong, and one that was sent twice", async () => {
    expect(await read(HELLO, { "x-amz-checksum-crc32": crc("other") })).toBe("BadDigest after 11");
    expect(await read(HELLO, { "x-amz-checksum-crc32": CRC, "x-amz-checksum-sha256": CRC })).toBe("BadDigest after 11");
    expect(await read(HELLO, { "x-amz-checksum-crc32": `${CRC}, ${CRC}` })).toBe("BadDigest after 11");
    expect(await read(HELLO, { "x-amz-checksum-crc32": "" })).toBe("BadDigest after 11");
  });

  it("takes what says something of checksums for none", async () => {
    for (const [name, value] of [
      ["mode", "ENABLED"],
      ["type", "FULL_OBJECT"],
      ["algorithm", "SHA1"],
    ])
      expect(await read(HELLO, { [`x-amz-checksum-${name}`]: `${value}` })).toBe(HELLO);
  });

  it("refuses one that is not computed here, before it reads", async () => {
    for (const name of ["sha1", "md5", "xxhash64", "__proto__", "crc32-"])
      expect(await read(HELLO, { [`x-amz-checksum-${name}`]: CRC })).toBe("NotImplemented after 0");
  });

  const wire = (...lines: readonly string[]): string => [`b\r\n${HELLO}\r\n0`, ...lines, "", ""].join("\r\n");
  const framed = (text: string, more: Sent = {}): Promise<string> =>
    read(text, { "x-amz-decoded-content-length": "11", ...more }, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");

  it("holds a body against its trailer", async () => {
    const more = { "x-amz-trailer": "X-Amz-Checksum-CRC32" };
    expect(await framed(wire(`x-amz-checksum-crc32:${CRC}`), more)).toBe(HELLO);
    expect(await framed(wire(`x-amz-checksum-crc32:${crc("other")}`), more)).toBe("BadDigest after 11");
    const two = { "x-amz-trailer": "x-amz-checksum-crc32, x-amz-checksum-sha256" };
    const lines = [`x-amz-checksum-crc32:${CRC}`, `x-amz-checksum-sha256:${SHA}`];
    expect(await framed(wire(...lines), two)).toBe(HELLO);
    expect(await framed(wire(), more)).toBe("MalformedTrailerError after 11");
    expect(await framed(wire(`x-amz-checksum-crc32:${CRC}`))).toBe("MalformedTrailerError after 11");
    expect(await framed(wire("x-amz-checksum-crc32c:AAAAAA=="), more)).toBe("MalformedTrailerError after 11");
  });

  it("holds it against both where header and trailer have one", async () => {
    const more = { "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-checksum-crc32": CRC };
    expect(await framed(wire(`x-amz-checksum-crc32:${CRC}`), more)).toBe(HELLO);
    expect(await framed(wire("x-amz-checksum-crc32:AAAAAA=="), more)).toBe("BadDigest after 11");
    expect(await framed(wire(`x-amz-checksum-crc32:${CRC}`), { ...more, "x-amz-checksum-crc32": "AAAAAA==" })).toBe(
      "BadDigest after 11",
    );
  });

  it("refuses a trailer that nobody would look at, before it reads", async () => {
    expect(await framed(wire("x-amz-meta-a:b"), { "x-amz-trailer": "x-amz-meta-a" })).toBe("NotImplemented after 0");
    expect(await read(HELLO, { "x-amz-trailer": "x-amz-checksum-crc32" })).toBe("InvalidRequest after 0");
    const signed = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    const headers = { "x-amz-trailer": "x-amz-checksum-crc32", "x-amz-decoded-content-length": "11" };
    expect(await read(HELLO, headers, signed)).toBe("InvalidRequest after 0");
  });

  it("refuses pieces that make another length than was said, or say none", async () => {
    for (const length of ["10", "0"])
      expect(await framed(wire(), { "x-amz-decoded-content-length": length })).toBe("IncompleteBody after 0");
    expect(await framed(wire(), { "x-amz-decoded-content-length": "12" })).toBe("IncompleteBody after 11");
    expect(await read(wire(), {}, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")).toBe("InvalidRequest after 0");
  });
});

describe("payloadOf", () => {
  it("reads nothing before it is asked, and leaves the body unlocked then", () => {
    let pulled = 0;
    const source = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 });
    open(source, {});
    expect([pulled, source.locked]).toEqual([0, false]);
  });

  it("lets the source go in the end when its reader has enough", async () => {
    const { source, cancelled } = endless();
    for await (const piece of open(source, {}).body) if (piece) break;
    await expect.poll(cancelled).toBe(true);
  });

  it("fails as its source fails", async () => {
    const failure = new Error("the connection is gone");
    const source = new ReadableStream({ pull: (controller) => controller.error(failure) });
    await expect(open(source, {}).body.next()).rejects.toMatchObject({
      s3: "IncompleteBody",
      details: { cause: failure },
    });
  });
});

describe("algorithmOf", () => {
  it("knows the names that requests have, in any case, and no others", () => {
    expect(["CRC32", "crc32c", "CRC64NVME", "Sha256"].map((name) => algorithmOf(name)?.name)).toEqual([
      ...["CRC32", "CRC32C", "CRC64NVME", "SHA256"],
    ]);
    expect([null, "", "SHA1", "__proto__"].map(algorithmOf)).toEqual([undefined, undefined, undefined, undefined]);
  });
});
