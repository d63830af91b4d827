/**
 * Verifies the checksum of a stream. Each algorithm brings it, so that a driver without algorithms does not bundle it.
 */
import { locate, type Place, StorageError } from "../error.ts";
import type { Hasher } from "./algorithm.ts";
import { summed } from "./summed.ts";

/** The same bytes. The stream errors `corrupt` at its end if their checksum is not the expected one. */
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
