/** A stream whose bytes must have a checksum. It is part of each algorithm, so that a driver without any does not carry it. */
import { locate, type Place, StorageError } from "../error.ts";
import type { Hasher } from "./algorithm.ts";
import { summed } from "./summed.ts";

/** The same bytes; errors `corrupt` at the end when they do not have the value that is expected. */
export function verified(
  name: string,
  hasher: Hasher,
  stream: ReadableStream<Uint8Array>,
  expected: string,
  place?: Place,
): ReadableStream<Uint8Array> {
  return summed(hasher, stream, (value) => {
    if (value === expected) return;
    const message = `the bytes do not have the ${name} that is expected; read them again, or upload the object again`;
    const error = new StorageError("corrupt", message, { retryable: true });
    throw place ? locate(error, place) : error;
  });
}
