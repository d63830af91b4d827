/** Whose keys sign: fixed ones, the environment's, or those of a function that can be asked again. */
import { type Clock, systemClock } from "../../src/clock.ts";
import { StorageError } from "../../src/error.ts";
import { refuse } from "../../src/options.ts";
import type { Identity } from "../../src/sigv4/sign.ts";
import type { Environment } from "./environment.ts";
import type { Credentials, S3Options } from "./options.ts";

/** Gives the keys to sign the next request with. Given keys that the store calls expired, it asks for others where it can. */
export type IdentitySource = (expired?: Identity) => Promise<Identity> | Identity;

/** How long before they expire credentials are asked for again, in milliseconds. */
const EARLY = 5 * 60 * 1000;
/** How long a call of the function is shared, in milliseconds: on Workers it never settles when the request that made it has ended. */
const SHARED = 30_000;

/** Picks the source; rejects `invalid-option` for half a pair. Absent keys are refused when a request is signed. */
export function identityOf(options: S3Options, env: Environment, clock: Clock = systemClock): IdentitySource {
  if (options.credentials) return refreshed(options.credentials, clock);
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  if (accessKeyId || secretAccessKey) {
    if (!accessKeyId) throw refuse("accessKeyId", "is missing beside secretAccessKey");
    if (!secretAccessKey) throw refuse("secretAccessKey", "is missing beside accessKeyId");
    headerSafe({ accessKeyId, sessionToken });
    return () => ({ accessKeyId, secretAccessKey, sessionToken });
  }
  const found = { accessKeyId: env["AWS_ACCESS_KEY_ID"], secretAccessKey: env["AWS_SECRET_ACCESS_KEY"] };
  return () => {
    const { accessKeyId: id, secretAccessKey: secret } = found;
    if (id && secret) {
      headerSafe({ AWS_ACCESS_KEY_ID: id, AWS_SESSION_TOKEN: env["AWS_SESSION_TOKEN"] });
      return { accessKeyId: id, secretAccessKey: secret, sessionToken: env["AWS_SESSION_TOKEN"] };
    }
    throw refuse(
      "accessKeyId and secretAccessKey",
      "are missing, and so are AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    );
  };
}

function refreshed(provide: () => Promise<Credentials>, clock: Clock): IdentitySource {
  let known: Credentials | undefined;
  let asking: Promise<Credentials> | undefined;
  let since = 0;
  const until = (): number => known?.expiration?.getTime() ?? (known ? Infinity : 0);
  const ask = (): Promise<Credentials> => {
    if (asking && clock.now() - since < SHARED) return asking;
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
  return async (expired) => {
    // Another call may have been given new ones since those were.
    const refused = expired !== undefined && expired === known;
    if (known && !refused && clock.now() <= until() - EARLY) return known;
    try {
      return await ask();
    } catch (error) {
      // Keys that still hold serve on: the next request asks again.
      if (known && !refused && clock.now() < until()) return known;
      throw notGiven(error);
    }
  };
}

/** Checked where one rejection reaches all who wait: a mistake found later would reject with nobody to hear it. */
function checked(given: Credentials): Credentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = given ?? {};
  if (!accessKeyId || !secretAccessKey) throw refuse("credentials", "must give accessKeyId and secretAccessKey");
  headerSafe({ accessKeyId, sessionToken });
  if (expiration !== undefined && Number.isNaN(Number(expiration instanceof Date ? expiration : Number.NaN))) {
    throw refuse("credentials", "must give expiration as a Date");
  }
  return given;
}

/** They travel in headers. A runtime that refuses such a header would repeat it, secret and all. */
function headerSafe(values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && !/^[\x21-\x7E]*$/.test(value))
      throw refuse(name, "must be printable ASCII without spaces or line breaks");
  }
}

function notGiven(cause: unknown): StorageError {
  return new StorageError("unauthenticated", "the credentials function rejected", { cause });
}
