/** Whose keys sign: fixed ones, the environment's, or those of a function that can be asked again. */
import { heeding } from "../../src/abort.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { refuse } from "../../src/options.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { Environment } from "./environment.ts";
import type { Credentials, S3Options } from "./options.ts";

/**
 * Gives the keys to sign the next request with; fixed ones are there at once. Given keys that the store calls expired, it asks
 * for others where it can. An abort does not wait for a function.
 */
export type IdentitySource = (signal?: AbortSignal, expired?: Identity) => Promise<Identity> | Identity;

/** How long before they expire credentials are asked for again, in milliseconds. */
const EARLY = 5 * 60 * 1000;
/** How long a call of the function is shared, in milliseconds: on Workers it never settles when the request that made it has ended. */
const SHARED = 30_000;

/**
 * Picks the source; rejects `invalid-option` for half a pair. Absent keys are refused when a request is signed. `limit`: the
 * milliseconds that a call waits for keys of a function while it has none that hold, 0 for no limit.
 */
export function identityOf(
  options: S3Options,
  env: Environment,
  clock: Clock = systemClock,
  limit = 0,
): IdentitySource {
  if (options.credentials) return refreshed(options.credentials, clock, limit);
  if (options.accessKeyId || options.secretAccessKey) {
    const identity = identityIn(options, "accessKeyId", "secretAccessKey", "sessionToken");
    return () => identity;
  }
  return () => identityIn(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");
}

/** The keys that stand under these names. */
function identityIn<Name extends string>(
  given: { readonly [name in Name]?: string | undefined },
  ...[id, secret, token]: readonly [Name, Name, Name]
): Identity {
  const { [id]: accessKeyId, [secret]: secretAccessKey, [token]: sessionToken } = given;
  if (!accessKeyId || !secretAccessKey)
    throw refuse(accessKeyId ? secret : id, "is missing; give accessKeyId and secretAccessKey, or credentials");
  // They travel in headers. A runtime that refuses such a header would repeat it, secret and all.
  for (const name of [id, token])
    if (!/^[\x21-\x7E]*$/.test(given[name] ?? "")) throw refuse(name, "must be printable ASCII without spaces");
  return { accessKeyId, secretAccessKey, sessionToken };
}

function refreshed(provide: () => Promise<Credentials>, clock: Clock, limit: number): IdentitySource {
  let known: Credentials | undefined;
  let asking: Promise<Credentials> | undefined;
  let since = 0;
  /** Those who wait on a call that may never settle, for what a later one is given. */
  const waiting = new Set<(given: Credentials) => void>();
  const until = (): number => known?.expiration?.getTime() ?? (known ? Infinity : 0);
  const ask = (): Promise<Credentials> => {
    if (asking && clock.now() - since < SHARED) return asking;
    since = clock.now();
    let tell: (given: Credentials) => void = () => {};
    const later = new Promise<Credentials>((resolve) => {
      tell = resolve;
    });
    waiting.add(tell);
    const call = Promise.resolve()
      .then(provide)
      .then(checked)
      .then((given) => {
        known = given;
        for (const waiter of waiting) waiter(given);
        waiting.clear();
        return given;
      })
      .finally(() => {
        // A call that has failed keeps nobody waiting, and must not pile up while the function rejects.
        waiting.delete(tell);
        if (asking === shared) asking = undefined;
      });
    const shared = Promise.race([call, later]);
    return (asking = shared);
  };
  return async (signal, expired) => {
    // Another call may have been given new ones since those were.
    const refused = expired !== undefined && expired === known;
    if (known && !refused && clock.now() < until()) {
      // Keys that still hold serve on, while others are asked for, and also when that fails: the next request asks again.
      if (clock.now() > until() - EARLY) ask().catch(() => {});
      return known;
    }
    return within(ask(), signal, limit);
  };
}

/** Waits for a call of the function, by a timer of its own: a wait that keeps no process alive would end without a word. */
function within(asked: Promise<Credentials>, signal: AbortSignal | undefined, limit: number): Promise<Credentials> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const given = new Promise<Credentials>((resolve, reject) => {
    const late = (): void => reject(new StorageError("timeout", "the credentials function did not answer in time"));
    if (limit > 0) timer = setTimeout(late, limit);
    asked.then(resolve, (cause) =>
      reject(new StorageError("unauthenticated", "the credentials function rejected", { cause })),
    );
  });
  return heeding(given, signal).finally(() => clearTimeout(timer));
}

/** Checked where one rejection reaches all who wait: a mistake found later would reject with nobody to hear it. */
function checked(given: Credentials): Credentials {
  identityIn(given ?? {}, "accessKeyId", "secretAccessKey", "sessionToken");
  const { expiration } = given;
  if (expiration !== undefined && !(expiration instanceof Date && Number.isFinite(expiration.getTime())))
    throw refuse("expiration", "must be a Date");
  return given;
}
