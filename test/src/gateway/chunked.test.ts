import { describe, expect, it } from "vitest";
import type { Keys, Signed } from "../../../src/gateway/authenticate.ts";
import { bytesOf } from "../../../src/bytes.ts";
import { chunks, type Trailers } from "../../../src/gateway/chunked.ts";
import { EXAMPLE, framed, stamp, trailer } from "./signer.ts";

const keys: Keys = { region: "us-east-1", find: () => EXAMPLE, now: () => EXAMPLE.date.getTime() };
const SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const CRC = "x-amz-checksum-crc32c";

interface Body {
  readonly hash?: string;
  readonly seed?: string;
  readonly announced?: readonly string[];
}

function streamOf(bytes: Uint8Array, by = bytes.byteLength, onCancel = () => {}): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(new Uint8Array(bytes.subarray(at, (at += Math.max(by, 1)))));
    },
    cancel: onCancel,
  });
}

/** The bytes without their frame, or the code of the refusal. */
async function unframe(bytes: Uint8Array, body: Body = {}, by?: number): Promise<Buffer | string> {
  const { hash = SIGNED, seed = SEED, announced = [] } = body;
  const signed: Signed = { identity: EXAMPLE, datetime: stamp(EXAMPLE.date), hash, signature: seed };
  const trailers: Trailers = new Map(announced.map((name) => [name, undefined]));
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of chunks(bytesOf(streamOf(bytes, by)), signed, keys, trailers)) {
      pieces.push(new Uint8Array(piece));
      // Whoever reads may do with its pieces what it likes.
      piece.fill(0);
    }
  } catch (error) {
    return (error as { readonly s3: string }).s3;
  }
  expect([...trailers.values()]).not.toContain(undefined);
  return Buffer.concat(pieces);
}

const refused = (outcome: Buffer | string): boolean => typeof outcome === "string";
const text = async (...args: Parameters<typeof unframe>): Promise<string> => String(await unframe(...args));

