/** One body of every type that can be stored. */
import type { UploadBody } from "../interface.ts";
import { cut, iterate, noise, source, utf8 } from "./bytes.ts";

const BYTES = noise(96, 7);
const TEXT = "naïve ✓ 😀\r\n";

function request(body: Uint8Array<ArrayBuffer>): Request {
  return new Request("http://localhost/", { method: "POST", body });
}

/**
 * Bodies by description, each with the bytes that must be stored. Made for each run, since a stream can be read only
 * once.
 */
export const BODIES: Readonly<Record<string, () => readonly [UploadBody, Uint8Array]>> = {
  "a string is stored as UTF-8": () => [TEXT, utf8(TEXT)],
  "an empty string is an empty object": () => ["", new Uint8Array(0)],
  "null is an empty object": () => [null, new Uint8Array(0)],
  "an ArrayBuffer": () => [BYTES.slice().buffer, BYTES],
  "a Uint8Array": () => [BYTES.slice(), BYTES],
  "a Uint8Array at an offset": () => [BYTES.subarray(5, 50), BYTES.slice(5, 50)],
  "a DataView at an offset": () => [new DataView(BYTES.buffer, 8, 24), BYTES.slice(8, 32)],
  "an Int8Array at an offset": () => [new Int8Array(BYTES.buffer, 3, 9), BYTES.slice(3, 12)],
  "a Uint8ClampedArray at an offset": () => [new Uint8ClampedArray(BYTES.buffer, 1, 2), BYTES.slice(1, 3)],
  "a Uint16Array at an offset": () => [new Uint16Array(BYTES.buffer, 8, 5), BYTES.slice(8, 18)],
  "an Int32Array at an offset": () => [new Int32Array(BYTES.buffer, 16, 4), BYTES.slice(16, 32)],
  "a Float64Array at an offset": () => [new Float64Array(BYTES.buffer, 16, 2), BYTES.slice(16, 32)],
  "a BigUint64Array at an offset": () => [new BigUint64Array(BYTES.buffer, 24, 3), BYTES.slice(24, 48)],
  "a Blob": () => [new Blob([BYTES]), BYTES],
  "a slice of a Blob": () => [new Blob([BYTES]).slice(10, 40), BYTES.slice(10, 40)],
  "an empty Blob": () => [new Blob([]), new Uint8Array(0)],
  "a File": () => [new File([BYTES], "x.bin"), BYTES],
  "a Response": () => [new Response(BYTES), BYTES],
  "a Response without body": () => [new Response(null, { status: 204 }), new Uint8Array(0)],
  "a Request": () => [request(BYTES), BYTES],
  "a ReadableStream": () => [source(cut(BYTES, [1, 7, 40])).stream, BYTES],
  "a ReadableStream of bytes": () => [source(cut(BYTES, [1, 7, 40]), "end", "bytes").stream, BYTES],
  "an empty ReadableStream": () => [source([]).stream, new Uint8Array(0)],
  "an empty ReadableStream of bytes": () => [source([], "end", "bytes").stream, new Uint8Array(0)],
  "a ReadableStream with empty chunks": () => {
    const none = new Uint8Array(0);
    return [source([none, BYTES.slice(0, 9), none, none, BYTES.slice(9), none]).stream, BYTES];
  },
  "a ReadableStream of views into one buffer": () => [
    source([BYTES.subarray(0, 33), BYTES.subarray(33)]).stream,
    BYTES,
  ],
  "an async iterable of bytes": () => [iterate(cut(BYTES, [3, 50])), BYTES],
  "an async iterable of strings": () => [iterate(["na", "ïve ✓", " 😀\r\n"]), utf8(TEXT)],
  "an empty async iterable": () => [iterate([]), new Uint8Array(0)],
};
