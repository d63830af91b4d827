/**
 * Runs `work` for all items, at most `limit` at a time. After a failure none is started; it is thrown once the others
 * have ended.
 */
export async function pool<T>(items: Iterable<T>, limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { readonly error: unknown } | undefined;
  async function lane(): Promise<void> {
    for (let step = iterator.next(); !step.done && !failure; step = iterator.next()) {
      try {
        await work(step.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, lane));
  if (failure) throw failure.error;
}
