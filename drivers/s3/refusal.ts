/** An answer from the store that is no success: it did arrive, so nothing about the request is in doubt. */
import type { StorageError } from "../../src/error.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { Answer, Complaint } from "./complaint.ts";
import { toStorageError } from "./errors.ts";

/** Thrown within an attempt, for which it may be mended; callers see its {@link StorageError}. */
export class Refusal {
  readonly answer: Answer;
  readonly complaint: Complaint;
  /** Who asked, which the message must not repeat. */
  identity: Identity | undefined;
  #error: StorageError | undefined;

  constructor(answer: Answer, complaint: Complaint) {
    this.answer = answer;
    this.complaint = complaint;
  }

  toError(): StorageError {
    return (this.#error ??= toStorageError(this.answer, this.complaint, this.identity));
  }
}
