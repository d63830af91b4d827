/** What a client cannot know: whether a write whose answer was lost took effect. */
import { hasCode, StorageError, type StoreResponse } from "../../src/error.ts";

/** The failures of one operation, as far as they leave open what happened. */
export class Doubt {
  /** Whether an attempt may have been carried out although no answer said so. */
  #open = false;

  /** Notes a failed attempt; `sent`: whether its request may have left, when there was no answer. */
  add(error: unknown, sent: boolean): void {
    const { retryable, response } = StorageError.is(error) ? error : {};
    this.#open ||= response ? retryable === true && !isPutOff(response) : sent && !isUnsent(error);
  }

  /**
   * The error to reject with: while an attempt is in doubt, `ambiguous` in place of `error`, which may be the echo of our own success.
   * With `ofSource`, as for a copy, only an error that says that the source is gone or another may be.
   */
  verdict(error: unknown, ofSource = false): unknown {
    if (!this.#open || !StorageError.is(error)) return error;
    const isEcho = !ofSource || hasCode(error, "not-found") || hasCode(error, "precondition-failed");
    return isEcho ? inDoubt(error) : error;
  }
}

/** `ambiguous`, in place of an error that may be the echo of our own success. */
export function inDoubt(cause: StorageError): StorageError {
  const { response } = cause;
  return new StorageError("ambiguous", "the answer was lost: the write may have taken effect", { cause, response });
}

/** Whether the store itself says that it did not begin. An answer without a code of S3's is a proxy's, which does not know. */
function isPutOff({ status, code }: StoreResponse): boolean {
  return code !== undefined && (code === "SlowDown" || ![500, 502, 504].includes(status));
}

/**
 * Codes of Node, OpenSSL and Bun for connections that were not established, and ours for one that the runtime's permissions forbid. Deno has
 * no codes, nor have undici and Bun for a proxy that refuses: there it is the words of the message, which no URL in it can contain.
 */
const UNSENT =
  /^(denied |ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ConnectionRefused|ERR_TLS_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_)| \(Connect\):|Proxy (Auth|response \(|refused to )/;

/** Whether the request cannot have arrived, since no connection was established. */
export function isUnsent(error: unknown): boolean {
  // undici's error is the cause of ours, or where fetch is between, the cause of the cause.
  type Failed = Readonly<Record<"code" | "message" | "syscall" | "cause", unknown>>;
  for (let at = error as Failed | null | undefined, depth = 0; at && depth < 4; depth++) {
    // A network that becomes unreachable may break an established connection too.
    if (UNSENT.test(`${at.code} ${at.message}`) && at.syscall !== "read" && at.syscall !== "write") return true;
    at = at.cause as typeof at;
  }
  return false;
}
