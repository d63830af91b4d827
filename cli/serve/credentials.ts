/** The keys that clients sign with. */
import { randomBytes } from "node:crypto";

/** One pair of keys. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Whether they were generated, and must be printed. */
  readonly made: boolean;
}

/**
 * Each key from its option, else its variable; if there is neither key, generates both. Throws for one key without the
 * other.
 */
export function credentialsOf(
  accessKey: string | undefined,
  secretKey: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Credentials {
  const accessKeyId = accessKey || env["UNBUCKET_ACCESS_KEY"];
  const secretAccessKey = secretKey || env["UNBUCKET_SECRET_KEY"];
  if (accessKeyId && secretAccessKey) return { accessKeyId, secretAccessKey, made: false };
  if (accessKeyId || secretAccessKey) {
    const [variable, option] = accessKeyId
      ? ["UNBUCKET_SECRET_KEY", "--secret-key"]
      : ["UNBUCKET_ACCESS_KEY", "--access-key"];
    throw new Error(
      `${variable} is not set, nor ${option}, and the other key is: set both, or neither to have them made`,
    );
  }
  // As long as those of AWS, since some clients check the length.
  const made = `UB${randomBytes(9).toString("hex").toUpperCase()}`;
  return { accessKeyId: made, secretAccessKey: randomBytes(20).toString("hex"), made: true };
}
