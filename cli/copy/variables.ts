/** Reads the variables of one end from a file. */
import { readFile } from "node:fs/promises";
import { parseEnv } from "node:util";
import type { EnvOptions } from "../../drivers/env.ts";

type Option = Extract<keyof EnvOptions, `s3${string}`>;

/** All options of a bucket; the variables have the same names in capitals. */
const OPTIONS: Readonly<Record<Option, 1>> = {
  s3Bucket: 1,
  s3Region: 1,
  s3EndpointUrl: 1,
  s3AccessKey: 1,
  s3SecretKey: 1,
  s3SessionToken: 1,
  s3ForcePathStyle: 1,
  s3PublicEndpointUrl: 1,
  s3ConditionalWrites: 1,
};
const NAMES = Object.keys(OPTIONS).map((option) => `STORAGE_${option.replace(/[A-Z]/g, "_$&").toUpperCase()}`);

/**
 * The variables of a file. They are not merged with the environment, whose keys belong to the other end and must not be
 * sent to this one. Rejects an unknown STORAGE_S3_ variable.
 */
export async function variablesOf(file: string): Promise<Readonly<Record<string, string | undefined>>> {
  // A byte order mark, as editors on Windows write it, would become part of the first name.
  const variables = parseEnv((await readFile(file, "utf8")).replace(/^\uFEFF/, ""));
  // With a mistyped endpoint the keys would be sent to AWS.
  const unknown = Object.keys(variables).find((name) => name.startsWith("STORAGE_S3_") && !NAMES.includes(name));
  if (unknown !== undefined) throw new Error(`${file}: ${unknown} is unknown: there are ${NAMES.join(", ")}`);
  if (!variables["STORAGE_S3_ACCESS_KEY"])
    throw new Error(`${file}: must have STORAGE_S3_ACCESS_KEY; AWS_* variables count in the environment alone`);
  return variables;
}
