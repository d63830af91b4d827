import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { deleteBuckets } from "./clean.ts";
import { handOver } from "./handover.ts";
import { launchServers } from "./launch.ts";
import { runPrefix } from "./run.ts";

/**
 * Vitest's global setup of the tests that need servers: starts these, tells the tests, and ends them. A server may have
 * to be built for minutes, in which other tests run: those that need it wait, see support/s3.ts.
 */
export default function setup(project: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "unbucket-servers-"));
  const path = join(folder, "servers.json");
  const launching = launchServers((line) => process.stderr.write(`${line}\n`));
  const told = handOver(
    path,
    launching.then((running) => running.map(({ server }) => server)),
  );
  project.provide("s3Servers", path);
  // Set here, so that the processes of the tests inherit it.
  const prefix = runPrefix();
  return async () => {
    await told;
    for (const { server, stop } of await launching.catch(() => [])) {
      if (stop) stop();
      else await deleteBuckets(server, prefix);
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
