/** SHA-256 and HMAC by WebCrypto, for runtimes without Node's crypto. */
import { StorageError } from "../error.ts";
import { base64, toUtf8 } from "../utf8.ts";

/** Tells which digest a runtime got. */
export const digestName: string = "web";

/** A key made ready: importing it takes as long as using it. */
export type HmacKey = CryptoKey;

/** SHA-256 as lower-case hex. */
export async function sha256Hex(data: Uint8Array | string): Promise<string> {
  return hex(await subtle().digest("SHA-256", bytes(data)));
}

/** SHA-256 in base64. */
export async function sha256Base64(data: Uint8Array | string): Promise<string> {
  return base64(new Uint8Array(await subtle().digest("SHA-256", bytes(data))));
}

/** A hashing stream, which Workers add to WebCrypto. */
interface DigestStream extends WritableStream<Uint8Array> {
  readonly digest: Promise<ArrayBuffer>;
}

/**
 * SHA-256 of what comes in pieces, in base64; undefined where the runtime has no such thing.
 * @see https://developers.cloudflare.com/workers/runtime-apis/web-crypto/#constructors
 */
export function sha256Stream(): { update(bytes: Uint8Array): Promise<void>; digest(): Promise<string> } | undefined {
  const { DigestStream } = crypto as { readonly DigestStream?: new (algorithm: string) => DigestStream };
  if (!DigestStream) return undefined;
  const stream = new DigestStream("SHA-256");
  const writer = stream.getWriter();
  return {
    update: (piece) => writer.write(piece),
    async digest() {
      await writer.close();
      return base64(new Uint8Array(await stream.digest));
    },
  };
}

/** Makes a key ready to be used again and again. */
export async function hmacKey(key: Uint8Array | string): Promise<HmacKey> {
  return subtle().importKey("raw", bytes(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** HMAC with SHA-256. */
export async function hmac(key: Uint8Array | string, data: string): Promise<Uint8Array> {
  return new Uint8Array(await subtle().sign("HMAC", await hmacKey(key), toUtf8(data)));
}

/** HMAC with SHA-256 as lower-case hex. */
export async function hmacHex(key: HmacKey, data: string): Promise<string> {
  return hex(await subtle().sign("HMAC", key, toUtf8(data)));
}

/**
 * Rejects `unsupported` where there is none.
 * @see https://developer.mozilla.org/en-US/docs/Web/API/Crypto/subtle
 */
function subtle(): SubtleCrypto {
  const { subtle: found } = crypto as Partial<Crypto>;
  if (found) return found;
  throw new StorageError(
    "unsupported",
    "nothing can be signed without crypto.subtle, which browsers have on https and localhost alone",
  );
}

function bytes(data: Uint8Array | string): Uint8Array<ArrayBuffer> {
  // The cast says that the view is not of shared memory, which WebCrypto does not take.
  return typeof data === "string" ? toUtf8(data) : (data as Uint8Array<ArrayBuffer>);
}

function hex(data: ArrayBuffer): string {
  let text = "";
  for (const byte of new Uint8Array(data)) text += HEX[byte];
  return text;
}

const HEX = /* @__PURE__ */ Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
