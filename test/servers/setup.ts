import type { TestProject } from "vitest/node";
import { deleteBuckets } from "./clean.ts";
import { launchServers } from "./launch.ts";
import { runPrefix } from "./run.ts";
import { serversVariable } from "./server.ts";

/** Vitest's global setup of the tests that need servers: starts them, tells the tests, and ends them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running = await launchServers((line) => process.stderr.write(`${line}\n`));
  const servers = running.map(({ server }) => server);
  project.provide("s3Servers", servers);
  process.env[serversVariable] = JSON.stringify(servers);
  // Set here, so that the processes of the tests inherit it.
  const prefix = runPrefix();
  return async () => {
    for (const { server, stop } of running) {
      if (stop) stop();
      else await deleteBuckets(server, prefix);
    }
  };
}