describe("chunks of Amazon's published body", () => {
  const data = Buffer.alloc(66_560, "a");
  const body = (signatures: readonly string[], end: string): Buffer => {
    const [first, second, last] = signatures.map((signature) => `;chunk-signature=${signature}\r\n`);
    const [one, two] = [data.subarray(0, 65_536), data.subarray(65_536)].map(String);
    return Buffer.from(`10000${first}${one}\r\n400${second}${two}\r\n0${last}${end}`);
  };
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
  const plain = body(
    [
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
    "\r\n",
  );
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
  const trailing = (end: string): Buffer =>
    body(
      [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
      ],
      end,
    );
  const published = "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
  const seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
  const withTrailer: Body = { hash: `${SIGNED}-TRAILER`, seed, announced: [CRC] };

  it("takes it, in pieces of any size", async () => {
    for (const by of [1, 7, 4096, plain.length]) expect(await unframe(plain, {}, by)).toEqual(data);
  });

  it("takes the one with a trailer, also with a line end more, which minio-go writes", async () => {
    expect(await unframe(trailing(`${CRC}:sOO8/Q==\r\n${published}`), withTrailer)).toEqual(data);
    expect(await unframe(trailing(`${CRC}:sOO8/Q==\n\r\n${published}`), withTrailer)).toEqual(data);
  });

  it("refuses it behind another seed, on another day, or with another trailer", async () => {
    expect(await unframe(plain, { seed })).toBe("SignatureDoesNotMatch");
    expect(await unframe(trailing(`${CRC}:sOO8/R==\r\n${published}`), withTrailer)).toBe("SignatureDoesNotMatch");
  });
});

describe("chunks in signed pieces", () => {
  const pieces = ["first", "second!", "third"].map((piece) => Buffer.from(piece));
  const { bytes } = framed(pieces, SEED, EXAMPLE);
  const whole = Buffer.concat([bytes, Buffer.from("\r\n")]);
  const frames = whole.toString("latin1").split(/(?<=\r\n)(?=\w{1,5};chunk)/);

  it("refuses the body with any one byte changed", async () => {
    expect(await text(whole)).toBe("firstsecond!third");
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 0x40;
      expect(refused(await unframe(changed)), `byte ${at}`).toBe(true);
    }
  });

  it("refuses the body cut at any byte, but for the line end that some clients leave out", async () => {
    for (let at = 0; at < whole.length; at++)
      expect(refused(await unframe(whole.subarray(0, at))), `cut at ${at}`).toBe(at !== whole.length - 2);
  });

  it("refuses pieces that are swapped, doubled, left out, or of another body", async () => {
    const [first = "", second = "", third = "", last = ""] = frames;
    const other = framed([Buffer.from("first")], `0${SEED.slice(1)}`, EXAMPLE).bytes.toString("latin1");
    for (const wrong of [
      second + first + third + last,
      first + first + second + third + last,
      first + third + last,
      first + second + last,
      last,
      other,
    ])
      expect(await unframe(Buffer.from(wrong, "latin1"))).toBe("SignatureDoesNotMatch");
  });

  it("refuses what follows the end", async () => {
    for (const more of ["x", "\r\n", whole.toString("latin1"), "x".repeat(100_000)])
      expect(await unframe(Buffer.concat([whole, Buffer.from(more)]))).toBe("IncompleteBody");
  });

  it("refuses a trailer, which is not signed here", async () => {
    const more = Buffer.from(`${CRC}:AAAAAA==\r\n\r\n`);
    expect(await unframe(Buffer.concat([bytes, more]))).toBe("MalformedTrailerError");
    expect(await unframe(Buffer.concat([bytes, more]), { announced: [CRC] })).toBe("MalformedTrailerError");
  });

  it.each([
    "5\r\nfirst\r\n0\r\n\r\n",
    "5;chunk-signature=\r\nfirst\r\n",
    "-5;chunk-signature=A\r\nfirst\r\n",
    `ffffffffffff;chunk-signature=${SEED}\r\nfirst`,
    `1000000000000;chunk-signature=${SEED}\r\nfirst`,
    `5;chunk-signature=${SEED};x=y\r\nfirst\r\n`,
    `5 ;chunk-signature=${SEED}\r\nfirst\r\n`,
    `0x5;chunk-signature=${SEED}\r\nfirst\r\n`,
    `5;chunk-signature=${SEED}\nfirst\n`,
    "",
    "\r\n",
    "first",
  ])("refuses what is no frame: %j", async (wrong) => {
    expect(await unframe(Buffer.from(wrong))).toBe("IncompleteBody");
  });

  it("refuses a frame of which the line does not end, after a few kilobytes, and lets the source go", async () => {
    let [given, cancelled] = [0, false];
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1024;
        controller.enqueue(new Uint8Array(1024).fill(0x35));
      },
      cancel: () => void (cancelled = true),
    });
    const signed: Signed = { identity: EXAMPLE, datetime: stamp(EXAMPLE.date), hash: SIGNED, signature: SEED };
    await expect(chunks(bytesOf(endless), signed, keys, new Map()).next()).rejects.toMatchObject({
      s3: "IncompleteBody",
    });
    expect(given).toBeLessThan(10_000);
    expect(cancelled).toBe(true);
  });

  it("lets the source go when its reader has enough", async () => {
    let cancelled = 0;
    const signed: Signed = { identity: EXAMPLE, datetime: stamp(EXAMPLE.date), hash: SIGNED, signature: SEED };
    const source = bytesOf(streamOf(whole, 100, () => cancelled++));
    for await (const piece of chunks(source, signed, keys, new Map())) if (piece.byteLength > 0) break;
    expect(cancelled).toBe(1);
  });
});

