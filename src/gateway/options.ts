/** The options of a gateway, and what they mean once checked. */
import { isDate } from "../kind.ts";
import { driverOptions, httpUrl, refuse } from "../options.ts";
import type { Identity } from "../sigv4/sign.ts";
import type { Keys } from "./authenticate.ts";
import type { Endpoint } from "./received.ts";
import { failed } from "./refusal.ts";

/** Options of `gateway`. */
export interface GatewayOptions {
  /** The name of the bucket, as clients say it: 3 to 63 characters of `a-z`, `0-9`, `.` and `-`. */
  readonly bucket: string;
  /**
   * Who may send requests: one pair of keys, several, or a function that finds the secret of an access key, undefined where there
   * is none. It is asked for whatever a stranger may write, `__proto__` too.
   */
  readonly credentials:
    | Identity
    | readonly Identity[]
    | ((accessKeyId: string) => string | undefined | Promise<string | undefined>);
  /** What requests are signed for. Default `us-east-1`. */
  readonly region?: string | undefined;
  /**
   * The address of the endpoint as clients have it, without the bucket: where a proxy before the app changes host or path, where the
   * app has it below a path (`https://example.com/s3`), and for buckets in the host (`https://<bucket>.example.com`). Default:
   * the host of each request, at its root.
   */
  readonly endpoint?: string | undefined;
  /** What keys begin with that anybody may read, each ending in `/`; one of `""` is everything. Default: none. */
  readonly publicPrefixes?: readonly string[] | undefined;
  /** Told of every failure that is not the client's, which is told nothing of it. */
  readonly onError?: ((error: unknown, request: Request) => void) | undefined;
}

/** Checked options. */
export interface Settings {
  readonly bucket: string;
  readonly keys: Keys;
  readonly endpoint: Endpoint | undefined;
  readonly publicPrefixes: readonly string[];
}

/** Checks options; throws `invalid-option`. */
export function parseOptions(options: GatewayOptions): Settings {
  driverOptions(options, {
    ...{ bucket: "string", region: "string", endpoint: "string", onError: "function" },
    ...{ credentials: 1, publicPrefixes: 1 },
  });
  const { bucket, region = "us-east-1", endpoint, publicPrefixes = [] } = options;
  if (!/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(bucket ?? ""))
    throw refuse("bucket", "must be 3 to 63 lower-case letters, digits, dots and hyphens");
  if (!/^[a-z\d-]{1,63}$/.test(region)) throw refuse("region", "must be a name such as us-east-1");
  if (!Array.isArray(publicPrefixes) || publicPrefixes.some((prefix) => !/^$|\/$/.test(prefix as string)))
    throw refuse("publicPrefixes", "must be an array of prefixes that end in a slash");
  const keys = { region, find: finder(options.credentials), now: () => Date.now() };
  return { bucket, keys, endpoint: endpoint === undefined ? undefined : parseEndpoint(endpoint), publicPrefixes };
}

function parseEndpoint(endpoint: string): Endpoint {
  const { protocol: scheme, host, pathname } = httpUrl("endpoint", endpoint);
  try {
    return { scheme, host, path: decodeURIComponent(pathname).replace(/\/+$/, "") };
  } catch {
    throw refuse("endpoint", "must be percent-encoded UTF-8");
  }
}

function finder(credentials: GatewayOptions["credentials"]): Keys["find"] {
  if (typeof credentials === "function") {
    return async (accessKeyId) => {
      try {
        const secretAccessKey: unknown = (await credentials(accessKeyId)) ?? "";
        if (secretAccessKey === "") return undefined;
        // A table gives its prototype for `__proto__`, whose text everybody knows.
        if (typeof secretAccessKey !== "string") throw refuse("credentials", "must find a string or undefined");
        return { accessKeyId, secretAccessKey };
      } catch (error) {
        throw failed(error);
      }
    };
  }
  const known = new Map<string, Identity>();
  for (const identity of Array.isArray(credentials)
    ? (credentials as readonly Identity[])
    : [credentials as Identity]) {
    if (!isIdentity(identity ?? {}))
      throw refuse("credentials", "must be { accessKeyId, secretAccessKey }, an array of these, or a function");
    const { accessKeyId, expiration } = identity;
    if (expiration !== undefined && !(isDate(expiration) && expiration.getTime() > 0))
      throw refuse("credentials.expiration", "must be a date");
    if (known.has(accessKeyId)) throw refuse("credentials", "must not have an access key twice");
    known.set(accessKeyId, identity);
  }
  return (accessKeyId) => known.get(accessKeyId);
}

function isIdentity({ accessKeyId, secretAccessKey, sessionToken = "" }: Partial<Identity>): boolean {
  return isText(accessKeyId) && isText(secretAccessKey) && typeof sessionToken === "string";
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
