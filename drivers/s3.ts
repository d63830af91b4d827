/** Objects in any S3-compatible store: AWS S3, MinIO, R2, Garage, Ceph, Spaces. */
import { type Driver, toDriver } from "../src/driver.ts";
import { s3Backend } from "./s3/backend.ts";
import type { S3Options } from "./s3/options.ts";

export type { RetryOptions } from "../src/retry.ts";
export type { Fetch } from "./s3/fetch.ts";
export type { Credentials, S3Options } from "./s3/options.ts";
export type { Timeouts } from "./s3/transport.ts";

/**
 * A driver over one bucket. The factory does nothing but keep the options: they are checked, and the environment is read, at
 * the first call, which rejects `invalid-option` for what is missing or wrong.
 */
export default function s3(options: S3Options = {}): Driver {
  return toDriver({ name: "s3", open: () => s3Backend(options), onEvent: options?.onEvent });
}
