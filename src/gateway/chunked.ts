/**
 * Bodies in chunks (aws-chunked): each chunk is preceded by its length and mostly its signature; a trailer has
 * checksums.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
import { sha256Hex } from "#digest";
import type { Bytes } from "../bytes.ts";
import { sha256 } from "../checksum.ts";
import { fromBase64 } from "../utf8.ts";
import { type Keys, requireSigned, type Signed } from "./authenticate.ts";
import { Refusal } from "./refusal.ts";

/** The framing of a body by `x-amz-content-sha256`: whether its chunks are signed, and whether a trailer follows. */
const FRAMES: Readonly<Record<string, { readonly signed: boolean; readonly trailer: boolean }>> = {
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": { signed: true, trailer: false },
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": { signed: true, trailer: true },
  "STREAMING-UNSIGNED-PAYLOAD-TRAILER": { signed: false, trailer: true },
};

const MAX_LINE = 4096;

/** The headers of the trailer by lower-case name; undefined for one that was announced and has not come yet. */
export type Trailers = Map<string, string | undefined>;

/** The bytes of the chunks. Fills in the values of `trailers` at the end; all of them must come. */
export async function* chunks(
  bytes: Bytes,
  request: Signed,
  keys: Keys,
  trailers: Trailers,
): AsyncGenerator<Uint8Array, void, void> {
  const { hash, identity, datetime } = request;
  const frame = FRAMES[hash];
  const scope = `${datetime.slice(0, 8)}/${keys.region}/s3/aws4_request`;
  const nothing = await sha256Hex("");
  let previous = request.signature;

  /** Checks that the signature covers these hashes and the signature before it. */
  async function checkNext(kind: string, signature: string, ...hashes: readonly string[]): Promise<void> {
    const text = [`AWS4-HMAC-SHA256-${kind}`, datetime, scope, previous, ...hashes].join("\n");
    await requireSigned(text, signature, { identity, datetime }, keys);
    previous = signature;
  }

  async function line(): Promise<string> {
    const read = await bytes.line(MAX_LINE);
    if (read === null) throw broken();
    return read;
  }

  try {
    if (!frame) throw new Refusal("NotImplemented", `${hash.slice(0, 64)} is not understood here.`);
    for (;;) {
      const [, length = "", signature = ""] =
        /^([\da-f]{1,12})(?:;chunk-signature=([\da-f]{64}))?$/i.exec(await line()) ?? [];
      if (length === "" || frame.signed !== (signature !== "")) throw broken();
      let left = Number.parseInt(length, 16);
      const last = left === 0;
      const hasher = frame.signed ? sha256.create() : undefined;
      while (left > 0) {
        const piece = await bytes.some(left);
        if (!piece) throw broken();
        left -= piece.byteLength;
        await hasher?.update(piece);
        yield piece;
      }
      if (hasher) await checkNext("PAYLOAD", signature, nothing, hexOf(await hasher.digest()));
      // The last chunk is followed by the trailer, or by the empty line that ends it.
      if (last) break;
      if ((await line()) !== "") throw broken();
    }
    await readTrailer();
    // Nothing may follow. Reading to the end also lets the connection be reused.
    if (await bytes.some(1)) throw broken();
  } finally {
    await bytes.cancel().catch(() => {});
  }

  async function readTrailer(): Promise<void> {
    let text = "";
    let signature: string | undefined;
    for (;;) {
      const read = await bytes.line(MAX_LINE);
      // Some clients omit the last line end.
      if (read === null || read === "") break;
      const at = read.indexOf(":");
      if (!frame?.trailer || at < 1 || signature !== undefined) throw malformed();
      const [name, value] = [read.slice(0, at).trim().toLowerCase(), read.slice(at + 1).trim()];
      if (frame.signed && name === "x-amz-trailer-signature") signature = value;
      else {
        if (!trailers.has(name) || trailers.get(name) !== undefined) throw malformed();
        trailers.set(name, value);
        text += `${name}:${value}\n`;
      }
    }
    if ([...trailers.values()].includes(undefined)) throw malformed();
    if (!frame?.trailer || !frame.signed) return;
    if (signature === undefined) throw malformed();
    await checkNext("TRAILER", signature, await sha256Hex(text));
  }
}

function malformed(): Refusal {
  return new Refusal(
    "MalformedTrailerError",
    "The request contained trailing data that was not well-formed or did not conform to our published schema.",
  );
}

function broken(): Refusal {
  return new Refusal("IncompleteBody", "The request body terminated unexpectedly, or its pieces cannot be told apart");
}

function hexOf(base64: string): string {
  return Array.from(fromBase64(base64), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
