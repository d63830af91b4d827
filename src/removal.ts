/** Deletes many objects: a list of keys, or all below a prefix. */
import type { Backend, CallOptions, DeleteFailure, Key, ListPage } from "./backend.ts";
import { locate, partial, StorageError } from "./error.ts";
import { parsePrefix } from "./key.ts";
import { listing, PAGE_LIMIT } from "./pages.ts";
import { pool } from "./pool.ts";

const AT_A_TIME = 16;
/** How often the same deleted key may be listed first again: some stores update their listings late. */
const TRIES = 3;

/** Deletes all keys; rejects `partial` if some could not be deleted. */
export async function deleteAll(backend: Backend, keys: readonly Key[], options: CallOptions): Promise<void> {
  refuseLeft(keys, keys.length === 0 ? [] : await deleteMany(backend, keys, options));
}

/** Throws `partial` if there are failures. */
export function refuseLeft(keys: readonly string[], failures: readonly DeleteFailure[]): void {
  if (failures.length === 0) return;
  const failed = new Set(failures.map((failure) => failure.key));
  const deleted = keys.filter((key) => !failed.has(key));
  throw partial(`${failures.length} of ${keys.length} keys were not deleted`, failures, deleted);
}

async function deleteMany(
  backend: Backend,
  keys: readonly Key[],
  options: CallOptions,
): Promise<readonly DeleteFailure[]> {
  if (backend.deleteMany) return backend.deleteMany(keys, options);
  const failures: DeleteFailure[] = [];
  await pool(keys, AT_A_TIME, async (key) => {
    options.signal?.throwIfAborted();
    await backend.delete(key, options).catch((error: unknown) => {
      failures.push({ key, error: locate(error, { operation: "delete", key }) });
    });
  });
  return failures;
}

/** Deletes every key that starts with the prefix, all keys if it is empty; returns their number. */
export async function deleteBelow(backend: Backend, prefix: string, { signal }: CallOptions): Promise<number> {
  let count = 0;
  let found: number;
  let first: string | undefined;
  let again = 0;
  do {
    const before = first;
    [found, first] = await deleteListed(backend, parsePrefix(prefix), { signal });
    count += found;
    again = first === before ? again + 1 : 0;
    if (again === TRIES)
      throw new StorageError("unavailable", "the store goes on to list what it says is deleted", {
        key: first as string,
      });
    // MinIO does not list keys below an object until that object is deleted. So this repeats until a listing is empty.
  } while (found > 0);
  return count;
}

/** Deletes what one listing shows; returns the number of keys and the first of them. */
async function deleteListed(
  backend: Backend,
  prefix: string,
  call: CallOptions,
): Promise<[count: number, first: string | undefined]> {
  let count = 0;
  let first: string | undefined;
  const iteration = {};
  const load = (cursor: string | undefined): Promise<ListPage> =>
    backend.list({ ...call, prefix, limit: PAGE_LIMIT, cursor, iteration });
  for await (const page of listing(() => load, undefined).pages()) {
    await deleteAll(
      backend,
      // Not checked by parseKey: others may have written keys that no URL can carry. Those fail one by one, in
      // `partial`.
      page.objects.map((object) => object.key as Key),
      call,
    );
    count += page.objects.length;
    first ??= page.objects[0]?.key;
  }
  return [count, first];
}
