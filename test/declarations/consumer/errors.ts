/** What a caught error is known to have, by its code. A line that must not compile is told by the comment before it. */
import { type KeyFailure, type StorageFailure, StorageError, type StoreResponse } from "unbucket";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const caught: unknown;

if (StorageError.is(caught)) {
  const response: StoreResponse | undefined = caught.response;
  const maybe: readonly string[] | undefined = caught.deleted;
  void [response, maybe];
  // @must-fail
  const before: readonly string[] = caught.deleted;
  void before;
  if (caught.code === "partial") {
    const { deleted, errors } = caught;
    const exact: [Same<readonly string[], typeof deleted>, Same<readonly KeyFailure[], typeof errors>] = [true, true];
    void exact;
  } else {
    // @must-fail
    const wrong: "partial" = caught.code;
    void wrong;
  }
  // @must-fail
  if (caught.code === "no-such-code") throw caught;
}

/** A switch over all codes has nothing left. */
export function client(failure: StorageFailure): number {
  switch (failure.code) {
    case "partial":
      return failure.deleted.length;
    case "not-found":
      return failure.response?.status ?? 404;
    default:
      return failure.retryable ? 503 : 500;
  }
}
