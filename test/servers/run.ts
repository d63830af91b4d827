import { randomUUID } from "node:crypto";

/** The variable that tells every process of a run the prefix of its buckets. */
const runVariable = "UNBUCKET_RUN";

/** What the buckets of this run begin with, so that a server that outlives the run can be rid of them. */
export function runPrefix(): string {
  return (process.env[runVariable] ??= `unbucket-${randomUUID().slice(0, 8)}-`);
}
