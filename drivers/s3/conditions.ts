/** What must hold for a write, as headers, and what a store answers when it does not. */
import type { CompleteOptions } from "../../src/backend.ts";
import { hasCode, StorageError } from "../../src/error.ts";
import type { HeaderMap } from "../../src/s3/headers.ts";
import type { Settings } from "./settings.ts";

type Conditions = { readonly [Name in "ifMatch" | "ifNoneMatch"]?: CompleteOptions[Name] | undefined };

/** The headers of a conditional write. */
export function conditions({ ifMatch, ifNoneMatch }: Conditions): HeaderMap {
  return { "if-match": ifMatch, "if-none-match": ifNoneMatch };
}

/** Whether a write has a condition. */
export function isConditional({ ifMatch, ifNoneMatch }: Conditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}

/** Refuses a condition that the store would pass over: what it then did would be taken for what was asked. */
export function refuseConditions(settings: Pick<Settings, "conditionalWrites">, options: Conditions): void {
  if (settings.conditionalWrites || !isConditional(options)) return;
  throw new StorageError("unsupported", "the store would pass over the condition: conditionalWrites is false");
}

/** With If-Match on an absent key, AWS answers 404 and others 412: both mean that the condition does not hold. */
export function asPrecondition(error: unknown, { ifMatch }: Conditions): unknown {
  if (ifMatch === undefined || !hasCode(error, "not-found") || error.response?.code === "NoSuchUpload") return error;
  const { response } = error;
  return new StorageError("precondition-failed", "no object matches ifMatch", { cause: error, response });
}
