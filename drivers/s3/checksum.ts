/**
 * Checksums on the wire: only of algorithms that the caller chose, since some stores refuse the headers.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
import type { UploadedPart } from "../../src/backend.ts";
import type { ChecksumAlgorithm } from "../../src/checksum/algorithm.ts";
import type { Place } from "../../src/error.ts";
import { checkAlgorithm, refuse } from "../../src/options.ts";
import type { HeaderMap } from "../../src/s3/headers.ts";
import type { Markup } from "../../src/s3/xml.ts";
import type { WireResponse } from "./transport.ts";

/** The algorithms of one driver. */
export class Checksums {
  /** Those that downloads are checked by; the first is for uploads. */
  readonly #own: readonly ChecksumAlgorithm[];
  /** By id: these, and those that uploads in parts were begun with. */
  readonly #known: Map<string, ChecksumAlgorithm>;
  /** The header that asks for an object's checksums; absent when downloads are not checked. */
  readonly mode: HeaderMap | undefined;

  constructor(option: ChecksumAlgorithm | readonly ChecksumAlgorithm[] = []) {
    this.#own = [option || []].flat();
    for (const algorithm of this.#own) checkAlgorithm(algorithm);
    this.#known = new Map(this.#own.map((algorithm) => [idOf(algorithm), algorithm]));
    this.mode = this.#own[0] && { "x-amz-checksum-mode": "ENABLED" };
  }

  /** The algorithm of an upload: its own, none for false, the driver's when it says nothing. */
  of(own: ChecksumAlgorithm | false | undefined): ChecksumAlgorithm | undefined {
    const algorithm = own === undefined ? this.#own[0] : own || undefined;
    if (algorithm) this.#known.set(idOf(algorithm), algorithm);
    return algorithm;
  }

  /** The algorithm that an upload in parts was begun with; rejects `invalid-option` when this driver does not have it. */
  byId(id: string | undefined): ChecksumAlgorithm | undefined {
    if (id === undefined) return undefined;
    const algorithm = this.#known.get(id);
    if (algorithm) return algorithm;
    throw refuse("checksum", `must have ${id}, with which this upload was begun`);
  }

  /** The body of a whole object, which errors `corrupt` at its end unless it has the checksum of its answer; undefined when that has none. */
  verified(
    response: Pick<WireResponse, "header">,
    body: () => ReadableStream<Uint8Array>,
    place?: Place,
  ): ReadableStream<Uint8Array> | undefined {
    const algorithm = this.#own.find(({ header }) => response.header(header));
    const expected = algorithm && response.header(algorithm.header);
    return algorithm && expected && isWhole(response, expected)
      ? algorithm.verified(body(), expected, place)
      : undefined;
  }
}

/** The name by which an upload in parts remembers its algorithm, also for another process. */
export function idOf({ name, type }: ChecksumAlgorithm): string {
  return `${name} ${type}`;
}

/**
 * Whether a value is of all bytes, and not of the values of parts. The latter ends in their number; some servers leave that out of the value,
 * but not of the ETag.
 */
function isWhole({ header }: Pick<WireResponse, "header">, value: string): boolean {
  const type = header("x-amz-checksum-type");
  return type === null ? !value.includes("-") && !/-\d+"?$/.test(header("etag") ?? "") : type === "FULL_OBJECT";
}

/** The header that guards a body. */
export function bodyHeader(algorithm: ChecksumAlgorithm | undefined, value: string | undefined): HeaderMap {
  return algorithm ? { [algorithm.header]: value } : {};
}

/** The headers that begin an upload in parts. */
export function beginHeaders(algorithm: ChecksumAlgorithm | undefined): HeaderMap {
  if (!algorithm) return {};
  const { name, type } = algorithm;
  return {
    "x-amz-checksum-algorithm": name,
    "x-amz-checksum-type": type === "full" ? "FULL_OBJECT" : "COMPOSITE",
  };
}

/** A part's checksum in the document that ends the upload. */
export function partElement(algorithm: ChecksumAlgorithm | undefined, { checksum }: UploadedPart): readonly Markup[] {
  return algorithm && checksum ? [[`Checksum${algorithm.name}`, checksum]] : [];
}

/** The whole object's checksum, out of its parts' in order; nothing when one is not known. */
export function wholeHeaders(algorithm: ChecksumAlgorithm | undefined, parts: readonly UploadedPart[]): HeaderMap {
  if (algorithm?.type !== "full") return {};
  let whole: string | undefined;
  for (const { checksum, size } of parts) {
    if (checksum === undefined || size === undefined) return {};
    whole = whole === undefined ? checksum : algorithm.combine?.(whole, checksum, size);
  }
  return whole === undefined ? {} : { [algorithm.header]: whole, "x-amz-checksum-type": "FULL_OBJECT" };
}
