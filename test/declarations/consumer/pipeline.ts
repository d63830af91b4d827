/** A body goes into a stream of Node as MIGRATING.md has it, where the app has the types of the DOM too, which `Readable.fromWeb` refuses without a cast. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import memory from "unbucket/drivers/memory";

export async function print(): Promise<void> {
  const object = await memory().download("a");
  await pipeline(object.body, process.stdout);
}

export async function readable(): Promise<Readable> {
  const object = await memory().download("a");
  return Readable.fromWeb(object.body as ReadableStream);
}
