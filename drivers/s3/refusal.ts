/** An answer from the store that is no success: it did arrive, so nothing about the request is in doubt. */
import type { StorageError } from "../../src/error.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { Answer, Complaint } from "./complaint.ts";
import { toStorageError } from "./errors.ts";

/** Thrown within an attempt, for which it may be mended; callers see its error, which does not repeat the keys of who asked. */
export class Refusal {
  readonly answer: Answer;
  readonly complaint: Complaint;
  readonly error: StorageError;

  constructor(answer: Answer, complaint: Complaint, identity: Identity) {
    this.answer = answer;
    this.complaint = complaint;
    this.error = toStorageError(answer, complaint, identity);
  }
}
