import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { binaryFolder, install, run, runs } from "./cache.ts";
import { onFreePorts } from "./port.ts";
import { startProcess } from "./process.ts";
import type { RunningServer, S3Server } from "./server.ts";

const version = "1.8.0";
const module = `github.com/versity/versitygw/cmd/versitygw@v${version}`;
const credentials = { accessKeyId: "versitygw", secretAccessKey: "versitygw-secret", region: "us-east-1" } as const;

/** Gets a versitygw from the cache or builds it with Go, or null where there is no Go. */
export async function startVersitygw(): Promise<RunningServer | null> {
  const cached = join(binaryFolder(), `versitygw-${version}`);
  if (existsSync(cached)) return startBinary(cached, cached);
  if (!(await runs("go", ["version"]))) return null;
  const binary = await install(`versitygw-${version}`, async (scratch) => {
    await run("go", ["install", module], { env: { ...process.env, GOBIN: scratch, GOFLAGS: "" } });
    return join(scratch, "versitygw");
  });
  return startBinary(binary, `go install ${module}`);
}

function startBinary(binary: string, source: string): Promise<RunningServer> {
  return onFreePorts(1, ([port = 0]) => startOn(port, binary, source));
}

/** Over a folder, with metadata in extended attributes: the temporary folder's filesystem must have those. */
async function startOn(port: number, binary: string, source: string): Promise<RunningServer> {
  const endpoint = `http://127.0.0.1:${port}`;
  const { stop } = await startProcess({
    name: "versitygw",
    command: binary,
    args: (folder) => {
      const data = join(folder, "data");
      const versions = join(folder, "versions");
      for (const made of [data, versions]) mkdirSync(made);
      const where = ["--port", `127.0.0.1:${port}`, "--region", credentials.region, "--health", "/health"];
      return [...where, "posix", "--versioning-dir", versions, data];
    },
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    ready: async () => (await fetch(`${endpoint}/health`)).ok,
  });
  const server: S3Server = { name: "versitygw", endpoint, ...credentials };
  return { server, source, stop };
}
