import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { S3Server } from "./server.ts";

type Outcome = { readonly servers: readonly S3Server[] } | { readonly error: string };

/** Writes what became of the servers into a file, for the processes of the tests. It appears by rename, so whole. */
export async function handOver(path: string, launched: Promise<readonly S3Server[]>): Promise<void> {
  const outcome: Outcome = await launched.then(
    (servers) => ({ servers }),
    (reason: unknown) => ({ error: reason instanceof Error ? reason.message : String(reason) }),
  );
  writeFileSync(`${path}.new`, JSON.stringify(outcome));
  renameSync(`${path}.new`, path);
}

/** Waits for the file of {@link handOver}; rejects with what kept the servers from running. */
export async function handedOver(path: string): Promise<readonly S3Server[]> {
  while (!existsSync(path)) await delay(100);
  const outcome = JSON.parse(readFileSync(path, "utf8")) as Outcome;
  if ("error" in outcome) throw new Error(outcome.error);
  return outcome.servers;
}
