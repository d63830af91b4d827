/** The public surface: re-exports only. */
export type * from "./backend.ts";
export { MemoryBudget } from "./budget.ts";
export { type Driver, type DriverSpec, toDriver, type WatchableDriver } from "./driver.ts";
export {
  type ErrorCode,
  type KeyFailure,
  locate,
  type PartialFailure,
  type Place,
  StorageError,
  type StorageErrorInit,
  type StorageFailure,
  type StoreResponse,
} from "./error.ts";
export type { AttemptEvent, BodyEvent, CallEvent, OnEvent, StorageEvent } from "./event.ts";
export type * from "./interface.ts";
export { parseKey } from "./key.ts";
export type * from "./listing.ts";
export { objects, type StorageLike } from "./mounts.ts";
export { resolveRange, type Span } from "./range.ts";
export type { KvMeta, KvOptions, UnstorageDriver } from "./unstorage.ts";
export type { Verb } from "./verbs.ts";
export { checkRead, checkWrite, pageOf, readAll, streamOf } from "./whole.ts";
