/** An answer from the store that is no success: it did arrive, so nothing about the request is in doubt. */
import type { StorageError } from "../../src/error.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Answer, type Complaint, readComplaint } from "./complaint.ts";
import { toStorageError } from "./errors.ts";
import type { WireResponse } from "./transport.ts";

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

/**
 * Reads a 404 within an attempt: null when the store itself says that what was asked for is absent. A proxy's page says nothing of it, and
 * what else a store says may be mended, as by other keys where versitygw knows no such user.
 */
export async function absent(response: WireResponse, identity: Identity): Promise<null> {
  const refusal = new Refusal(response, await readComplaint(response), identity);
  if (refusal.error.code === "not-found") return null;
  throw refusal;
}
