/** The one hook of every driver: what was called, how it ended, how long it took. */
import type { StorageError } from "./error.ts";

/** One finished call. It holds no secret. */
export interface StorageEvent {
  readonly driver: string;
  /** The verb, such as `upload`. */
  readonly operation: string;
  /** The key, or the prefix of a listing. */
  readonly key?: string;
  /** Milliseconds until the call settled; for `download` until its headers were there. */
  readonly duration: number;
  /** Absent when the call succeeded. */
  readonly error?: StorageError;
  /** Whether the call was aborted by its signal. */
  readonly aborted: boolean;
}

/** Receives one event per call; what it throws is ignored. */
export type OnEvent = (event: StorageEvent) => void;
