/** The compare-and-swap loop: read, decide, write on the condition that nobody wrote meanwhile, else once more. */
import { whenAborted } from "./abort.ts";
import type { Backend, Key, ObjectHeaders, StoredObject } from "./backend.ts";
import { toBody } from "./body.ts";
import type { Caller } from "./call.ts";
import { type Clock, systemClock } from "./clock.ts";
import { toDownload, toInfo } from "./download.ts";
import { hasCode, StorageError } from "./error.ts";
import type { DownloadedObject, ObjectInfo, UpdateFunction, UpdateOptions, UploadBody } from "./interface.ts";
import { parseKey } from "./key.ts";
import { isBlob } from "./kind.ts";
import { defined, refuse, wholeNumber, withoutMark } from "./options.ts";
import { abandon } from "./reader.ts";
import { type Failure, retry, RetryBudget } from "./retry.ts";
import { releasing, uploadBody } from "./upload.ts";

/** Milliseconds. Long enough that twenty writers at once get through, short enough that two hardly notice each other. */
const WAITS = { baseDelay: 50, maxDelay: 5000 };

/** Runs rounds until a write has met the version that it was made from. What `fn` throws comes out as it is. */
export async function update(
  call: Caller,
  key: string,
  fn: UpdateFunction,
  options: UpdateOptions,
  clock: Clock = systemClock,
): Promise<ObjectInfo> {
  let thrown: { readonly error: unknown } | undefined;
  const guarded: UpdateFunction = async (current) => {
    try {
      return await fn(current);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  try {
    return await call("update", key, options, (backend) => {
      if (typeof fn !== "function") throw refuse("fn", "must be a function that makes the new body");
      return rounds(backend, parseKey(key), guarded, options, clock);
    });
  } catch (error) {
    // Not a failure of the store, so it is not wrapped; an abort has its own reason.
    throw thrown && !options?.signal?.aborted ? thrown.error : error;
  }
}

async function rounds(
  backend: Backend,
  key: Key,
  fn: UpdateFunction,
  options: UpdateOptions,
  clock: Clock,
): Promise<ObjectInfo> {
  const { attempts = 10, signal } = options;
  wholeNumber("attempts", attempts, 1, 100);
  let refused: unknown;
  const write = async (
    stored: StoredObject | null,
    current: DownloadedObject | null,
    body: UploadBody,
  ): Promise<ObjectInfo> => {
    // What fn took may be long, and not every driver looks at the signal before it writes bytes.
    signal?.throwIfAborted();
    if (stored?.info.missingMetadata && !options.metadata)
      throw new StorageError("unsupported", "the write would drop metadata that no header can say; give metadata");
    const made = toBody(body, options.size);
    // A stream made of the current body may begin to read it only when it is read itself.
    if ("bytes" in made.source || isBlob(body)) await drop(stored);
    try {
      return await uploadBody(backend, key, made, {
        // The very body that was read is still encoded as it was, unless the transport has unpacked it.
        ...inherited(stored, made.type, body !== null && body === current?.body && !stored?.unpacked),
        ...defined(options),
        ...(stored ? { ifMatch: stored.info.etag } : { ifNoneMatch: "*" }),
      });
    } catch (error) {
      refused = error;
      throw error;
    }
  };
  const round = async (): Promise<ObjectInfo> => {
    const control = new AbortController();
    const release = whenAborted(signal, (reason) => control.abort(reason));
    let stored: StoredObject | null = null;
    try {
      stored = await backend.get(key, { signal: control.signal });
      const current = stored && toDownload(backend, stored);
      const body = await fn(current);
      return body === undefined ? unchanged(backend, stored) : await releasing(body, write(stored, current, body));
    } finally {
      release();
      await drop(stored);
      // A reader that fn has taken and left holds the body, which no cancelling reaches then.
      if (stored?.body.locked) control.abort(over(key));
    }
  };
  const judge = (error: unknown): Failure => {
    // Only what the write was refused with: fn may meet the same codes at other objects. A conflict for good is no race.
    const overtaken =
      error === refused && (hasCode(error, "precondition-failed") || (hasCode(error, "conflict") && error.retryable));
    return { error: overtaken ? giveUp(attempts, error) : error, retryable: overtaken, kind: "throttled" };
  };
  // A budget of its own, since other writers are no outage: it lasts for as many as 100 attempts of this kind.
  return retry({ attempts, ...WAITS }, new RetryBudget(), signal, round, judge, clock);
}

/**
 * What stays when the options do not say otherwise: all that describes the object. Its encoding describes the bytes, which are
 * new unless they are the same, and so does a type that they bring along.
 */
function inherited(stored: StoredObject | null, type: string | undefined, isSame: boolean): ObjectHeaders {
  const { contentEncoding, contentType, ...kept } = withoutMark(stored?.info ?? {});
  return defined({ ...kept, contentType: type ?? contentType, contentEncoding: isSame ? contentEncoding : undefined });
}

function unchanged(backend: Backend, stored: StoredObject | null): ObjectInfo {
  if (stored) return toInfo(backend, stored.info);
  throw new StorageError("not-found", "there is no object, and no body to create it");
}

async function drop(stored: StoredObject | null): Promise<void> {
  if (stored) await abandon(stored.body, undefined);
}

function over(key: Key): StorageError {
  const place = { operation: "update", key };
  return new StorageError("invalid-option", "the object that fn was given can be read until its attempt ends", place);
}

function giveUp(attempts: number, cause: unknown): StorageError {
  const message = `others changed the object in each of ${attempts} attempts; try later, or raise attempts`;
  return new StorageError("conflict", message, { retryable: true, cause });
}
