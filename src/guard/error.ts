import { StorageError } from "../error.ts";

/**
 * Why a file was refused: its type is not allowed (`type`), it is too large (`size`), or its bytes are not of its type
 * (`content`).
 */
export type GuardReason = "type" | "size" | "content";

/** A refused file; nothing was stored. `code` is `too-large` if `reason` is `size`, else `invalid-option`. */
export class GuardError extends StorageError {
  /** Why the file was refused. */
  readonly reason: GuardReason;

  constructor(reason: GuardReason, message: string) {
    super(reason === "size" ? "too-large" : "invalid-option", message);
    this.name = "GuardError";
    this.reason = reason;
  }
}
