/**
 * Copies the objects of a store into another one, with their headers and metadata: a folder into a bucket before a deployment, a
 * bucket into a folder to keep. What the other store has already is passed over, so that a run which broke off is run again to go on.
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
  /** Only keys that start with this, in both stores. Default: all. */
  readonly prefix?: string | undefined;
  /** Objects under way at a time, 1 to 64. Default 4. */
  readonly concurrency?: number | undefined;
  /**
   * What is written over. `older`, the default: an object that is older than its source. `never`: none. `always`: every one, also
   * one that is the same or newer.
   */
  readonly replace?: "older" | "never" | "always" | undefined;
  /**
   * What two objects of one size are told apart by. `time`, the default: one that is no older than its source is the same. `bytes`: both
   * are read, and equal ones are the same however old; of others `replace` says what becomes. `all`: also by their headers and metadata.
   */
  readonly compare?: "time" | "bytes" | "all" | undefined;
  /**
   * Whether a write holds only while the other store has what its listing said, so that nothing is lost that somebody writes
   * meanwhile. Default true; false for a store that refuses conditions.
   */
  readonly conditions?: boolean | undefined;
  /** Default false; true writes nothing, and tells what would be written. */
  readonly dryRun?: boolean | undefined;
  /** Called for each object when it is done with. What it throws is nobody's. */
  readonly onObject?: ((done: CopiedObject) => void) | undefined;
}

/** What became of one object of the source. */
export interface CopiedObject {
  /** In both stores. */
  readonly key: string;
  /** In bytes, as the source listed it. */
  readonly size: number;
  /**
   * `copied`; `same`: the other store has it, see `compare`; `kept`: it has another one, which `replace` does not
   * let go; `gone`: deleted at the source since it was listed; `failed`: see `error`.
   */
  readonly result: "copied" | "same" | "kept" | "gone" | "failed";
  /** What was found to differ at the target, of one that is kept or was written over; absent where it had none. */
  readonly differs?: readonly CopyDifference[];
  /** Of one that failed. */
  readonly error?: StorageError;
}

/** How many objects of the source came to what. */
export interface CopyAllResult {
  /** Written, or with `dryRun` to be written. */
  readonly copied: number;
  /** Bytes of these. */
  readonly bytes: number;
  /** There before. */
  readonly same: number;
  /** Another one there before, which was left. */
  readonly kept: number;
  /** Deleted at the source meanwhile. */
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

/** What is wrong with a store, and not with one object of it. */
const OF_STORE = ["unauthenticated", "bucket-not-found"] as const;
/** Neither has a target without room any for the next one. */
const FULL = "the target is full, so the rest was not tried: make room, and run it again to go on";
/** Failures that are kept for the error: enough to see what they have in common. */
const MOST_ERRORS = 1000;
/** How often one object is looked at when it changes meanwhile. */
const MOST_LOOKS = 3;
/** Milliseconds that a HEAD may cut from a time, by which what somebody has written meanwhile must not look older. */
const SECOND = 999;

/**
 * Copies what `to` lacks, or has in an older version. It deletes nothing. Rejects `partial` with the failures (the first thousand)
 * when some objects could not be copied and all others were; at once when a store refuses the keys or has no such bucket, and as
 * `unavailable` when the target is full; `unavailable` too when objects were gone and the source lists none any more; with the signal's
 * own reason on abort, when what was under way has ended.
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

/** Whether a store lists an object: an unmounted volume looks like one of which all was deleted. */
async function listsAny(
  store: ObjectStore,
  options: CallOptions & { readonly prefix: string | undefined },
): Promise<boolean> {
  for await (const _ of store.list({ ...options, limit: 1 })) return true;
  return false;
}

/** Options, checked and with their defaults. */
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

/** What became of an object, or is to; without a result it is to be written. */
type Outcome = Pick<CopiedObject, "differs"> & { readonly result?: Exclude<CopiedObject["result"], "failed"> };

/** One object. What was written meanwhile, at either end, is looked at again. */
async function copyOne(
  from: ObjectStore,
  to: ObjectStore,
  { source, found }: Pair,
  options: Checked,
): Promise<Outcome & Required<Pick<Outcome, "result">>> {
  const { key } = source;
  const { replace, compare, conditions, dryRun, signal } = options;
  const look = async (): Promise<ListedObject | undefined> => (await to.head(key, { signal })) ?? undefined;
  // What a listing out of order seems to lack is looked for.
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
      // Else the next run would see a copy that is younger than what it lacks.
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

/** What an object of the other store is taken for. A time that nobody knows counts as older, and `cut` milliseconds as none. */
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

/** With what to do where a store refuses conditions: such as B2's answer names a header alone. */
function advised(error: unknown): unknown {
  if (!hasCode(error, "unsupported") || !error.response) return error;
  const { message, operation, key, driver, response } = error;
  const advice = `${message}; where conditional writes are refused copy without conditions`;
  return new StorageError("unsupported", advice, { operation, key, driver, response, cause: error });
}
