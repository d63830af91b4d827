/** What a client cannot know: whether a write whose answer was lost took effect. */
import { StorageError } from "../../src/error.ts";

/** The failures of one operation, as far as they leave open what happened. */
export class Doubt {
  /** An attempt had no answer. */
  #lost = false;
  /** An attempt may have been carried out although the store did not say so. */
  #doubtful = false;

  /** Takes note of an attempt without an answer, or with one that is no success; `sent` says whether it left at all. */
  add(error: unknown, status: number | undefined, sent: boolean): void {
    this.#lost ||= status === undefined ? sent && !isUnsent(error) : status === 502 || status === 504;
    this.#doubtful ||= this.#lost || status === 500;
  }

  /** The error to reject with: `ambiguous` in place of one that would claim to know. */
  verdict(error: unknown): unknown {
    if (!StorageError.is(error)) return error;
    // A refusal may be the echo of our own success.
    const echo = error.code === "precondition-failed" || error.code === "not-found";
    if (!this.#lost && !(this.#doubtful && echo)) return error;
    return new StorageError("ambiguous", "the answer was lost: the write may have taken effect", {
      cause: error,
      response: error.response,
    });
  }
}

/** Codes of Node, OpenSSL and Bun for connections that never stood. */
const UNSENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

/** Whether the request cannot have arrived: no connection stood. */
export function isUnsent(error: unknown): boolean {
  // undici's error is the cause of ours, and the cause of the cause behind fetch.
  for (let at = error as { code?: unknown; cause?: unknown } | null | undefined, depth = 0; at && depth < 4; depth++) {
    if (UNSENT.test(String(at.code))) return true;
    at = at.cause as typeof at;
  }
  return false;
}
