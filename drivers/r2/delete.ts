/** Deletes many keys with few calls. */
import type { CallOptions, DeleteFailure, Key } from "../../src/backend.ts";
import { StorageError } from "../../src/error.ts";

/** The most keys that one call deletes: @see https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#bucket-method-definitions */
const MOST = 1000;

/** Deletes in batches, each by a call of `remove`. Resolves with the keys that failed. */
export async function deleteInBatches(
  keys: readonly Key[],
  call: CallOptions,
  remove: (some: readonly Key[], call: CallOptions) => Promise<void>,
): Promise<readonly DeleteFailure[]> {
  const failures: DeleteFailure[] = [];
  const removeSome = async (some: readonly Key[]): Promise<void> => {
    try {
      await remove(some, call);
    } catch (error) {
      if (call.signal?.aborted || !StorageError.is(error)) throw error;
      // R2 refuses a whole batch for one invalid key, which is found by halving.
      if (error.code !== "invalid-key" || some.length === 1)
        return void failures.push(...some.map((key) => ({ key, error })));
      const half = Math.ceil(some.length / 2);
      await removeSome(some.slice(0, half));
      await removeSome(some.slice(half));
    }
  };
  for (let at = 0; at < keys.length; at += MOST) await removeSome(keys.slice(at, at + MOST));
  return failures;
}