describe("chunks with a signed trailer", () => {
  const body: Body = { hash: `${SIGNED}-TRAILER`, announced: [CRC] };
  const { bytes, signature } = framed([Buffer.from("hello")], SEED, EXAMPLE);
  const end = trailer([`${CRC}:mnG7TA==`], signature, EXAMPLE);
  const whole = Buffer.concat([bytes, end]);

  it("refuses the body with any one byte changed, or cut at any byte", async () => {
    expect(await text(whole, body)).toBe("hello");
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] as number) ^ 0x40;
      expect(refused(await unframe(changed, body)), `byte ${at}`).toBe(true);
      expect(refused(await unframe(whole.subarray(0, at), body)), `cut at ${at}`).toBe(at !== whole.length - 2);
    }
  });

  it.each([
    ["none at all", ["\r\n"]],
    ["no signature", [`${CRC}:mnG7TA==\r\n\r\n`]],
    ["a line behind its signature", [String(end).trimEnd(), `\r\n${CRC}:AAAAAA==\r\n\r\n`]],
    ["its signature before its lines", [String(end).trimEnd().split("\r\n").toReversed().join("\r\n"), "\r\n\r\n"]],
    ["a name that is doubled", [String(trailer([`${CRC}:mnG7TA==`, `${CRC}:AAAAAA==`], signature, EXAMPLE))]],
    ["a name that was not announced", [String(trailer([`${CRC}:mnG7TA==`, "x-amz-meta-a:b"], signature, EXAMPLE))]],
    ["__proto__", [String(trailer([`${CRC}:mnG7TA==`, "__proto__:b"], signature, EXAMPLE))]],
    ["no name", [String(trailer([":b"], signature, EXAMPLE))]],
    ["no value", [String(trailer(["a"], signature, EXAMPLE))]],
    ["no more than its signature", [String(trailer([], signature, EXAMPLE))]],
    ["no end", ["a:b".repeat(10_000)]],
  ])("refuses a trailer with %s", async (_, parts) => {
    const wrong = Buffer.concat([bytes, ...parts.map((part) => Buffer.from(part))]);
    expect(await text(wrong, body)).toMatch(/^(MalformedTrailerError|IncompleteBody)$/);
  });

  it("refuses the trailer of another body", async () => {
    const other = trailer([`${CRC}:mnG7TA==`], SEED, EXAMPLE);
    expect(await text(Buffer.concat([bytes, other]), body)).toBe("SignatureDoesNotMatch");
  });
});

describe("chunks in pieces that are not signed", () => {
  const body: Body = { hash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", announced: [CRC] };
  const send = (wire: string, more: Body = {}): Promise<string> => text(Buffer.from(wire), { ...body, ...more });

  it("takes them with a trailer, and with none where none was announced", async () => {
    expect(await send(`5\r\nhello\r\n6\r\n world\r\n0\r\n${CRC}:mnG7TA==\r\n\r\n`)).toBe("hello world");
    expect(await send("A\r\nhelloworld\r\n0\r\n\r\n", { announced: [] })).toBe("helloworld");
    expect(await send("0\r\n\r\n", { announced: [] })).toBe("");
  });

  it.each([
    `6\r\nhello\r\n0\r\n${CRC}:mnG7TA==\r\n\r\n`,
    `4\r\nhello\r\n0\r\n${CRC}:mnG7TA==\r\n\r\n`,
    `5\r\nhello\r\n${CRC}:mnG7TA==\r\n\r\n`,
    `5\r\nhello\r\n`,
    `5\r\nhello\r\n0\r\n\r\n`,
    `5\r\nhello\r\n0\r\n${CRC}:mnG7TA==\r\n${CRC}:mnG7TA==\r\n\r\n`,
    `5\r\nhello\r\n0\r\n${CRC}:mnG7TA==\r\nx-amz-trailer-signature:${SEED}\r\n\r\n`,
    `5\r\nhello\r\n0\r\n${CRC}:mnG7TA==\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    `5;chunk-signature=${SEED}\r\nhello\r\n0\r\n${CRC}:mnG7TA==\r\n\r\n`,
  ])("refuses what is not as it was announced: %j", async (wire) => {
    expect(await send(wire)).toMatch(/^(MalformedTrailerError|IncompleteBody)$/);
  });

  it("refuses a frame that it does not know", async () => {
    for (const hash of ["STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", "STREAMING-", "STREAMING-constructor"])
      expect(await send("0\r\n\r\n", { hash })).toBe("NotImplemented");
  });

  it("lets the source go of a frame that it does not know", async () => {
    let cancelled = 0;
    const source = bytesOf(streamOf(Buffer.from("0\r\n\r\n"), 5, () => cancelled++));
    const signed: Signed = {
      ...{ identity: EXAMPLE, datetime: stamp(EXAMPLE.date) },
      hash: "STREAMING-",
      signature: SEED,
    };
    await expect(chunks(source, signed, keys, new Map()).next()).rejects.toMatchObject({ s3: "NotImplemented" });
    expect(cancelled).toBe(1);
  });
});
