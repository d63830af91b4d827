/** What a case of the contract is. */
import type { Driver } from "../driver.ts";

/**
 * What not every store can do. A case that needs one runs only where the driver has it.
 *
 * - `presign`: gives requests for someone without credentials, which `fetch` can send from here
 * - `multipart`: has the multipart verbs
 * - `uploads`: lists uploads under way, and their parts
 * - `watch`: reports changes
 */
export type Capability = "presign" | "multipart" | "uploads" | "watch";

/** What a case works with. */
export interface Context {
  /** On an empty place of its own. */
  readonly driver: Driver;
  /**
   * Ends in `/`, in normal form; nobody else writes below it, and nothing is there when the case starts. A few cases write
   * below `/` and `//` followed by it. Nothing is cleaned up.
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
