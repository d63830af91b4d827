/** What nobody reaches any more, collected when a test says so. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** Collects it at once. */
export const gc: () => void = runInNewContext("gc") as () => void;

/** Collects it, and lets who waits for that be told. */
export async function collectGarbage(): Promise<void> {
  // Once more for what the first time has let go.
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    gc();
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Until the garbage collector is told of a body that was opened before. */
export const lasting = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1100));
