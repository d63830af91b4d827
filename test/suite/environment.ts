import { inspect } from "node:util";
import fs from "unbucket/drivers/fs";
import { jobsOf, type SuiteConfig } from "./config.ts";
import { portable, type Job } from "./jobs.ts";

/** The variable that carries the {@link SuiteConfig} as JSON. */
const variable = "UNBUCKET_SUITE";

/** The jobs that the environment names, in a runtime that has files. */
export function jobsFromEnvironment(): Job[] {
  const config = process.env[variable];
  if (!config) throw new Error(`${variable} is not set`);
  const factories = { ...portable, fs: ({ base }: Record<string, unknown>) => fs({ base: String(base) }) };
  return jobsOf(JSON.parse(config) as SuiteConfig, factories, (value) =>
    inspect(value, { depth: 9, showHidden: true }),
  );
}
