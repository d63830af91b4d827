/** Asks for the rest of an object's bytes, and takes it only from the version that was begun with. */
import { whenAborted } from "../../src/abort.ts";
import { StorageError } from "../../src/error.ts";
import { parseContentRange, rangeHeader, type Span } from "../../src/range.ts";
import type { Client } from "./client.ts";
import { checkStore, exposed, toEtag } from "./headers.ts";
import { giveUp } from "./refusal.ts";
import type { Operation } from "./request.ts";
import type { Pieces, WireResponse } from "./transport.ts";

/** The body of an answer whose head was checked. */
export interface Opened {
  readonly pieces: Pieces;
  /** A piece that was read already, and comes before those of `pieces`. */
  first?: Uint8Array | undefined;
  /** Position in the object of the last byte that the head announced. */
  readonly end: number;
}

/** What all bytes of one download must have in common. */
export interface Version {
  readonly etag: string;
  readonly size: number;
  /** The answer's `Content-Encoding`: a proxy that begins to compress would give other bytes. */
  readonly encoding: string | null;
}

/** Bytes that an answer must bring for its resumption to be free: one that is cut again and again after fewer uses up the retry budget. */
const PROGRESS = 64 * 1024;

/** The version that an answer belongs to, or null when nothing tells whether a later answer belongs to it too. */
export function versionOf(response: WireResponse, size: number): Version | null {
  const tag = response.header("etag") ?? "";
  // A weak tag never matches If-Match (RFC 9110, 13.1.1), and does not say that the bytes are the same.
  if (tag.startsWith("W/") || toEtag(tag) === '""') return null;
  return { etag: toEtag(tag), size, encoding: response.header("content-encoding") };
}

/**
 * The bytes that a 206 holds; null where it does not say, or its length is another. Without a length, an encoding makes it null too: a proxy
 * that compresses leaves the range as it is, and what it makes of the bytes may happen to be as long.
 */
export function spanOf(response: WireResponse): ReturnType<typeof parseContentRange> {
  const span = parseContentRange(exposed(response, "content-range"));
  if (!span) return null;
  const length = response.header("content-length");
  const fits =
    length === null ? response.header("content-encoding") === null : Number(length) === span.end + 1 - span.start;
  return fits ? span : null;
}

/** Further requests of one download. */
export interface Rest {
  /** Opens a span; `failed` is why it broke off before, after `brought` bytes. Rejects `conflict` when the object was replaced. */
  open(span: Span, failed?: unknown, brought?: number): Promise<Opened>;
  /** Aborts the request under way, also while it waits to be repeated. */
  stop(reason: unknown): void;
  /** Stops listening to the caller's signal. */
  release(): void;
}

/** What opens the rest of an object, until the caller's signal or `stop` ends it. */
export function restOf(client: Client, operation: Operation, version: Version): Rest {
  let control: AbortController | undefined;
  let unfollow: (() => void) | undefined;
  const release = (): void => unfollow?.();
  return {
    async open({ start, end }, failed, brought = 0) {
      if (brought >= PROGRESS) client.budget.give(5);
      control ??= new AbortController();
      unfollow ??= whenAborted(operation.signal, (reason) => control?.abort(reason));
      const { headers } = operation;
      const range = rangeHeader({ start, end });
      const further: Operation = {
        ...operation,
        headers: { ...headers, "if-none-match": undefined, range, "if-match": version.etag },
        signal: control.signal,
        accept: [412, 416],
        failed,
      };
      const opened = await client.send(further, async (response) => {
        const held = heldSpan(response, version, start);
        if (held) return skip(response.pieces(), start - held.start, held.end);
        await response.discard();
        return null;
      });
      if (opened) return opened;
      throw new StorageError("conflict", "the object was replaced while it was read; download it again", {
        retryable: true,
      });
    },
    stop(reason) {
      release();
      control?.abort(reason);
    },
    release,
  };
}

/** The bytes that an answer holds, null when they are of another version; rejects `corrupt` when `start` is not among them. */
function heldSpan(response: WireResponse, { etag, size, encoding }: Version, start: number): Span | null {
  const { status } = response;
  const tag = response.header("etag");
  if (status === 412 || status === 416 || (tag !== null && toEtag(tag) !== etag)) return null;
  // A store without ranges answers with the whole.
  const span =
    status === 206
      ? spanOf(response)
      : { start: 0, end: size - 1, size: Number(response.header("content-length") ?? size) };
  if (tag !== null && span) {
    if (span.size !== size) return null;
    if (span.start <= start && start <= span.end && response.header("content-encoding") === encoding) return span;
  }
  checkStore(response);
  giveUp(response, "corrupt", `the store answered ${status} without the bytes from ${start} on of the same version`);
}

/** Passes over bytes that were read before, up to the first that was not. */
async function skip(pieces: Pieces, count: number, end: number): Promise<Opened> {
  for (let left = count; ;) {
    // Piece by piece: read at once, an answer that is cut again would bring nothing.
    const piece = await pieces.next();
    if (!piece) throw new StorageError("corrupt", "the store sent nothing of what it announced", { retryable: true });
    if (piece.byteLength > left) return { pieces, first: left === 0 ? piece : piece.subarray(left), end };
    left -= piece.byteLength;
  }
}
