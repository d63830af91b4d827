/** Checksums that callers ask for: computed while the bytes come in, kept in the object's record, held against whole downloads. */
import type { ExpectedChecksum, PutOptions, Source } from "../../src/backend.ts";
import { type ChecksumAlgorithm, crc32, crc32c, crc64nvme, sha256 } from "../../src/checksum.ts";
import { summed } from "../../src/checksum/summed.ts";
import type { Place } from "../../src/error.ts";
import { checkAlgorithm } from "../../src/options.ts";

/** The algorithms of a folder. */
export interface Checksums {
  /** Of uploads that do not name one. */
  readonly own: ChecksumAlgorithm | undefined;
  /** By name: what one process has stored with an algorithm of `unbucket/checksum`, every other can check. */
  readonly known: ReadonlyMap<string, ChecksumAlgorithm>;
}

/** Checks the option; rejects `invalid-option`. */
export function parseChecksums(option: ChecksumAlgorithm | readonly ChecksumAlgorithm[] = []): Checksums {
  const given = [option || []].flat();
  for (const algorithm of given) checkAlgorithm(algorithm);
  const known = [crc32, crc32c, crc64nvme, sha256, ...given];
  return { own: given[0], known: new Map(known.map((algorithm) => [algorithm.name, algorithm])) };
}

/** The algorithm of an upload: what it names, or none for false; the driver's own when it says nothing. */
export function algorithmFor(
  { own }: Checksums,
  { checksum }: Pick<PutOptions, "checksum">,
): ChecksumAlgorithm | undefined {
  return checksum === undefined ? own : checksum || undefined;
}

/** A source, and the checksum of its bytes as they came: undefined for none, to be asked for when all have been read. */
export async function summing(
  checksums: Checksums,
  source: Source,
  put: Pick<PutOptions, "checksum">,
): Promise<{ readonly source: Source; readonly checksum: () => ExpectedChecksum | undefined }> {
  const algorithm = algorithmFor(checksums, put);
  if (!algorithm) return { source, checksum: () => undefined };
  const { name } = algorithm;
  if ("bytes" in source) {
    const value = await algorithm.of(source.bytes);
    return { source, checksum: () => ({ name, value }) };
  }
  let found: ExpectedChecksum | undefined;
  const stream = summed(algorithm.create(), source.stream, (value) => {
    found = { name, value };
  });
  return { source: { ...source, stream }, checksum: () => found };
}

/** A whole object's bytes, which error `corrupt` at their end when they have not the checksum that was stored with them, if one was. */
export function checked(
  { known }: Checksums,
  body: ReadableStream<Uint8Array>,
  expected: ExpectedChecksum | undefined,
  place: Place | undefined,
): ReadableStream<Uint8Array> {
  return (expected && known.get(expected.name)?.verified(body, expected.value, place)) ?? body;
}
