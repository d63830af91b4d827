/** What a client cannot know: whether a write whose answer was lost took effect. */
import { hasCode, StorageError, type StoreResponse } from "../../src/error.ts";

/** The failures of one operation, as far as they leave open what happened. */
export class Doubt {
  /** An attempt may have been carried out although nobody said so. */
  #open = false;

  /** Takes note of an attempt that was no success; `sent` says whether one without an answer left at all. */
  add(error: unknown, sent: boolean): void {
    const { retryable, response } = StorageError.is(error) ? error : {};
    this.#open ||= response ? retryable === true && !isPutOff(response) : sent && !isUnsent(error);
  }

  /**
   * The error to reject with: `ambiguous` in place of one that would claim to know, such as the echo of our own success. With
   * `ofSource`, as of a copy, only in place of one that says that the source is gone, or another.
   */
  verdict(error: unknown, ofSource = false): unknown {
    if (!this.#open || !StorageError.is(error)) return error;
    return ofSource && !hasCode(error, "not-found") && !hasCode(error, "precondition-failed") ? error : inDoubt(error);
  }
}

/** What is said in place of an error that would claim to know. */
export function inDoubt(cause: StorageError): StorageError {
  const { response } = cause;
  return new StorageError("ambiguous", "the answer was lost: the write may have taken effect", { cause, response });
}

/** Whether the store itself says that it did not begin: an answer without its code is a proxy's, which does not know. */
function isPutOff({ status, code }: StoreResponse): boolean {
  return code !== undefined && (code === "SlowDown" || ![500, 502, 504].includes(status));
}

/** Codes of Node, OpenSSL and Bun for connections that never stood, and ours for one that the runtime's permissions forbid. */
const UNSENT =
  /^(denied$|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)/;

/** Whether the request cannot have arrived: no connection stood. */
export function isUnsent(error: unknown): boolean {
  // undici's error is the cause of ours, and the cause of the cause behind fetch.
  for (let at = error as { code?: unknown; cause?: unknown } | null | undefined, depth = 0; at && depth < 4; depth++) {
    if (UNSENT.test(String(at.code))) return true;
    at = at.cause as typeof at;
  }
  return false;
}
