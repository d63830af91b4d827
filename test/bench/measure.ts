/** Asks a client again and again for a while. Runs inside the runtime that is measured. */
import type { Client, Measured, Task } from "./client.ts";

/** Keys go round, so that nothing keyed by them grows. */
export const KEYS = 997;

/** Runs one task. */
export async function measure(client: Client, { verb, size, flight, milliseconds }: Task): Promise<Measured> {
  const bytes = verb === "put" ? new Uint8Array(size).fill(97) : new Uint8Array(0);
  let begun = 0;
  let count = 0;
  const once = async (): Promise<void> => {
    const key = `objects/${begun++ % KEYS}-${size}`;
    if (verb === "put") await client.put(key, bytes);
    else if (verb === "up") await client.up(key, size);
    else {
      const length = await client[verb](key);
      if (length !== size) throw new Error(`${verb} gave ${length} bytes instead of ${size}`);
    }
    count++;
  };
  const start = performance.now();
  await Promise.all(
    Array.from({ length: flight }, async () => {
      do await once();
      while (performance.now() - start < milliseconds);
    }),
  );
  return { count, milliseconds: performance.now() - start };
}
