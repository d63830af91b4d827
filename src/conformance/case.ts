/** What a case of the contract is: types only. */
import type { Driver } from "../driver.ts";

/**
 * What not every driver can do. A case that needs a capability runs only if the driver has it.
 *
 * - `presign`: the backend has `presign`; `fetch` can send the signed requests from here, and the store enforces what was signed
 * - `multipart`: the backend has `multipart`; an object appears only when its upload is complete
 * - `uploads`: `multipart` has `parts` and `pending`, so that uploads can be listed, resumed and swept. Requires `multipart`
 * - `watch`: the backend has `watch`, and reports every write and removal within ten seconds
 */
export type Capability = "presign" | "multipart" | "uploads" | "watch";

/** What a case is run with. */
export interface Context {
  /** The driver under test, on a bucket, table or folder of its own. */
  readonly driver: Driver;
  /**
   * Prefix of the case's keys, another one for each case, so that all can share one store: `case-1/`. It ends in `/`,
   * is in normal form, and nothing is stored below it when the case starts. A few cases also write below `/` and `//`
   * followed by it. Nothing is cleaned up: drop the bucket, table or folder afterwards.
   */
  readonly prefix: string;
  /** Length in bytes up to which the driver stores a body with one request, at least 65536. */
  readonly partSize: number;
}

/** One rule of the contract, and its test. */
export interface Case {
  /** Unique name, in the form `topic: rule`. */
  readonly name: string;
  /** Run only if the driver has all of these. Default: none. */
  readonly needs?: readonly Capability[];
  /** Run only if the driver has none of these. Default: none. */
  readonly lacks?: readonly Capability[];
  /** Runs the test; rejects if the driver breaks the rule. */
  run(context: Context): Promise<void>;
}
