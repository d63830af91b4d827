/** What unstorage's own folder driver passes to chokidar, as far as it means something here. */
import { knownOptions, refuse, wholeNumber } from "../../src/options.ts";
import { parseIgnore, type Ignore, type Pattern } from "./ignore.ts";

/** Options of the watch: chokidar's names, so that a configuration for unstorage's own driver holds. */
export interface WatchOptions {
  /** Patterns as in `ignore` of keys that are not watched either. Default: none. */
  readonly ignored?: Pattern | readonly Pattern[] | undefined;
  /** False tells the objects that are there when the watch begins, too. Default true. */
  readonly ignoreInitial?: boolean | undefined;
  /** False lets the process end while the watch runs. Default true. */
  readonly persistent?: boolean | undefined;
  /** Folders below the base that are watched, counted downwards; 0 is the base alone. Default: all. */
  readonly depth?: number | undefined;
  /** Tells a file when nothing has written to it for `stabilityThreshold` milliseconds (2000). Default false: at once. */
  readonly awaitWriteFinish?:
    | boolean
    | { readonly stabilityThreshold?: number | undefined; readonly pollInterval?: number | undefined }
    | undefined;
  /** Milliseconds within which a file that goes and comes back has only changed; `true` is 100, `false` and 0 are 20. Default 20. */
  readonly atomic?: boolean | number | undefined;
  /** Passes over folders that this process may not read. Default false: the watch rejects `denied`. */
  readonly ignorePermissionErrors?: boolean | undefined;
  /** Only false: symbolic links are no objects. */
  readonly followSymlinks?: false | undefined;
  /** Only false: the system tells the changes. */
  readonly usePolling?: false | undefined;
  /** Without effect, since nothing is polled. */
  readonly interval?: number | undefined;
  /** Without effect, since nothing is polled. */
  readonly binaryInterval?: number | undefined;
  /** Without effect, since a listener is given no stats. */
  readonly alwaysStat?: boolean | undefined;
}

/** Checked options of the watch. */
export interface WatchSettings {
  readonly ignored: Ignore;
  readonly initial: boolean;
  readonly persistent: boolean;
  /** Milliseconds from a change until it is told. */
  readonly settle: number;
  /** Whether each further change begins the wait anew. */
  readonly rest: boolean;
  readonly passDenied: boolean;
}

/** One change makes several events, which are told as one. */
const SETTLE_MS = 20;
const MOST_MS = 2 ** 31 - 1;

const NAMES: Readonly<Record<keyof WatchOptions, 1>> = {
  ignored: 1,
  ignoreInitial: 1,
  persistent: 1,
  depth: 1,
  awaitWriteFinish: 1,
  atomic: 1,
  ignorePermissionErrors: 1,
  followSymlinks: 1,
  usePolling: 1,
  interval: 1,
  binaryInterval: 1,
  alwaysStat: 1,
};

/** Checks the options of the watch; throws `invalid-option`. */
export function parseWatchOptions(base: string, options: WatchOptions = {}): WatchSettings {
  knownOptions(options, NAMES);
  const { depth = Infinity, awaitWriteFinish: finish, atomic } = options;
  for (const name of ["ignoreInitial", "persistent", "ignorePermissionErrors", "alwaysStat"] as const)
    if (options[name] !== undefined && typeof options[name] !== "boolean")
      throw refuseOption(name, "must be true or false");
  for (const name of ["followSymlinks", "usePolling"] as const) {
    if (options[name] !== undefined && options[name] !== false)
      throw refuseOption(name, "can only be false: links are not followed, and the system tells the changes");
  }
  if (depth !== Infinity) wholeNumber("watchOptions.depth", depth, 0, MOST_MS);
  if (typeof finish !== "object" && finish !== undefined && typeof finish !== "boolean")
    throw refuseOption("awaitWriteFinish", "must be true, false or { stabilityThreshold }");
  if (typeof finish === "object") knownOptions(finish, { stabilityThreshold: 1, pollInterval: 1 });
  const threshold = (typeof finish === "object" ? finish.stabilityThreshold : undefined) ?? 2000;
  wholeNumber("watchOptions.awaitWriteFinish.stabilityThreshold", threshold, 0, MOST_MS);
  const settle = atomic === true ? 100 : atomic || SETTLE_MS;
  wholeNumber("watchOptions.atomic", settle, 0, MOST_MS);
  const ignored = parseIgnore("watchOptions.ignored", options.ignored, base);
  return {
    ignored: (path) => path.split("/").length - 1 > depth || ignored(path),
    initial: options.ignoreInitial === false,
    persistent: options.persistent ?? true,
    settle: finish ? threshold : settle,
    rest: Boolean(finish),
    passDenied: options.ignorePermissionErrors ?? false,
  };
}

function refuseOption(name: string, why: string): Error {
  return refuse(`watchOptions.${name}`, why);
}
