/** What a runtime is to run: the contract on a store, or the fault cases in a lab. */
import { type FaultConfig, faultJobs } from "../faults/jobs.ts";
import type { Inspect } from "../faults/secrets.ts";
import { type Factory, type Job, jobsFor, type StoreConfig } from "./jobs.ts";

/** Plain data, so that it can be handed to any runtime. */
export type SuiteConfig = StoreConfig | FaultConfig;

/** The jobs of a configuration. */
export function jobsOf(
  config: SuiteConfig,
  factories: Readonly<Record<string, Factory>>,
  inspect: Inspect = String,
): Job[] {
  return "lab" in config ? faultJobs(config, inspect) : jobsFor(config, factories);
}
