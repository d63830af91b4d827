/** Whose keys sign: fixed ones, the environment's, or those of a function that can be asked again. */
import { heeding } from "../../src/abort.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { isDate } from "../../src/kind.ts";
import { refuse } from "../../src/options.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { Environment } from "./environment.ts";
import type { Credentials, S3Options } from "./options.ts";

/**
 * Gives the keys to sign the next request with; fixed ones are there at once. Given keys that the store refuses, it asks
 * for others where it can. An abort does not wait for a function.
 */
export interface IdentitySource {
  (signal?: AbortSignal, refused?: Identity): Promise<Identity> | Identity;
  /**
   * Whether keys were the reason of a refusal that does not say why: what `ask` tells, which costs a request and is shared by all callers.
   * Fixed ones have no others.
   */
  readonly areEnded?: (refused: Identity, ask: () => Promise<boolean>) => Promise<boolean>;
}

/** How long before they expire credentials are asked for again, in milliseconds. */
const EARLY = 5 * 60 * 1000;
/** How long a call of the function is shared, in milliseconds: on Workers it never settles when the request that made it has ended. */
const SHARED = 30_000;
/** For how long, in milliseconds, refused keys stay as they are once others were asked for: wrong ones would ask at each request. */
const PAUSE = 5000;

/**
 * Picks the source; rejects `invalid-option` for half a pair. Absent keys are refused when a request is signed. `limit`: the
 * milliseconds that a call waits for keys of a function while it has none that hold, 0 for no limit.
 */
export function identityOf(
  options: S3Options,
  env: Environment,
  clock: Pick<Clock, "now"> = systemClock,
  limit = 0,
): IdentitySource {
  if (options.credentials) return refreshed(options.credentials, clock, limit);
  if (options.accessKeyId || options.secretAccessKey || options.sessionToken) {
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

function refreshed(provide: () => Promise<Credentials>, clock: Pick<Clock, "now">, limit: number): IdentitySource {
  let known: Credentials | undefined;
  let asking: Promise<Credentials> | undefined;
  let since = 0;
  /** When the function last answered for refused keys, and when keys turned out to be no reason of a refusal. */
  let renewed = -Infinity;
  let trusted = -Infinity;
  // Either way, since the clock may be put back.
  const within = (time: number, from: number): boolean => Math.abs(clock.now() - from) < time;
  const until = (): number => known?.expiration?.getTime() ?? Infinity;
  /** The keys that hold. Others may have been given since those that were refused. */
  const held = (refused?: Identity): Credentials | undefined =>
    known !== refused && clock.now() < until() ? known : undefined;
  const ask = (): Promise<Credentials> => {
    if (asking && within(SHARED, since)) return asking;
    since = clock.now();
    const call = Promise.resolve()
      .then(provide)
      .then(checked)
      .then((given) => (known = given))
      .finally(() => {
        if (asking === call) asking = undefined;
      });
    return (asking = call);
  };
  const source = async (signal?: AbortSignal, refused?: Identity): Promise<Identity> => {
    const keys = held(refused);
    if (keys) {
      // They serve on while others are asked for, and also when that fails: the next request asks again.
      if (clock.now() > until() - EARLY) ask().catch(() => {});
      return keys;
    }
    if (refused && known && !asking && within(PAUSE, renewed)) return known;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const given = new Promise<Credentials>((resolve, reject) => {
      const late = (): void => {
        // A later call may have been answered, which this one was not.
        const others = held(refused);
        if (others) resolve(others);
        else reject(new StorageError("timeout", "the credentials function did not answer in time"));
      };
      // A timer that keeps the process alive: without one it would end without a word.
      if (limit > 0) timer = setTimeout(late, limit);
      const come = (others: Credentials): void => {
        if (refused) renewed = clock.now();
        resolve(others);
      };
      ask().then(come, (cause: unknown) => {
        if (refused) renewed = clock.now();
        reject(new StorageError("unauthenticated", "the credentials function rejected", { cause }));
      });
    });
    return heeding(given, signal).finally(() => clearTimeout(timer));
  };
  let doubt: Promise<boolean> | undefined;
  const areEnded = async (refused: Identity, tell: () => Promise<boolean>): Promise<boolean> => {
    if (known !== refused) return true;
    if (within(PAUSE, renewed) || within(PAUSE, trusted)) return false;
    doubt ??= tell()
      .then((ended) => {
        if (!ended) trusted = clock.now();
        return ended;
      })
      .finally(() => (doubt = undefined));
    return doubt;
  };
  return Object.assign(source, { areEnded });
}

/** Checked where one rejection reaches all who wait: a mistake found later would reject with nobody to hear it. */
function checked(given: Credentials): Credentials {
  identityIn(given ?? {}, "accessKeyId", "secretAccessKey", "sessionToken");
  const { expiration } = given;
  if (expiration !== undefined && !isDate(expiration)) throw refuse("expiration", "must be a Date");
  return given;
}
