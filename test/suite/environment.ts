import fs from "unbucket/drivers/fs";
import { jobsFor, portable, type Job, type StoreConfig } from "./jobs.ts";

/** The variable that carries the {@link StoreConfig} as JSON. */
const variable = "UNBUCKET_SUITE";

/** The jobs for the store that the environment names, in a runtime that has files. */
export function jobsFromEnvironment(): Job[] {
  const config = process.env[variable];
  if (!config) throw new Error(`${variable} is not set`);
  return jobsFor(JSON.parse(config) as StoreConfig, { ...portable, fs: ({ base }) => fs({ base: String(base) }) });
}
