/** Asks for the rest of an object's bytes, and takes them from the version that was begun with alone. */
import { whenAborted } from "../../src/abort.ts";
import { StorageError } from "../../src/error.ts";
import { parseContentRange, rangeHeader, type Span } from "../../src/range.ts";
import type { Client } from "./client.ts";
import { exposed, ofStore, toEtag } from "./headers.ts";
import type { Operation } from "./request.ts";
import type { Pieces, WireResponse } from "./transport.ts";

/** A body whose head was looked at. */
export interface Opened {
  readonly pieces: Pieces;
  /** A piece that was read before. */
  first?: Uint8Array | undefined;
  /** Where in the object the last byte is that the head announced. */
  readonly end: number;
}

/** What all bytes of one download must have in common. */
export interface Version {
  readonly etag: string;
  readonly size: number;
  /** As the answer's header says it: a proxy that begins to compress would give other bytes. */
  readonly encoding: string | null;
}

/** Bytes that pay for one resumption: a line that is cut again and again after less uses up the retry budget. */
const PROGRESS = 64 * 1024;

/** The version that an answer belongs to, or null when no later answer could be told to belong to it. */
export function versionOf(response: WireResponse, size: number): Version | null {
  const tag = response.header("etag") ?? "";
  // If-Match does not hold for a weak tag (RFC 9110, 13.1.1), and says nothing of bytes.
  if (tag.startsWith("W/") || toEtag(tag) === '""') return null;
  return { etag: toEtag(tag), size, encoding: response.header("content-encoding") };
}

/**
 * The bytes that a 206 holds; null where it does not say, is of another length, or has an encoding and no length: a proxy that packs
 * what it passes on leaves the range as it is, and what it makes of it may happen to be as long as the rest.
 */
export function spanOf(response: WireResponse): ReturnType<typeof parseContentRange> {
  const span = parseContentRange(exposed(response, "content-range"));
  const bytes = span && span.end + 1 - span.start;
  const length = response.header("content-length") ?? response.header("content-encoding") ?? bytes;
  return Number(length) === bytes ? span : null;
}

/** Further requests of one download. */
export interface Rest {
  /** Opens a span; `failed` is what went wrong with it before, after `brought` bytes. Rejects `conflict` when the object is another. */
  open(span: Span, failed?: unknown, brought?: number): Promise<Opened>;
  /** Ends whatever is asked for or waits. */
  stop(reason: unknown): void;
  /** Leaves the caller's signal alone. */
  release(): void;
}

/** What opens the rest of an object. It ends with the caller's signal and with `stop`, also while it waits to be repeated. */
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
        const from = accepted(response, version, start);
        if (from) return skip(response.pieces(), start - from.start, from.end);
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

/** What the answer holds, null when it is of another version. */
function accepted(response: WireResponse, { etag, size, encoding }: Version, start: number): Span | null {
  const { status } = response;
  const tag = response.header("etag");
  if (status === 412 || status === 416 || (tag !== null && toEtag(tag) !== etag)) return null;
  const span =
    status === 206
      ? spanOf(response)
      : { start: 0, end: size - 1, size: Number(response.header("content-length") ?? size) };
  if (tag !== null && span) {
    if (span.size !== size) return null;
    if (span.start <= start && start <= span.end && response.header("content-encoding") === encoding) return span;
  }
  ofStore(response);
  void response.discard();
  throw new StorageError(
    "corrupt",
    `the store answered ${status} without the bytes from ${start} on of the same version`,
  );
}

/** Passes over bytes that were read before, up to the first that was not. */
async function skip(pieces: Pieces, count: number, end: number): Promise<Opened> {
  for (let left = count; ;) {
    // What was cut once comes as it comes, not at once, so that each answer brings something.
    const piece = await pieces.next();
    if (!piece) throw new StorageError("corrupt", "the store sent nothing of what it announced", { retryable: true });
    if (piece.byteLength > left) return { pieces, first: left === 0 ? piece : piece.subarray(left), end };
    left -= piece.byteLength;
  }
}
