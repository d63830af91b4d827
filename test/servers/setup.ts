import type { TestProject } from "vitest/node";
import { launchServers } from "./launch.ts";
import { serversVariable } from "./server.ts";

/** Vitest's global setup of the tests that need servers: starts them, tells the tests, and ends them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const running = await launchServers((line) => process.stderr.write(`${line}\n`));
  const servers = running.map(({ server }) => server);
  project.provide("s3Servers", servers);
  process.env[serversVariable] = JSON.stringify(servers);
  return () => running.forEach(({ stop }) => stop());
}
