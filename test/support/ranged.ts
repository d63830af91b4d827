/** One object on a scripted server that answers ranges and conditions as a store does, with faults where a test wants them. */
import { answer, type Answer, failure, type Received, type Script } from "./wire.ts";

/** What the store holds. A test may replace it while it is read. */
export interface Held {
  bytes: Uint8Array;
  /** Null: answers have none. */
  etag: string | null;
}

/** How one answer goes wrong: after so many bytes of its body, or another answer in its place. */
export interface Fault {
  readonly after?: number;
  readonly then?: Answer["then"];
  /** In place of the answer, which it may look at. */
  readonly instead?: (request: Received, regular: Answer) => Answer;
}

/** Bytes that differ at every position, so that a splice at the wrong place shows. */
export function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = at * 31 + (at >> 8) * 7 + (at >> 16) * 13;
  return bytes;
}

/** The bytes that a request for this object gets; 0 is the first. */
export function rangeOf({ headers }: Received, size: number): { start: number; end: number } | null {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(headers["range"] ?? "") ?? [];
  if (first === undefined) return null;
  if (first === "") return { start: Math.max(0, size - Number(last)), end: size - 1 };
  return { start: Number(first), end: last ? Math.min(Number(last), size - 1) : size - 1 };
}

/** Serves it; `fault` is asked for every request, counted from 1. */
export function ranged(held: Held, fault: (number: number, request: Received) => Fault | undefined = () => {}): Script {
  return (request, number) => {
    const { after, then, instead } = fault(number, request) ?? {};
    const regular = respond(held, request);
    if (instead) return instead(request, regular);
    if (after === undefined) return regular;
    const all = Buffer.from(regular.bytes as Uint8Array);
    return { bytes: all.subarray(0, all.indexOf("\r\n\r\n") + 4 + after), then: then ?? "fin" };
  };
}

function respond({ bytes, etag }: Held, request: Received): Answer {
  const wanted = request.headers["if-match"];
  if (wanted !== undefined && wanted !== etag) return failure(412, "PreconditionFailed");
  const common = {
    "x-amz-request-id": "R",
    ...(etag === null ? {} : { etag }),
    "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
  };
  const range = rangeOf(request, bytes.length);
  if (!range) return answer(200, common, bytes);
  const { start, end } = range;
  if (start >= bytes.length) return failure(416, "InvalidRange");
  return answer(
    206,
    { ...common, "content-range": `bytes ${start}-${end}/${bytes.length}` },
    bytes.subarray(start, end + 1),
  );
}
