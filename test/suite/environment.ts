import { inspect } from "node:util";
import { jobsOf, type SuiteConfig } from "./config.ts";
import { withFolder } from "./files.ts";
import type { Job } from "./jobs.ts";

/** The variable that carries the {@link SuiteConfig} as JSON. */
const variable = "UNBUCKET_SUITE";

/** The jobs that the environment names, in a runtime that has files. */
export function jobsFromEnvironment(): Job[] {
  const config = process.env[variable];
  if (!config) throw new Error(`${variable} is not set`);
  return jobsOf(JSON.parse(config) as SuiteConfig, withFolder, (value) =>
    inspect(value, { depth: 9, showHidden: true }),
  );
}
