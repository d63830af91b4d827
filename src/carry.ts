/** Copies an object from one store into another through this process. */
import { refuseLoss } from "./copy-headers.ts";
import { storeBroke } from "./error.ts";
import type { DownloadedObject, ObjectInfo, ObjectStore, UploadOptions } from "./interface.ts";
import { objectHeaders, withoutMark } from "./options.ts";
import { releasing } from "./upload.ts";

/**
 * Uploads an opened object with its headers and metadata. Rejects `unsupported` if metadata would be lost, and fails if
 * the body has another length than announced. On failure the opened body is cancelled.
 */
export function carry(
  object: DownloadedObject,
  to: ObjectStore,
  key: string,
  options: UploadOptions,
): Promise<ObjectInfo> {
  const { body, size } = object;
  const send = async (): Promise<ObjectInfo> => {
    refuseLoss(object);
    return to.upload(key, body, { ...options, ...objectHeaders(withoutMark(object)), size });
  };
  return releasing(body, send()).catch(storeBroke);
}
