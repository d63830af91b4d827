/** An object from one store into another, through here. */
import { refuseLoss } from "./copy-headers.ts";
import { storeBroke } from "./error.ts";
import type { DownloadedObject, ObjectInfo, ObjectStore, UploadOptions } from "./interface.ts";
import { objectHeaders, withoutMark } from "./options.ts";
import { releasing } from "./upload.ts";

/**
 * Stores what was opened, with what travels with it, in the length that was announced. Rejects `unsupported` where something would be
 * lost; whatever fails, the opened body is let go.
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
