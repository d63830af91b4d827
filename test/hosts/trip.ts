import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";

/** What travels: more than a buffer of any layer between, less than one part of an S3 upload. */
export const bytes: Buffer = randomBytes(3 * 1024 * 1024);

/** sha256 in hex. */
export function hash(data: Uint8Array | ArrayBuffer): string {
  return createHash("sha256").update(new Uint8Array(data)).digest("hex");
}

/** The key that {@link roundTrip} stores below, and how it stands in a URL. */
export const key = "a/ü b.bin";
export const path = "a/%C3%BC%20b.bin";

/** A stream of unknown length up, the whole of it and a range down, and its key in the key-value view. */
export async function roundTrip(url: string): Promise<void> {
  const file = `${url}/files/${path}`;
  const type = "application/x-test";
  const streamed: RequestInit & { duplex: "half" } = {
    method: "PUT",
    body: pieces(),
    duplex: "half",
    headers: { "content-type": type },
  };
  const put = await fetch(file, streamed);
  expect(put.status).toBe(201);
  expect(await put.json()).toMatchObject({ key, size: bytes.byteLength, contentType: type });

  const whole = await fetch(file);
  expect(whole.status).toBe(200);
  expect(whole.headers.get("content-type")).toBe(type);
  expect(hash(await whole.arrayBuffer())).toBe(hash(bytes));

  const part = await fetch(file, { headers: { range: "bytes=1000000-2000000" } });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe(`bytes 1000000-2000000/${bytes.byteLength}`);
  expect(hash(await part.arrayBuffer())).toBe(hash(bytes.subarray(1_000_000, 2_000_001)));

  expect(await (await fetch(`${url}/keys`)).json()).toEqual(["a:ü b.bin"]);
}

function pieces(): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.byteLength) return controller.close();
      controller.enqueue(bytes.subarray(at, (at += 100_000)));
    },
  });
}
