/** What `onEvent` of a driver is told: the calls, requests and bodies, how they ended, and how long they took. */
import type { StorageError } from "./error.ts";
import type { Verb } from "./verbs.ts";

/** What every event has. */
interface Timed {
  /** The name of the driver, such as `s3`. */
  readonly driver: string;
  /** The key, or the prefix of a listing; absent for a call with several keys. */
  readonly key?: string | undefined;
  /** How long it took, in milliseconds. */
  readonly duration: number;
}

/** A call of a verb has settled. For `download` this is when the body can be read: its end is a {@link BodyEvent}. */
export interface CallEvent extends Timed {
  /** Discriminates events. */
  readonly type: "call";
  /** The verb, such as `upload`, `getItem` (key-value), or `sendMultipartUpload` (`send` of a multipart upload). */
  readonly operation: Verb;
  /** Size of the object or part in the result, in bytes; absent without one, and for `setItem` and `setItemRaw`. */
  readonly size?: number | undefined;
  /** ETag of that object or part. */
  readonly etag?: string | undefined;
  /** Why the call failed; absent if it succeeded or was aborted. */
  readonly error?: StorageError | undefined;
  /** Whether its signal aborted the call. */
  readonly aborted: boolean;
}

/** One request of a driver that speaks HTTP has ended; a call may need several. */
export interface AttemptEvent extends Timed {
  /** Discriminates events. */
  readonly type: "attempt";
  /** The store's name for the operation, such as `UploadPart`. */
  readonly operation: string;
  /** The id of the multipart upload, if the request is about one; absent for the request that starts it. */
  readonly uploadId?: string | undefined;
  /** Number of the attempt, from 1: higher ones are retries. */
  readonly attempt: number;
  /** The HTTP method. */
  readonly method: string;
  /** The HTTP status; absent without an answer. */
  readonly status?: number | undefined;
  /** The store's own error code, such as `SlowDown`; without an answer that of the StorageError. */
  readonly code?: string | undefined;
  /** Length of the request's body in bytes. */
  readonly sent: number;
  /** Length of the answer's body in bytes, as the answer announced it. */
  readonly received?: number | undefined;
  /** What the driver does next: return the answer, try again, or reject. */
  readonly next: "done" | "retry" | "fail";
  /** With `retry`: milliseconds until the next attempt. */
  readonly wait?: number | undefined;
}

/**
 * The body of a download has ended: once per body, also if an abort ends it while nobody reads it. `duration` counts
 * from the moment when the object was opened.
 */
export interface BodyEvent extends Timed {
  /** Discriminates events. */
  readonly type: "body";
  /** Always `download`, also for `getItem` and `getItemRaw`. */
  readonly operation: "download";
  /** Bytes that the reader has received. */
  readonly bytes: number;
  /** What the body failed with; absent if it was read to its end, cancelled or aborted. */
  readonly error?: unknown;
  /** Whether the reader cancelled or dropped the body, or the signal of the call was aborted. */
  readonly aborted: boolean;
}

/** Any event; `type` discriminates. Events hold no secrets. */
export type StorageEvent = CallEvent | AttemptEvent | BodyEvent;

/** Receives every event. What it throws or rejects with is ignored. */
export type OnEvent = (event: StorageEvent) => void;

/**
 * Calls an observer, and ignores what it throws or rejects with: it must neither fail the observed call nor end the
 * process.
 */
export function notify<Told extends unknown[]>(observer: (...told: Told) => unknown, ...told: Told): void {
  (async () => observer(...told))().catch(() => {});
}
