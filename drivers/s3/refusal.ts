/** Answers that an attempt does not take: refusals, and what cannot be an answer of the store. */
import { StorageError } from "../../src/error.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import { type Answer, type Complaint, readComplaint } from "./complaint.ts";
import { toStorageError } from "./errors.ts";
import type { WireResponse } from "./transport.ts";

/** Thrown within an attempt, which may mend its cause and send again. Callers see `error`, which repeats none of the keys of `identity`. */
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

/** Lets go of the body of an answer that cannot be used, and throws. */
export function giveUp(
  response: Pick<WireResponse, "discard">,
  ...error: ConstructorParameters<typeof StorageError>
): never {
  void response.discard();
  throw new StorageError(...error);
}

/**
 * Reads a 404 within an attempt: null when the store says that what was asked for is absent. Anything else is thrown: a proxy's page says
 * nothing of the object, and other reasons may be mended, such as keys of a user that versitygw does not know.
 */
export async function absent(response: WireResponse, identity: Identity): Promise<null> {
  const refusal = new Refusal(response, await readComplaint(response), identity);
  if (refusal.error.code === "not-found") return null;
  throw refusal;
}
