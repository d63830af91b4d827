/** The public surface: re-exports only. */
export type {
  Backend,
  BackendCopyOptions,
  BackendPresignOptions,
  ByteRange,
  CallOptions,
  DeleteFailure,
  GetOptions,
  Key,
  ListedObject,
  ListPage,
  ListPageOptions,
  MultipartBackend,
  ObjectHeaders,
  Presigned,
  PutOptions,
  RequestOptions,
  Source,
  StoredInfo,
  StoredObject,
  UploadedPart,
  WatchEvent,
} from "./backend.ts";
export { type Driver, type DriverSpec, toDriver } from "./driver.ts";
export { type ErrorCode, type KeyFailure, StorageError, type StorageErrorInit, type StoreResponse } from "./error.ts";
export type { AttemptEvent, BodyEvent, CallEvent, OnEvent, StorageEvent } from "./event.ts";
export type {
  CopyOptions,
  DownloadedObject,
  DownloadOptions,
  ListEntry,
  ListOptions,
  MoveOptions,
  MultipartOptions,
  MultipartUpload,
  ObjectInfo,
  ObjectList,
  ObjectStore,
  Page,
  PresignOptions,
  UpdateFunction,
  UpdateOptions,
  UploadBody,
  UploadOptions,
  UploadProgress,
} from "./interface.ts";
export { objects, type StorageLike } from "./mounts.ts";
export type { KvMeta, KvOptions, UnstorageDriver } from "./unstorage.ts";
