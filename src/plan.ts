/** The size of the parts of multipart uploads. */
import type { MultipartBackend } from "./backend.ts";
import { MemoryBudget } from "./budget.ts";
import { StorageError } from "./error.ts";

/** The most parts of an upload: @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PARTS = 10_000;

const MIB = 1024 * 1024;
/** The smallest part in bytes, except the last. */
export const MIN_PART: number = 5 * MIB;
/** The largest part in bytes. */
export const MAX_PART: number = 5 * 1024 * MIB;

/**
 * The plan of drivers without options for it: parts of 8 MiB, four at a time, and 64 MiB of memory for all uploads
 * together.
 */
export function usualPlan(): Pick<MultipartBackend, "plan" | "maxPart"> {
  const [partSize, concurrency, maxPart] = [8 * MIB, 4, 64 * MIB];
  return { plan: { partSize, concurrency, memory: new MemoryBudget(maxPart, partSize, concurrency + 1) }, maxPart };
}

/**
 * Bytes per part: the wanted size, or if a known length would need more than 10000 parts, the smallest sufficient
 * number of MiB. All parts but the last are equal, which R2 requires. Throws `too-large`.
 */
export function partSizeFor(wanted: number, size: number | undefined): number {
  if (size === undefined || size <= wanted * MAX_PARTS) return wanted;
  const needed = Math.ceil(size / MAX_PARTS / MIB) * MIB;
  if (needed > MAX_PART)
    throw new StorageError(
      "too-large",
      `an object has at most ${MAX_PARTS} parts of 5 GiB, which ${size} bytes exceed`,
    );
  return needed;
}

/** Throws `too-large` for a part number beyond 10000, which a body of unknown length may reach. */
export function checkPartNumber(partNumber: number, partSize: number): void {
  if (partNumber <= MAX_PARTS) return;
  throw new StorageError(
    "too-large",
    `the body has more than ${MAX_PARTS} parts of ${partSize / MIB} MiB; pass size, or a larger partSize`,
  );
}
