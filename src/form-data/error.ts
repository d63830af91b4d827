/** The error of a form that is refused. */
import { StorageError } from "../error.ts";

/**
 * Why a form was refused: it is no form (`type`), it is malformed, it ends too early (`cut`), or it exceeds a limit
 * (`size`).
 */
export type FormReason = "type" | "malformed" | "cut" | "size";

/** A refused form. `code` is `too-large` if `reason` is `size`, else `invalid-option`. */
export class FormError extends StorageError {
  /** Why the form was refused. */
  readonly reason: FormReason;

  constructor(reason: FormReason, message: string) {
    super(reason === "size" ? "too-large" : "invalid-option", message);
    this.name = "FormError";
    this.reason = reason;
  }
}
