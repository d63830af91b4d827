/** The process's environment, where there is one. */

/** Variables by name; an absent one is undefined. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** `process.env`, or nothing on runtimes without it. */
export function environment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {};
}
