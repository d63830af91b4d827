/** The options of the folder driver, and what they mean once checked. */
import { resolve } from "node:path";
import type { Backend } from "../../src/backend.ts";
import type { ChecksumAlgorithm } from "../../src/checksum/algorithm.ts";
import type { OnEvent } from "../../src/event.ts";
import { driverOptions, type OptionType, publicBase, refuse } from "../../src/options.ts";
import { type Checksums, parseChecksums } from "./checksum.ts";
import { parseIgnore, type Ignore, type Pattern } from "./ignore.ts";
import { type FolderGateway, presigner } from "./presign.ts";
import { parseWatchOptions, type WatchOptions, type WatchSettings } from "./watch-options.ts";

/** Options of `fs()`: plain data, but for functions and regular expressions. */
export interface FsOptions {
  /** The folder; a relative path counts from the working directory at the first call. It is made by the first write. */
  readonly base: string;
  /** Globs (`*`, `**`, `?`), regular expressions and functions of keys that are neither listed nor watched. Default: none. */
  readonly ignore?: Pattern | readonly Pattern[] | undefined;
  /** Of `watch`, by the names that chokidar has. */
  readonly watchOptions?: WatchOptions | undefined;
  /** Only true, as unstorage's own driver has it: writes are always atomic. */
  readonly atomic?: true | undefined;
  /** Makes every write reject `denied`. Default false. */
  readonly readOnly?: boolean | undefined;
  /** Makes the key-value verb `clear` reject `denied`. Default false. */
  readonly noClear?: boolean | undefined;
  /** Whether writes and deletes wait until the disk has them. Default: all do but the key-value verbs that set an item. */
  readonly durable?: boolean | undefined;
  /**
   * Of `unbucket/checksum`: kept with every upload, and checked when a whole object is read that has it. Of several the first is
   * for uploads. Default: none for uploads that do not name one.
   */
  readonly checksum?: ChecksumAlgorithm | readonly ChecksumAlgorithm[] | undefined;
  /**
   * Permission bits of files, such as `0o640`, and of folders that are made, with x where these have r. Default: the umask decides, and an
   * overwritten file's bits are kept.
   */
  readonly mode?: number | undefined;
  /** Base of the addresses that objects have for a browser: an `http(s)` URL, or a path such as `/files`. Default: none. */
  readonly publicUrl?: string | undefined;
  /** The gateway that is run before the folder, which `presign` then signs for. Default: none, and `presign` gives null. */
  readonly gateway?: FolderGateway | undefined;
  /** Called after every call and body; see `StorageEvent`. */
  readonly onEvent?: OnEvent | undefined;
}

/** Checked options. */
export interface Settings {
  /** Absolute. */
  readonly base: string;
  readonly ignore: Ignore;
  readonly watch: WatchSettings;
  readonly readOnly: boolean;
  readonly durable: boolean | undefined;
  readonly checksums: Checksums;
  readonly mode: number | undefined;
  /** Without a `/` at its end. */
  readonly publicUrl: string | undefined;
  readonly presign: Backend["presign"];
}

/** Every option with its type. One that is missing here does not compile. */
const TYPES: Readonly<Record<keyof FsOptions, OptionType>> = {
  base: "string",
  ignore: 1,
  watchOptions: 1,
  atomic: "boolean",
  readOnly: "boolean",
  noClear: "boolean",
  durable: "boolean",
  checksum: 1,
  mode: 1,
  publicUrl: "string",
  gateway: "object",
  onEvent: "function",
};

/** Checks options and resolves the base; rejects `invalid-option`. */
export function parseOptions(options: FsOptions): Settings {
  driverOptions(options, TYPES);
  const { base, durable, mode } = options;
  if (!base || base.includes("\0")) throw refuse("base", "must be the path of a folder");
  if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) {
    throw refuse("mode", "must be permission bits from 0 to 0o777, such as 0o640");
  }
  // What a caller without types may give.
  if ((options.atomic as boolean | undefined) === false)
    throw refuse("atomic", "can only be true: no write here can be seen half");
  const folder = resolve(base);
  return {
    base: folder,
    ignore: parseIgnore("ignore", options.ignore, folder),
    watch: parseWatchOptions(folder, options.watchOptions),
    readOnly: options.readOnly ?? false,
    durable,
    checksums: parseChecksums(options.checksum),
    mode,
    publicUrl: publicBase(options.publicUrl),
    presign: options.gateway && presigner(options.gateway),
  };
}
