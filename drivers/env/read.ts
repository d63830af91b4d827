/** Reads the STORAGE_* values: from options, `process.env`, and the bindings that a host publishes on Workers. */
import { messageOf, StorageError } from "../../src/error.ts";
import type { OnEvent } from "../../src/event.ts";

/** Every variable, and the option for it. */
export const VARIABLES = {
  STORAGE_BACKEND: "backend",
  STORAGE_LOCAL_PATH: "localPath",
  STORAGE_LOCAL_GATEWAY_URL: "localGatewayUrl",
  STORAGE_LOCAL_ACCESS_KEY: "localAccessKey",
  STORAGE_LOCAL_SECRET_KEY: "localSecretKey",
  STORAGE_S3_BUCKET: "s3Bucket",
  STORAGE_S3_REGION: "s3Region",
  STORAGE_S3_ENDPOINT_URL: "s3EndpointUrl",
  STORAGE_S3_ACCESS_KEY: "s3AccessKey",
  STORAGE_S3_SECRET_KEY: "s3SecretKey",
  STORAGE_S3_SESSION_TOKEN: "s3SessionToken",
  STORAGE_S3_FORCE_PATH_STYLE: "s3ForcePathStyle",
  STORAGE_S3_PUBLIC_ENDPOINT_URL: "s3PublicEndpointUrl",
  STORAGE_S3_CONDITIONAL_WRITES: "s3ConditionalWrites",
  STORAGE_PUBLIC_URL: "publicUrl",
} as const;

/** The name of a variable, such as `STORAGE_BACKEND`. */
export type Variable = keyof typeof VARIABLES;

/** The values that are set, trimmed and never empty. */
export type Values = Readonly<Partial<Record<Variable, string>>>;

/** Options of the driver: one for each variable, which it overrides, and `onEvent`. */
export interface EnvOptions {
  /** `STORAGE_BACKEND`: the driver to use. Default `local`. */
  readonly backend?: "local" | "s3" | "memory" | undefined;
  /**
   * `STORAGE_LOCAL_PATH`: the folder of `local`, relative to the working directory of the process. Default `./uploads`.
   */
  readonly localPath?: string | undefined;
  /**
   * `STORAGE_LOCAL_GATEWAY_URL`: URL of the folder's bucket at a gateway, for presigned URLs. Default: `presign`
   * returns null.
   */
  readonly localGatewayUrl?: string | undefined;
  /** `STORAGE_LOCAL_ACCESS_KEY`: access key of that gateway. Set it together with URL and secret key. */
  readonly localAccessKey?: string | undefined;
  /**
   * `STORAGE_LOCAL_SECRET_KEY`: secret key of that gateway. Prefer the variable: some hosts write options into their
   * build.
   */
  readonly localSecretKey?: string | undefined;
  /** `STORAGE_S3_BUCKET`: name of the bucket. Required by `s3`. */
  readonly s3Bucket?: string | undefined;
  /** `STORAGE_S3_REGION`: region of the bucket. Default: that of the `s3` driver. */
  readonly s3Region?: string | undefined;
  /** `STORAGE_S3_ENDPOINT_URL`: URL of the server, such as MinIO or R2. Default: AWS. */
  readonly s3EndpointUrl?: string | undefined;
  /**
   * `STORAGE_S3_ACCESS_KEY`: access key. Set it together with the secret key. Default for both: the `AWS_*` variables.
   */
  readonly s3AccessKey?: string | undefined;
  /** `STORAGE_S3_SECRET_KEY`: secret key. Prefer the variable: some hosts write options into their build. */
  readonly s3SecretKey?: string | undefined;
  /** `STORAGE_S3_SESSION_TOKEN`: session token of temporary keys. Default: none. */
  readonly s3SessionToken?: string | undefined;
  /**
   * `STORAGE_S3_FORCE_PATH_STYLE`: whether URLs have the bucket in their path. Default: true with a custom endpoint or a
   * bucket name with dots, else false.
   */
  readonly s3ForcePathStyle?: boolean | string | undefined;
  /** `STORAGE_S3_PUBLIC_ENDPOINT_URL`: the endpoint as clients see it, for presigned URLs. Default: the endpoint. */
  readonly s3PublicEndpointUrl?: string | undefined;
  /**
   * `STORAGE_S3_CONDITIONAL_WRITES`: `false` for a store that ignores the conditions of writes, such as Garage. Default
   * `true`.
   */
  readonly s3ConditionalWrites?: boolean | string | undefined;
  /**
   * `STORAGE_PUBLIC_URL`: base of the `url` of objects, such as a CDN or a route of the app. Default: that of the
   * driver.
   */
  readonly publicUrl?: string | undefined;
  /** Called after every call and body, and with S3 every request, see `StorageEvent`. It has no variable. */
  readonly onEvent?: OnEvent | undefined;
}

/** An environment: `process.env`, or the `env` of a Worker, of which only text and boolean values are read. */
export type Environment = object;

/** `__env__` is published by Nitro's presets for Cloudflare; in development it is a promise. */
interface Host {
  readonly process?: { readonly env?: Environment };
  readonly __env__?: Environment | Promise<Environment>;
}

/** Looks each variable up in the options, then in `process.env`, then in the host's bindings. */
export async function readHost(options: EnvOptions): Promise<Values> {
  const host = globalThis as Host;
  return merge([fromOptions(options), host.process?.env, await host.__env__]);
}

/** As {@link readHost} without options, and without waiting: bindings that are a promise are ignored. */
export function readHostNow(): Values {
  const host = globalThis as Host;
  const bindings = host.__env__;
  return merge([host.process?.env, bindings instanceof Promise ? undefined : bindings]);
}

/** The variables of one environment. */
export function readEnvironment(environment: Environment): Values {
  return merge([environment]);
}

function fromOptions(options: EnvOptions): Environment {
  return Object.fromEntries(Object.entries(VARIABLES).map(([variable, option]) => [variable, options[option]]));
}

function merge(sources: readonly (Environment | undefined)[]): Values {
  const values: Partial<Record<Variable, string>> = {};
  for (const variable of Object.keys(VARIABLES) as Variable[]) {
    for (const source of sources as readonly (Readonly<Record<string, unknown>> | undefined)[]) {
      const value = text(read(source, variable));
      if (value === undefined) continue;
      values[variable] = value;
      break;
    }
  }
  return values;
}

/** Reads a variable. On Deno that needs a permission, and throws without it. */
function read(source: Readonly<Record<string, unknown>> | undefined, variable: Variable): unknown {
  try {
    return source?.[variable];
  } catch (cause) {
    throw new StorageError("denied", `${messageOf(cause)}; all STORAGE_ variables are read`, { cause });
  }
}

/** A value as text; an empty one is unset, as `.env` and compose files write it. */
function text(value: unknown): string | undefined {
  // Variables of a Worker may be JSON: `true`, not `"true"`.
  if (typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
