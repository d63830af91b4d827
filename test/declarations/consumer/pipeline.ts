/** A body goes into a stream of Node as MIGRATING.md has it, where the app has the types of the DOM too, which `Readable.fromWeb` refuses. */
import { pipeline } from "node:stream/promises";
import memory from "unbucket/drivers/memory";

export async function print(): Promise<void> {
  const object = await memory().download("a");
  await pipeline(object.body, process.stdout);
}
