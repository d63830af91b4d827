/** Forms as clients send them, and policies signed by another's code. */
import { createHmac } from "node:crypto";

export const BOUNDARY = "----form7MA4YWxkTrZu0gW";

/** A field, or a file that has a name and is the last. */
export type Field = readonly [name: string, value: string, filename?: string];

/** The bytes of a form. */
export function formOf(fields: readonly Field[], end = `--${BOUNDARY}--\r\n`): Uint8Array<ArrayBuffer> {
  const parts = fields.map(([name, value, filename]) => {
    const file = filename === undefined ? "" : `; filename="${filename}"\r\nContent-Type: text/plain`;
    return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`;
  });
  return new TextEncoder().encode(parts.join("") + end);
}

/** The same bytes in pieces of this size; counts those that were asked for, and knows whether it was cancelled. */
export function inPieces(
  bytes: Uint8Array<ArrayBuffer>,
  size: number = bytes.byteLength,
): { readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>; readonly seen: { pieces: number; cancelled: boolean } } {
  const seen = { pieces: 0, cancelled: false };
  let at = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        if (at >= bytes.byteLength) return controller.close();
        seen.pieces++;
        controller.enqueue(bytes.slice(at, (at += size)));
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

const DAY = "20260304";
const SCOPE = `AKIDGATEWAY/${DAY}/us-east-1/s3/aws4_request`;

/** The fields that say who signs. */
export const SIGNER: readonly Field[] = [
  ["x-amz-algorithm", "AWS4-HMAC-SHA256"],
  ["x-amz-credential", SCOPE],
  ["x-amz-date", `${DAY}T050607Z`],
];

/** `policy` and `x-amz-signature` for these conditions, to which those of the signer are added. */
export function signed(
  conditions: readonly unknown[],
  expiration = "2999-01-01T00:00:00.000Z",
  signer: readonly Field[] = SIGNER,
): Field[] {
  const all = [...conditions, ...signer.map(([name, value]) => ({ [name]: value }))];
  const policy = Buffer.from(JSON.stringify({ expiration, conditions: all })).toString("base64");
  let key: string | Buffer = "AWS4gateway-secret";
  for (const step of [DAY, "us-east-1", "s3", "aws4_request"]) key = createHmac("sha256", key).update(step).digest();
  return [
    ["policy", policy],
    ["x-amz-signature", createHmac("sha256", key).update(policy).digest("hex")],
  ];
}
