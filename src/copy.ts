/**
 * Copies the objects of a store into another one, with headers and metadata: `unbucket/copy`. Objects that the target
 * has already are skipped, so that a run that broke off can simply be repeated.
 */
import type { CallOptions, ListedObject } from "./backend.ts";
import { carry } from "./carry.ts";
import { type CopyDifference, differencesOf } from "./copy/difference.ts";
import { type Pair, pairsOf } from "./copy/pairs.ts";
import { hasCode, isFull, type KeyFailure, locate, messageOf, nullIfAbsent, partial, StorageError } from "./error.ts";
import { notify } from "./event.ts";
import type { ObjectStore } from "./interface.ts";
import { isTwin } from "./move.ts";
import { knownOptions, type OptionType, refuse, wholeNumber } from "./options.ts";

export type { CopyDifference };

/** Options of `copyAll`. */
export interface CopyAllOptions extends CallOptions {
  /** Only keys that start with this text. Default: all. */
  readonly prefix?: string | undefined;
  /** How many objects are copied at the same time, 1 to 64. Default 4. */
  readonly concurrency?: number | undefined;
  /**
   * Which differing objects of the target are replaced. `older`, the default: those older than their source. `never`:
   * none. `always`: all, and with `compare: "time"` also equal ones.
   */
  readonly replace?: "older" | "never" | "always" | undefined;
  /**
   * How objects of equal size are compared. `time`, the default: they are equal unless the target is older than its
   * source. `bytes`: both are read, and times do not matter. `all`: as `bytes`, and headers and metadata must be equal
   * too.
   */
  readonly compare?: "time" | "bytes" | "all" | undefined;
  /**
   * Whether objects are written on the condition that the target has not changed since it was listed, so that
   * concurrent writes to it are not lost. Set false for a store that refuses conditional writes. Default true.
   */
  readonly conditions?: boolean | undefined;
  /** True writes nothing, and reports what would be written. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Called after each object. What it throws is ignored. */
  readonly onObject?: ((done: CopiedObject) => void) | undefined;
}

/** The outcome for one object of the source. */
export interface CopiedObject {
  /** The key, the same in both stores. */
  readonly key: string;
  /** Length in bytes, as the source listed it. */
  readonly size: number;
  /**
   * `copied`; `same`: the target has an equal object, see `compare`; `kept`: it has another one, which `replace`
   * protects; `gone`: the source was deleted since it was listed; `failed`: see `error`.
   */
  readonly result: "copied" | "same" | "kept" | "gone" | "failed";
  /** What differed at the target, for one that was kept or replaced; absent if it had no object. */
  readonly differs?: readonly CopyDifference[];
  /** Why it failed; absent otherwise. */
  readonly error?: StorageError;
}

/** Number of objects by outcome. */
export interface CopyAllResult {
  /** Objects that were written, or with `dryRun` would be. */
  readonly copied: number;
  /** Bytes of those objects. */
  readonly bytes: number;
  /** Objects that the target had already. */
  readonly same: number;
  /** Objects of which the target keeps another one. */
  readonly kept: number;
  /** Objects that were deleted at the source since they were listed. */
  readonly gone: number;
}

const TYPES: Readonly<Record<keyof CopyAllOptions, OptionType>> = {
  prefix: 1,
  concurrency: 1,
  replace: 1,
  compare: 1,
  conditions: "boolean",
  dryRun: "boolean",
  onObject: "function",
  signal: 1,
};

/** Codes that concern the whole store and not one object: they stop the run. */
const OF_STORE = ["unauthenticated", "bucket-not-found"] as const;
/** Added to the error of a full target, which stops the run too. */
const FULL = "the target is full, so the rest was not tried: make room, and run it again to go on";
/** The most failures that the error lists. */
const MOST_ERRORS = 1000;
/** How often an object that changes meanwhile is tried. */
const MOST_LOOKS = 3;
/** A HEAD may cut the milliseconds of a time: by this much an object is not older. */
const SECOND = 999;

/**
 * Copies the objects that `to` does not have, or has in an older version. Deletes nothing.
 *
 * Rejects `partial` at the end if some objects could not be copied, with the first thousand failures. Rejects at once
 * if a store refuses the access keys or has no such bucket, and `unavailable` if the target is full. Rejects
 * `unavailable` if objects were gone and the source lists none any more, as when its volume is unmounted. On abort
 * rejects with the signal's own reason, once the objects under way have ended.
 */
export async function copyAll(
  from: ObjectStore,
  to: ObjectStore,
  options: CopyAllOptions = {},
): Promise<CopyAllResult> {
  try {
    return await run(from, to, options);
  } catch (error) {
    if (options?.signal?.aborted) throw options.signal.reason;
    throw locate(error, { operation: "copyAll" });
  }
}

