/**
 * The compare-and-swap loop of `update`: read, make the new body, write if nobody else has written meanwhile, else
 * repeat.
 */
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

/**
 * Milliseconds: long enough for twenty concurrent writers to succeed, short enough for two hardly to notice each other.
 */
const WAITS = { baseDelay: 50, maxDelay: 5000 };

/** Repeats rounds until one has written. What `fn` throws is rethrown as it is. */
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
    // What `fn` has thrown is no failure of the store, and not wrapped; an abort rejects with the signal's reason.
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
    // `fn` may have taken long, and not every driver checks the signal before it writes.
    signal?.throwIfAborted();
    if (stored?.info.missingMetadata && !options.metadata)
      throw new StorageError("unsupported", "the write would drop metadata that no header can say; give metadata");
    const made = toBody(body, options.size);
    // The current body is dropped now, unless the new one is a stream, which may be made of it.
    if ("bytes" in made.source || isBlob(body)) await drop(stored);
    try {
      return await uploadBody(backend, key, made, {
        // If the new body is the current one, its encoding is unchanged, unless the transport has decompressed it.
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
      // If fn has left a reader on the body, it is locked, and can only be ended through the signal.
      if (stored?.body.locked) control.abort(over(key));
    }
  };
  const judge = (error: unknown): Failure => {
    // Only for an error of this write: fn may get the same codes from other objects. A conflict that is not retryable
    // is no race.
    const overtaken =
      error === refused && (hasCode(error, "precondition-failed") || (hasCode(error, "conflict") && error.retryable));
    return { error: overtaken ? giveUp(attempts, error) : error, retryable: overtaken, kind: "throttled" };
  };
  // A budget of its own, since other writers are no outage. It suffices for 100 attempts of this kind.
  return retry({ attempts, ...WAITS }, new RetryBudget(), signal, round, judge, clock);
}

/**
 * The headers and metadata that the new version inherits. The encoding describes the bytes, so it is inherited only if
 * they are the same; a type that the new body brings along replaces the old one.
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
