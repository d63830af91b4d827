/** Where the STORAGE_* values come from: options, `process.env`, the bindings that a host publishes on Workers. */
import { messageOf, StorageError } from "../../src/error.ts";
import type { OnEvent } from "../../src/event.ts";

/** Every variable, and the option that is its twin. */
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

/** Options of the driver: the camelCase twins of the variables. What is set here wins over the environment. */
export interface EnvOptions {
  /** `STORAGE_BACKEND`. Default `local`. */
  readonly backend?: "local" | "s3" | "memory" | undefined;
  /** `STORAGE_LOCAL_PATH`: the folder of `local`, relative to the working directory of the process. Default `./uploads`. */
  readonly localPath?: string | undefined;
  /** `STORAGE_LOCAL_GATEWAY_URL`: the bucket of the gateway before the folder, which presigned URLs are signed for. Default: none are. */
  readonly localGatewayUrl?: string | undefined;
  /** `STORAGE_LOCAL_ACCESS_KEY`: of that gateway; goes with its URL and the secret key. */
  readonly localAccessKey?: string | undefined;
  /** `STORAGE_LOCAL_SECRET_KEY`. A host that writes options into its build writes this there too: prefer the variable. */
  readonly localSecretKey?: string | undefined;
  /** `STORAGE_S3_BUCKET`: required by `s3`. */
  readonly s3Bucket?: string | undefined;
  /** `STORAGE_S3_REGION`. Default: what the S3 driver takes without one. */
  readonly s3Region?: string | undefined;
  /** `STORAGE_S3_ENDPOINT_URL`: MinIO, R2 and others. Default: AWS. */
  readonly s3EndpointUrl?: string | undefined;
  /** `STORAGE_S3_ACCESS_KEY`: goes with the secret key. Default for both: the `AWS_*` variables. */
  readonly s3AccessKey?: string | undefined;
  /** `STORAGE_S3_SECRET_KEY`. A host that writes options into its build writes this there too: prefer the variable. */
  readonly s3SecretKey?: string | undefined;
  /** `STORAGE_S3_SESSION_TOKEN`: of temporary keys. */
  readonly s3SessionToken?: string | undefined;
  /** `STORAGE_S3_FORCE_PATH_STYLE`: `true` or `false`. Default: path style for a custom endpoint. */
  readonly s3ForcePathStyle?: boolean | string | undefined;
  /** `STORAGE_S3_PUBLIC_ENDPOINT_URL`: the endpoint as clients see it, which presigned URLs are signed for. */
  readonly s3PublicEndpointUrl?: string | undefined;
  /** `STORAGE_S3_CONDITIONAL_WRITES`: `false` for a store that passes over the conditions of writes, such as Garage. Default `true`. */
  readonly s3ConditionalWrites?: boolean | string | undefined;
  /** `STORAGE_PUBLIC_URL`: base of the `url` of an object: a CDN, or the app's own route. */
  readonly publicUrl?: string | undefined;
  /** Called for every call and the end of every download, with S3 for every request too. It has no variable. */
  readonly onEvent?: OnEvent | undefined;
}

/** `process.env`, or a Worker's `env`, whose bindings that are not text are passed over. */
export type Environment = object;

/** Published by Nitro's presets for Cloudflare; in development it is a promise. */
interface Host {
  readonly process?: { readonly env?: Environment };
  readonly __env__?: Environment | Promise<Environment>;
}

/** Options first, then `process.env`, then the host's bindings, each variable for itself. */
export async function readHost(options: EnvOptions): Promise<Values> {
  const host = globalThis as Host;
  return merge([fromOptions(options), host.process?.env, await host.__env__]);
}

/** As {@link readHost}, without waiting: bindings that are still being fetched are passed over. */
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

/** On Deno to read a variable needs a permission. */
function read(source: Readonly<Record<string, unknown>> | undefined, variable: Variable): unknown {
  try {
    return source?.[variable];
  } catch (cause) {
    throw new StorageError("denied", `${messageOf(cause)}; all STORAGE_ variables are read`, { cause });
  }
}

/** An empty value counts as unset, since `.env` files and compose files write unset variables so. */
function text(value: unknown): string | undefined {
  // Variables of a Worker may be JSON: `true`, not `"true"`.
  if (typeof value === "boolean") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
