/** The keys that sign: fixed ones, the environment's, or those of a function that can be asked again. */
import { heeding } from "../../src/abort.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { isDate } from "../../src/kind.ts";
import { refuse } from "../../src/options.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { Environment } from "./environment.ts";
import type { Credentials, S3Options } from "./options.ts";

/** Gives the keys that sign the next request: fixed ones at once, those of a function by a promise that an abort rejects. */
export interface IdentitySource {
  /** `refused`: keys that the store has refused, so that a function is asked for others. */
  (signal?: AbortSignal, refused?: Identity): Promise<Identity> | Identity;
  /**
   * Whether keys were the reason of a refusal that does not say why. `ask` tells by a request, which all callers share. Absent for fixed
   * keys, in whose place no others can come.
   */
  readonly areEnded?: (refused: Identity, ask: () => Promise<boolean>) => Promise<boolean>;
}

/** How long before keys expire others are asked for, in milliseconds. */
const EARLY = 5 * 60 * 1000;
/** How long a call of the function is shared, in milliseconds: on Workers one never settles once the request that made it has ended. */
const SHARED = 30_000;
/** How long the function is not asked again because of refused keys, in milliseconds: keys that are wrong would ask at each request. */
const PAUSE = 5000;

/**
 * The source of keys that the options ask for; rejects `invalid-option` for half a pair. Absent keys are refused when a request is signed.
 * `limit`: milliseconds that a request waits for the keys of a function, 0 for no limit.
 */
export function identityOf(
  options: S3Options,
  env: Environment,
  clock: Pick<Clock, "now"> = systemClock,
  limit = 0,
): IdentitySource {
  if (options.credentials) return sourceOf(options.credentials, clock, limit);
  if (options.accessKeyId || options.secretAccessKey || options.sessionToken) {
    const identity = identityIn(options, "accessKeyId", "secretAccessKey", "sessionToken");
    return () => identity;
  }
  return () => identityIn(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN");
}

/** The keys under these names. */
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

/** A source that asks `provide`, keeps what that gives, and asks again before it expires or when the store has refused it. */
function sourceOf(provide: () => Promise<Credentials>, clock: Pick<Clock, "now">, limit: number): IdentitySource {
  let known: Credentials | undefined;
  let asking: Promise<Credentials> | undefined;
  let askedAt = 0;
  /** When the function last answered because of refused keys. */
  let renewedAt = -Infinity;
  /** When keys last turned out not to be the reason of a refusal. */
  let trustedAt = -Infinity;
  // In both directions, since the clock may be set back.
  const within = (time: number, from: number): boolean => Math.abs(clock.now() - from) < time;
  const expiry = (): number => known?.expiration?.getTime() ?? Infinity;
  /** The known keys, unless they have expired or are the refused ones. */
  const valid = (refused?: Identity): Credentials | undefined =>
    known !== refused && clock.now() < expiry() ? known : undefined;
  const ask = (): Promise<Credentials> => {
    if (asking && within(SHARED, askedAt)) return asking;
    askedAt = clock.now();
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
    const keys = valid(refused);
    if (keys) {
      // They still serve while others are asked for, and when that fails: then the next request asks again.
      if (clock.now() > expiry() - EARLY) ask().catch(() => {});
      return keys;
    }
    if (refused && known && !asking && within(PAUSE, renewedAt)) return known;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const given = new Promise<Credentials>((resolve, reject) => {
      const late = (): void => {
        // Another call may have been answered meanwhile.
        const others = valid(refused);
        if (others) resolve(others);
        else reject(new StorageError("timeout", "the credentials function did not answer in time"));
      };
      // It keeps the process alive, which would else end without an error when the function never settles.
      if (limit > 0) timer = setTimeout(late, limit);
      ask()
        .finally(() => {
          if (refused) renewedAt = clock.now();
        })
        .then(resolve, (cause: unknown) =>
          reject(new StorageError("unauthenticated", "the credentials function rejected", { cause })),
        );
    });
    return heeding(given, signal).finally(() => clearTimeout(timer));
  };
  let answer: Promise<boolean> | undefined;
  const areEnded = async (refused: Identity, askStore: () => Promise<boolean>): Promise<boolean> => {
    if (known !== refused) return true;
    if (within(PAUSE, renewedAt) || within(PAUSE, trustedAt)) return false;
    answer ??= askStore()
      .then((ended) => {
        if (!ended) trustedAt = clock.now();
        return ended;
      })
      .finally(() => (answer = undefined));
    return answer;
  };
  return Object.assign(source, { areEnded });
}

/** What the function gave, or a rejection with what is wrong with it. */
function checked(given: Credentials): Credentials {
  identityIn(given ?? {}, "accessKeyId", "secretAccessKey", "sessionToken");
  const { expiration } = given;
  if (expiration !== undefined && !isDate(expiration)) throw refuse("expiration", "must be a Date");
  return given;
}
