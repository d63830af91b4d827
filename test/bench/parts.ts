/** The bare loop: a stream in parts, each hashed and sent, out of a fixed set of buffers. The floor of every stream upload. */
import { source } from "./streams.ts";

/** As the driver's own default. */
const PART = 8 * 1024 * 1024;

interface Slot {
  readonly buffer: Uint8Array<ArrayBuffer>;
  sent: Promise<unknown>;
}

/** One request; `hash` is that of its body. */
export type Send = (method: string, target: string, body?: Uint8Array, hash?: string) => Promise<unknown>;

/** Makes the loop, `flight` parts at a time; its buffers serve all uploads, which must not overlap. */
export function partsLoop(
  flight: number,
  hash: (bytes: Uint8Array) => string | Promise<string>,
  send: Send,
): (key: string, size: number) => Promise<void> {
  const slots = Array.from({ length: flight }, (): Slot => ({ buffer: new Uint8Array(PART), sent: Promise.resolve() }));
  return async (key, size) => {
    await send("POST", `${key}?uploads=`);
    const fill = filler(size);
    for (let part = 1, left = size; left > 0; part++) {
      const slot = slots[part % flight] as Slot;
      await slot.sent;
      const bytes = slot.buffer.subarray(0, Math.min(left, PART));
      await fill(bytes);
      left -= bytes.byteLength;
      slot.sent = Promise.resolve(hash(bytes)).then((hex) =>
        send("PUT", `${key}?partNumber=${part}&uploadId=u1`, bytes, hex),
      );
    }
    await Promise.all(slots.map(({ sent }) => sent));
    await send("POST", `${key}?uploadId=u1`);
  };
}

function filler(size: number): (bytes: Uint8Array) => Promise<void> {
  const reader = source(size).getReader();
  let rest: Uint8Array = new Uint8Array(0);
  return async (bytes) => {
    for (let at = 0; at < bytes.byteLength;) {
      if (rest.byteLength === 0) rest = (await reader.read()).value ?? rest;
      const piece = rest.subarray(0, bytes.byteLength - at);
      bytes.set(piece, at);
      rest = rest.subarray(piece.byteLength);
      at += piece.byteLength;
    }
  };
}
