/** `#folder` where there is no file system: Workers, edge functions, browsers. */
import { type Driver, toDriver } from "../../src/driver.ts";
import { StorageError } from "../../src/error.ts";

/** The options that a folder would be given. */
export interface FolderOptions {
  readonly base?: string;
  readonly publicUrl?: string;
  readonly gateway?: { readonly url: string; readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A driver whose every call rejects `unsupported`. */
export default function folder(_options?: FolderOptions): Driver {
  return toDriver({
    name: "fs",
    open: () => {
      throw new StorageError(
        "unsupported",
        "STORAGE_BACKEND is local, which is its default, but this platform has no folder: set STORAGE_BACKEND=s3 and the STORAGE_S3_* variables",
      );
    },
  });
}
