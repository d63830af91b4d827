/** The conditions of writes: whether there is one, and what stores answer when it does not hold. */
import { hasCode, StorageError } from "../../src/error.ts";
import type { Conditions } from "../../src/s3/headers.ts";
import type { Settings } from "./settings.ts";

/** Whether a write has a condition. */
export function isConditional({ ifMatch, ifNoneMatch }: Conditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}

/** Rejects `unsupported` for a condition that the store would ignore, and replace what it must not. */
export function refuseConditions(settings: Pick<Settings, "conditionalWrites">, options: Conditions): void {
  if (settings.conditionalWrites || !isConditional(options)) return;
  throw new StorageError("unsupported", "the store would ignore the condition: conditionalWrites is false");
}

/** To If-Match on an absent key AWS answers 404 and others 412: both are `precondition-failed`. */
export function asPrecondition(error: unknown, { ifMatch }: Conditions): unknown {
  if (ifMatch === undefined || !hasCode(error, "not-found") || error.response?.code === "NoSuchUpload") return error;
  const { response } = error;
  return new StorageError("precondition-failed", "no object matches ifMatch", { cause: error, response });
}
