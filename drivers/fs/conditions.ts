/** Conditions on the version of a key that is there, held while nobody else writes the key. */
import type { PutOptions } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";
import type { Found } from "./find.ts";
import { etagOf } from "./identity.ts";

/** Conditions of a change, and the signal that ends the wait for the key. */
export type Conditions = Pick<PutOptions, "ifMatch" | "ifNoneMatch" | "signal">;

/** Checks conditions against the present version of a key; rejects `precondition-failed`. */
export function checkPresent(key: string, present: Found | undefined, { ifMatch, ifNoneMatch }: Conditions): void {
  if (ifNoneMatch !== undefined && present) throw refused(key, "the object exists already");
  if (ifMatch === undefined || (present && (ifMatch === "*" || etagOf(present.stats) === ifMatch))) return;
  throw refused(
    key,
    present ? `the object has another version, ${etagOf(present.stats)}` : "there is no object to replace",
  );
}

/** A change that its condition forbids. */
export function refused(key: string, why: string): StorageError {
  return new StorageError("precondition-failed", why, { key });
}
