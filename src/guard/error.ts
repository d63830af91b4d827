import { StorageError } from "../error.ts";

/** Why a file was refused: its type is not allowed, it is too large, or its bytes are not what its type says. */
export type GuardReason = "type" | "size" | "content";

/** A file that the guard refused; `code` is `too-large` for its size, else `invalid-option`. Nothing was stored. */
export class GuardError extends StorageError {
  /** What was wrong with the file. */
  readonly reason: GuardReason;

  constructor(reason: GuardReason, message: string) {
    super(reason === "size" ? "too-large" : "invalid-option", message);
    this.name = "GuardError";
    this.reason = reason;
  }
}
