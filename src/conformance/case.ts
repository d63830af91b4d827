/** What a case of the contract is. */
import type { Driver } from "../driver.ts";

/**
 * What not every store can do. A case that needs one runs only where the driver has it.
 *
 * - `presign`: the backend has `presign`, whose requests `fetch` can send from here and the store keeps to
 * - `multipart`: the backend has `multipart`: uploads in parts, which nobody sees before they are complete
 * - `uploads`: its `multipart` has `parts` and `pending`: uploads under way are listed, resumed and swept. Goes with `multipart`
 * - `watch`: the backend has `watch`, and tells of every write and removal within ten seconds
 */
export type Capability = "presign" | "multipart" | "uploads" | "watch";

/** What a case works with. */
export interface Context {
  /** On an empty place of its own. */
  readonly driver: Driver;
  /**
   * Another for each case, so that all of them can share one store: `case-1/`. Ends in `/`, in normal form; nobody else writes
   * below it, and nothing is there when the case starts. A few cases write below `/` and `//` followed by it. Nothing is cleaned
   * up: give the driver a bucket, table or folder of its own, and drop that afterwards.
   */
  readonly prefix: string;
  /** Bytes up to which the driver sends an upload in one piece, at least 64 KiB. */
  readonly partSize: number;
}

/** One rule of the contract, with what shows whether a driver keeps it. */
export interface Case {
  /** `topic: rule`, unique. */
  readonly name: string;
  /** Runs only where the driver has all of these. */
  readonly needs?: readonly Capability[];
  /** Runs only where the driver has none of these. */
  readonly lacks?: readonly Capability[];
  /** Rejects when the driver breaks the rule. */
  run(context: Context): Promise<void>;
}