async function run(from: ObjectStore, to: ObjectStore, given: CopyAllOptions): Promise<CopyAllResult> {
  const options = checked(given);
  const { concurrency, prefix, signal, onObject } = options;
  let all = 0;
  const counts = { copied: 0, bytes: 0, same: 0, kept: 0, gone: 0, failed: 0 };
  const errors: KeyFailure[] = [];
  const broken: unknown[] = [];

  async function report(pair: Pair): Promise<void> {
    const { key, size } = pair.source;
    const done: CopiedObject = await copyOne(from, to, pair, options).then(
      (outcome) => ({ key, size, ...outcome }),
      (thrown: unknown) => {
        if (signal?.aborted || OF_STORE.some((code) => hasCode(thrown, code))) throw thrown;
        if (isFull(thrown, true))
          throw Object.assign(thrown as StorageError, { message: `${messageOf(thrown)}; ${FULL}` });
        return { key, size, result: "failed" as const, error: locate(thrown, { operation: "copyAll", key }) };
      },
    );
    all++;
    counts[done.result]++;
    if (done.result === "copied") counts.bytes += size;
    if (done.error && errors.length < MOST_ERRORS) errors.push({ key, error: done.error });
    if (onObject) notify(onObject, done);
  }

  const pairs = pairsOf(from.list({ prefix, signal }), to.list({ prefix, signal }));
  async function lane(): Promise<void> {
    try {
      for (let step = await pairs.next(); !step.done && broken.length === 0; step = await pairs.next())
        await report(step.value);
    } catch (error) {
      broken.push(error);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, lane));
  await pairs.return();
  if (broken.length > 0) throw broken[0];
  const { failed, ...result } = counts;
  if (failed > 0) throw partial(`${failed} of ${all} objects were not copied`, errors);
  if (result.gone > 0 && !(await listsAny(from, { prefix, signal })))
    throw new StorageError(
      "unavailable",
      `${result.gone} of ${all} objects were gone before they were read, and the source lists nothing any more: look whether its volume is mounted, and copy anew`,
    );
  return result;
}

/** Whether a store lists any object: an unmounted volume looks as if all were deleted. */
async function listsAny(
  store: ObjectStore,
  options: CallOptions & { readonly prefix: string | undefined },
): Promise<boolean> {
  for await (const _ of store.list({ ...options, limit: 1 })) return true;
  return false;
}

/** The checked options with defaults. */
type Checked = CopyAllOptions &
  Required<Pick<CopyAllOptions, "concurrency" | "replace" | "compare" | "conditions" | "dryRun">>;

function checked(options: CopyAllOptions): Checked {
  knownOptions(options, TYPES);
  const { concurrency = 4, replace = "older", compare = "time", conditions = true, dryRun = false } = options;
  if (!["older", "never", "always"].includes(replace)) throw refuse("replace", "must be older, never or always");
  if (!["time", "bytes", "all"].includes(compare)) throw refuse("compare", "must be time, bytes or all");
  const lanes = wholeNumber("concurrency", concurrency, 1, 64);
  return { ...options, concurrency: lanes, replace, compare, conditions, dryRun };
}

/** The outcome for an object so far; without a result it must be written. */
type Outcome = Pick<CopiedObject, "differs"> & { readonly result?: Exclude<CopiedObject["result"], "failed"> };

/** Copies one object if necessary. Tries again if it is written meanwhile, at source or target. */
async function copyOne(
  from: ObjectStore,
  to: ObjectStore,
  { source, found }: Pair,
  options: Checked,
): Promise<Outcome & Required<Pick<Outcome, "result">>> {
  const { key } = source;
  const { replace, compare, conditions, dryRun, signal } = options;
  const look = async (): Promise<ListedObject | undefined> => (await to.head(key, { signal })) ?? undefined;
  // A listing in another order may seem to lack an object. Unless a condition would detect that, ask.
  const believed = found || (replace === "always" && compare === "time") || (conditions && !dryRun);
  let there = believed ? found : await look();
  let outcome = await judge([from, to], source, there, options);
  for (let looks = 1; ; looks++) {
    if (outcome.result || dryRun) return { ...outcome, result: outcome.result ?? "copied" };
    const condition = conditions && (there ? { ifMatch: there.etag } : ({ ifNoneMatch: "*" } as const));
    try {
      const object = await from.download(key, { signal }).catch(nullIfAbsent);
      if (!object) return { result: "gone" };
      there = await carry(object, to, key, { signal, ...condition }).catch((error: unknown) => {
        throw conditions ? advised(error) : error;
      });
      const now = await from.head(key, { signal });
      // The source must be the same afterwards, or the next run would take this newer copy for up to date.
      if (!now || isTwin(object, now)) return { ...outcome, result: "copied" };
      source = now;
      if (looks === MOST_LOOKS)
        throw new StorageError(
          "conflict",
          "the source changed while it was copied, again and again: copy it when it rests",
          {
            retryable: true,
          },
        );
    } catch (error) {
      if (!hasCode(error, "precondition-failed") || looks === MOST_LOOKS) throw error;
      there = await look();
      outcome = await judge([from, to], source, there, options, SECOND);
    }
  }
}

/**
 * Compares with the target's object. An unknown time counts as older, a difference of up to `cut` milliseconds as none.
 */
async function judge(
  stores: readonly [ObjectStore, ObjectStore],
  source: ListedObject,
  there: ListedObject | undefined,
  { replace, compare, signal }: Checked,
  cut = 0,
): Promise<Outcome> {
  if (!there) return {};
  const [of, at] = [source.lastModified, there.lastModified];
  const older = !of || !at || at.getTime() + cut < of.getTime();
  let differs: readonly CopyDifference[] | null = older && compare === "time" ? ["time"] : [];
  if (there.size !== source.size) differs = ["size", ...differs];
  else if (compare !== "time")
    try {
      differs = await differencesOf(source.key, stores, compare, signal);
    } catch (error) {
      if (hasCode(error, "not-found")) return { result: "gone" };
      throw error;
    }
  if (!differs) return {};
  const always = replace === "always";
  if (differs.length === 0 && !(always && compare === "time")) return { result: "same" };
  return always || (older && replace === "older") ? { differs } : { result: "kept", differs };
}

/** Adds advice to the error of a store that refuses conditions: the answer of B2, for example, only names a header. */
function advised(error: unknown): unknown {
  if (!hasCode(error, "unsupported") || !error.response) return error;
  const { message, operation, key, driver, response } = error;
  const advice = `${message}; where conditional writes are refused copy without conditions`;
  return new StorageError("unsupported", advice, { operation, key, driver, response, cause: error });
}
