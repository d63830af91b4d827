/** A local folder as storage: an unstorage driver with the object interface on it. How it lies on the disk: `fs.md`. */
import { toDriver, type WatchableDriver } from "../src/driver.ts";
import { fsBackend } from "./fs/backend.ts";
import type { FsOptions } from "./fs/options.ts";

export type { Pattern } from "./fs/ignore.ts";
export type { FolderGateway } from "./fs/presign.ts";
export type { FsOptions } from "./fs/options.ts";
export type { WatchOptions } from "./fs/watch-options.ts";

/** Makes a driver on a folder. It does nothing until its first call, which rejects `invalid-option` when an option is wrong. */
export default function fs(options: FsOptions): WatchableDriver {
  // Read at the first call, so that no host's copying or freezing of options matters, and an absent object is reported there.
  return toDriver({
    name: "fs",
    open: () => fsBackend(options),
    watch: true,
    ...(options?.noClear === true ? { noClear: true } : {}),
    onEvent: options?.onEvent,
  });
}
