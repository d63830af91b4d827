/** One writer at a time per key, within this process. */

const tails = new Map<string, Promise<void>>();

/** Runs work when all that was begun before under the same name has ended. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(name);
  let release: () => void = () => {};
  const tail = new Promise<void>((resolve) => (release = resolve));
  tails.set(name, tail);
  try {
    await before;
    return await work();
  } finally {
    release();
    if (tails.get(name) === tail) tails.delete(name);
  }
}
