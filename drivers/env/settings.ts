/** Turns STORAGE_* values into the options of one driver, or says which variable is wrong and what to do. */
import { defined, refuse } from "../../src/options.ts";
import type { Values, Variable } from "./read.ts";

/** The chosen driver, with the options of its factory. */
export type Settings =
  | { readonly backend: "local"; readonly options: FolderSettings }
  | { readonly backend: "memory"; readonly options: { readonly publicUrl?: string } }
  | { readonly backend: "s3"; readonly options: S3Settings };

/** Options of the folder driver. */
export interface FolderSettings {
  readonly base: string;
  readonly publicUrl?: string;
  readonly gateway?: { readonly url: string; readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Options of the S3 driver. */
export interface S3Settings {
  readonly bucket: string;
  readonly region?: string;
  readonly endpoint?: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  readonly forcePathStyle?: boolean;
  readonly publicEndpoint?: string;
  readonly conditionalWrites?: boolean;
  readonly publicUrl?: string;
}

/** Chooses the driver and its options; throws `invalid-option`, naming the variable. */
export function toSettings(values: Values): Settings {
  const backend = (values.STORAGE_BACKEND ?? "local").toLowerCase();
  const publicUrl = values.STORAGE_PUBLIC_URL;
  if (publicUrl !== undefined && !publicUrl.startsWith("/"))
    checkUrl("STORAGE_PUBLIC_URL", publicUrl, "https://cdn.example.com or /files");
  const common = publicUrl === undefined ? {} : { publicUrl };
  switch (backend) {
    case "local":
      return { backend, options: { ...toFolder(values), ...common } };
    case "memory":
      return { backend, options: common };
    case "s3":
      return { backend, options: { ...toS3(values), ...common } };
    default:
      throw refuse(
        "STORAGE_BACKEND",
        `is ${JSON.stringify(backend.slice(0, 40))}, which is unknown: set it to local, s3 or memory`,
      );
  }
}

const GATEWAY = ["STORAGE_LOCAL_GATEWAY_URL", "STORAGE_LOCAL_ACCESS_KEY", "STORAGE_LOCAL_SECRET_KEY"] as const;

function toFolder(values: Values): FolderSettings {
  const base = values.STORAGE_LOCAL_PATH ?? "./uploads";
  const [url, accessKeyId, secretAccessKey] = GATEWAY.map((variable) => values[variable]);
  if (url !== undefined && accessKeyId !== undefined && secretAccessKey !== undefined) {
    const example = "http://localhost:3000/s3/uploads";
    checkUrl("STORAGE_LOCAL_GATEWAY_URL", url, example);
    if (!/[^/]/.test(new URL(url).pathname))
      throw refuse("STORAGE_LOCAL_GATEWAY_URL", `has no bucket at its end: write it as ${example}`);
    return { base, gateway: { url, accessKeyId, secretAccessKey } };
  }
  const present = GATEWAY.find((variable) => values[variable] !== undefined);
  const missing = GATEWAY.find((variable) => values[variable] === undefined);
  if (present && missing)
    throw refuse(missing, `is not set but ${present} is: set all of ${GATEWAY.join(", ")}, or none to presign nothing`);
  return { base };
}

function toS3(values: Values): S3Settings {
  const bucket = values.STORAGE_S3_BUCKET;
  if (bucket === undefined) {
    throw refuse("STORAGE_S3_BUCKET", "is not set, and STORAGE_BACKEND=s3 needs it: set it to the name of the bucket");
  }
  checkPair(values);
  const endpoint = values.STORAGE_S3_ENDPOINT_URL;
  if (endpoint !== undefined) checkUrl("STORAGE_S3_ENDPOINT_URL", endpoint, "http://localhost:9000");
  const publicEndpoint = values.STORAGE_S3_PUBLIC_ENDPOINT_URL;
  if (publicEndpoint !== undefined)
    checkUrl("STORAGE_S3_PUBLIC_ENDPOINT_URL", publicEndpoint, "https://s3.example.com");
  return defined({
    bucket,
    region: values.STORAGE_S3_REGION,
    endpoint,
    accessKeyId: values.STORAGE_S3_ACCESS_KEY,
    secretAccessKey: values.STORAGE_S3_SECRET_KEY,
    sessionToken: values.STORAGE_S3_SESSION_TOKEN,
    forcePathStyle: toBoolean("STORAGE_S3_FORCE_PATH_STYLE", values.STORAGE_S3_FORCE_PATH_STYLE),
    publicEndpoint,
    conditionalWrites: toBoolean("STORAGE_S3_CONDITIONAL_WRITES", values.STORAGE_S3_CONDITIONAL_WRITES),
  });
}

function checkPair(values: Values): void {
  const access = values.STORAGE_S3_ACCESS_KEY;
  const secret = values.STORAGE_S3_SECRET_KEY;
  const rest = "set both keys, or neither to use the AWS_* variables";
  if (access !== undefined && secret === undefined)
    throw refuse("STORAGE_S3_SECRET_KEY", `is not set but STORAGE_S3_ACCESS_KEY is: ${rest}`);
  if (access === undefined && secret !== undefined)
    throw refuse("STORAGE_S3_ACCESS_KEY", `is not set but STORAGE_S3_SECRET_KEY is: ${rest}`);
  if (access === undefined && values.STORAGE_S3_SESSION_TOKEN !== undefined) {
    throw refuse(
      "STORAGE_S3_SESSION_TOKEN",
      "is set without the keys that it belongs to: set STORAGE_S3_ACCESS_KEY and STORAGE_S3_SECRET_KEY too",
    );
  }
}

/** Checks a URL. Messages never repeat it, since it may contain a password. */
function checkUrl(variable: Variable, value: string, example: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw refuse(variable, `is not an http(s) URL: write it as ${example}`);
  if (url.username !== "" || url.password !== "") {
    const kind = variable.startsWith("STORAGE_LOCAL") ? "LOCAL" : "S3";
    throw refuse(
      variable,
      `holds a user name or password: keys go into STORAGE_${kind}_ACCESS_KEY and STORAGE_${kind}_SECRET_KEY`,
    );
  }
  if (/[?#]/.test(value))
    throw refuse(variable, `has a query or a fragment: leave out all from ? or # on, as in ${example}`);
}

function toBoolean(variable: Variable, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(true|1)$/i.test(value)) return true;
  if (/^(false|0)$/i.test(value)) return false;
  throw refuse(variable, `is ${JSON.stringify(value.slice(0, 40))}: set it to true or false`);
}
