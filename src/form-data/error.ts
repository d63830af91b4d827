/** What is wrong with a form. */
import { StorageError } from "../error.ts";

/** Why a form was refused: it is none, it is not well-formed, it ends before its end, or it has more than is read of one. */
export type FormReason = "type" | "malformed" | "cut" | "size";

/** A form that was refused; `code` is `too-large` for its size, else `invalid-option`. */
export class FormError extends StorageError {
  /** What was wrong with the form. */
  readonly reason: FormReason;

  constructor(reason: FormReason, message: string) {
    super(reason === "size" ? "too-large" : "invalid-option", message);
    this.name = "FormError";
    this.reason = reason;
  }
}
