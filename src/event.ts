/** The one hook of every driver: what was called, what went over the wire, how it ended, how long it took. */
import type { StorageError } from "./error.ts";
import type { Verb } from "./verbs.ts";

/** What every event has. */
interface Timed {
  /** Its name, such as `s3`. */
  readonly driver: string;
  /** The key, or the prefix of a listing; absent for several keys. */
  readonly key?: string | undefined;
  /** Milliseconds. */
  readonly duration: number;
}

/** A call of a verb that has settled; for `download` the head of the object is there. */
export interface CallEvent extends Timed {
  /** Tells events apart. */
  readonly type: "call";
  /** The verb that was called, such as `upload`, `getItem` of the key-value verbs, or `sendMultipartUpload` for `send` of an upload. */
  readonly operation: Verb;
  /** Bytes of the object, or of the part, that a verb has written or given; absent for `setItem` and `setItemRaw`. */
  readonly size?: number | undefined;
  /** Its version. */
  readonly etag?: string | undefined;
  /** Absent when the call succeeded. */
  readonly error?: StorageError | undefined;
  /** Whether the call was aborted by its signal. */
  readonly aborted: boolean;
}

/** One request of a driver that speaks HTTP, of which a call may need several. */
export interface AttemptEvent extends Timed {
  /** Tells events apart. */
  readonly type: "attempt";
  /** The store's name for the operation, such as `UploadPart`. */
  readonly operation: string;
  /** The upload in parts that it is about; absent for the request that begins one, since the answer brings it. */
  readonly uploadId?: string | undefined;
  /** Which request for the same operation, from 1. */
  readonly attempt: number;
  /** Of HTTP. */
  readonly method: string;
  /** Absent when there was no answer. */
  readonly status?: number | undefined;
  /** The store's own error code, such as `SlowDown`; without an answer the code of the error. */
  readonly code?: string | undefined;
  /** Bytes of the request's body. */
  readonly sent: number;
  /** Bytes that the answer announced for its body. */
  readonly received?: number | undefined;
  /** What the driver does now: give the answer, ask again, or reject. */
  readonly next: "done" | "retry" | "fail";
  /** With `retry`: milliseconds until the next attempt. */
  readonly wait?: number | undefined;
}

/** The end of a download's body, once; at an abort also while nobody reads it. `duration` is counted from its head. */
export interface BodyEvent extends Timed {
  /** Tells events apart. */
  readonly type: "body";
  /** Also of `getItem` and `getItemRaw`. */
  readonly operation: "download";
  /** Bytes that the reader was given. */
  readonly bytes: number;
  /** Absent when the body was read to its end, or given up by its reader. */
  readonly error?: unknown;
  /** Whether the reader gave up, or let it be forgotten, or the call's signal was aborted. */
  readonly aborted: boolean;
}

/** What happened, told apart by `type`. It holds no secret. */
export type StorageEvent = CallEvent | AttemptEvent | BodyEvent;

/** Receives every event; what it throws, or rejects with, is ignored. */
export type OnEvent = (event: StorageEvent) => void;

/** Tells an observer. What it throws, or rejects with later, is ignored: it must neither fail what it observes nor end the process. */
export function notify<Told extends unknown[]>(observer: (...told: Told) => unknown, ...told: Told): void {
  (async () => observer(...told))().catch(() => {});
}
