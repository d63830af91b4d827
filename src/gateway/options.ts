/** The options of a gateway, and their checks. */
import { isDate } from "../kind.ts";
import { driverOptions, httpUrl, refuse } from "../options.ts";
import type { Identity } from "../sigv4/sign.ts";
import type { Keys } from "./authenticate.ts";
import type { Endpoint } from "./received.ts";
import { failed } from "./refusal.ts";

/** Options of `gateway`. */
export interface GatewayOptions {
  /** The name of the bucket that clients use: 3 to 63 characters of `a-z`, `0-9`, `.` and `-`. */
  readonly bucket: string;
  /**
   * Who may send requests: one pair of keys, several, or a function that returns the secret of an access key, undefined
   * for an unknown one. The function is called with anything that a stranger sends, such as `__proto__`.
   */
  readonly credentials:
    | Identity
    | readonly Identity[]
    | ((accessKeyId: string) => string | undefined | Promise<string | undefined>);
  /** The region that clients sign for. Default `us-east-1`. */
  readonly region?: string | undefined;
  /**
   * URL of the endpoint as clients see it, without the bucket. Needed if a proxy changes host or path, if the endpoint
   * is below a path (`https://example.com/s3`), or for buckets in the host name (`https://<bucket>.example.com`).
   * Default: the host of each request, without a path.
   */
  readonly endpoint?: string | undefined;
  /**
   * Anybody may read objects whose key starts with one of these. Each ends in `/`; `""` means all objects. Default:
   * none.
   */
  readonly publicPrefixes?: readonly string[] | undefined;
  /** Called for each failure that is not the client's fault, of which the client sees no details. */
  readonly onError?: ((error: unknown, request: Request) => void) | undefined;
}

/** Checked options. */
export interface Settings {
  readonly bucket: string;
  readonly keys: Keys;
  readonly endpoint: Endpoint | undefined;
  readonly publicPrefixes: readonly string[];
}

/** Checks the options; throws `invalid-option`. */
export function parseOptions(options: GatewayOptions): Settings {
  driverOptions(options, {
    bucket: "string",
    region: "string",
    endpoint: "string",
    onError: "function",
    credentials: 1,
    publicPrefixes: 1,
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
        // A plain object as the table returns its prototype for `__proto__`: as text a secret that everybody knows.
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
