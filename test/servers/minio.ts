import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { binaryFolder, install, run, runs } from "./cache.ts";
import { onFreePorts } from "./port.ts";
import { startProcess } from "./process.ts";
import type { RunningServer, S3Server } from "./server.ts";

/** Pinned by pseudo-version: the module proxy knows no release tags. It is the last commit before the archive. */
const module = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";
const root = fileURLToPath(new URL("../..", import.meta.url));
const credentials = { accessKeyId: "minioadmin", secretAccessKey: "minioadmin", region: "us-east-1" } as const;

/** Gets a MinIO in the first way that works here, or null where none can; a way that exists and fails rejects. */
export async function startMinio(): Promise<RunningServer | null> {
  const given = fromEnvironment(process.env);
  if (given) return { server: given, source: "S3_ENDPOINT" };
  if (!existsSync(cachedBinary()) && (await runs("docker", ["compose", "ls"]))) return startCompose();
  const found = await minioBinary();
  if (!found) return null;
  return onFreePorts(2, ([port = 0, console = 0]) => startBinary(found.binary, found.source, port, console));
}

/** The program, from the cache or built with Go, and how it was got; null where there is neither. */
export async function minioBinary(): Promise<{ readonly binary: string; readonly source: string } | null> {
  const cached = cachedBinary();
  if (existsSync(cached)) return { binary: cached, source: cached };
  if (!(await runs("go", ["version"]))) return null;
  return { binary: await build(), source: `go install ${module}` };
}

function cachedBinary(): string {
  return join(binaryFolder(), "minio");
}

/** The server that `S3_ENDPOINT` names, with `S3_ACCESS_KEY`, `S3_SECRET_KEY` and `S3_REGION`; null without it. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): S3Server | null {
  if (!env["S3_ENDPOINT"]) return null;
  return {
    name: "minio",
    endpoint: env["S3_ENDPOINT"].replace(/\/+$/, ""),
    accessKeyId: env["S3_ACCESS_KEY"] || credentials.accessKeyId,
    secretAccessKey: env["S3_SECRET_KEY"] || credentials.secretAccessKey,
    region: env["S3_REGION"] || credentials.region,
  };
}

async function startBinary(binary: string, source: string, port: number, console: number): Promise<RunningServer> {
  const endpoint = `http://127.0.0.1:${port}`;
  const { stop } = await startProcess({
    name: "minio",
    command: binary,
    args: (folder) => [
      "server",
      join(folder, "data"),
      "--address",
      `127.0.0.1:${port}`,
      "--console-address",
      `127.0.0.1:${console}`,
    ],
    env: {
      MINIO_ROOT_USER: credentials.accessKeyId,
      MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
      MINIO_BROWSER: "off",
      // For buckets that encrypt; any 32 bytes do.
      MINIO_KMS_SECRET_KEY: `unbucket:${btoa("0".repeat(32))}`,
      // Lets the data folder share a drive with the system, as it does wherever tests run.
      MINIO_CI_CD: "1",
    },
    ready: async () => (await fetch(`${endpoint}/minio/health/ready`)).ok,
  });
  return { server: { name: "minio", endpoint, ...credentials }, source, stop };
}

/** The developer's own MinIO of docker-compose.yml; it stays up, as `docker compose up` would leave it. */
async function startCompose(): Promise<RunningServer> {
  await run("docker", ["compose", "up", "-d", "--wait", "minio"], { cwd: root });
  const server: S3Server = { name: "minio", endpoint: "http://127.0.0.1:9000", ...credentials };
  return { server, source: "docker compose" };
}

function build(): Promise<string> {
  return install("minio", async (scratch) => {
    await run("go", ["install", module], { env: { ...process.env, GOBIN: scratch, GOFLAGS: "" } });
    return join(scratch, "minio");
  });
}
