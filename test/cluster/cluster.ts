/** Four MinIO processes that are one store: two of four drives may be lost for reads, one for writes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { minioBinary } from "../servers/minio.ts";
import { freePorts } from "../servers/port.ts";
import { atEnd, startProcess, type ServerProcess } from "../servers/process.ts";
import type { S3Server } from "../servers/server.ts";

const size = 4;
const credentials = { accessKeyId: "minioadmin", secretAccessKey: "minioadmin", region: "us-east-1" } as const;

/** A store of which each node answers for the whole. */
export interface Cluster {
  readonly nodes: readonly S3Server[];
  /** Ends a node as a crash does; resolves when it is gone. */
  readonly kill: (node: number) => Promise<void>;
  /** Starts a node that was killed, on what it had; resolves when it says that it lives. */
  readonly restart: (node: number) => Promise<void>;
  /** Resolves when every node says that the cluster can write. */
  readonly healthy: () => Promise<void>;
  readonly stop: () => void;
}

/** Starts the four on loopback ports; rejects where MinIO cannot be had as a program. */
export async function startCluster(): Promise<Cluster> {
  const found = await minioBinary();
  if (!found) throw new Error("the cluster needs MinIO as a program: put go on the PATH, which builds it once");
  const root = mkdtempSync(join(tmpdir(), "unbucket-cluster-"));
  const removeRoot = atEnd(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const hosts = (await freePorts(size)).map((port) => `127.0.0.1:${port}`);
  const drives = hosts.map((host, node) => `http://${host}${join(root, `node-${node}`, "drive")}`);
  const health = async (host: string | undefined, what: string): Promise<boolean> =>
    (await fetch(`http://${host}/minio/health/${what}`)).ok;
  const start = (node: number, until: string): Promise<ServerProcess> =>
    startProcess({
      name: `minio-${node}`,
      command: found.binary,
      folder: join(root, `node-${node}`),
      args: () => ["server", "--address", hosts[node] ?? "", ...drives],
      env: {
        MINIO_ROOT_USER: credentials.accessKeyId,
        MINIO_ROOT_PASSWORD: credentials.secretAccessKey,
        MINIO_BROWSER: "off",
        // Drives that share one with the system, and, inside a container, an address that it would take for the host's.
        MINIO_CI_CD: "1",
        _MINIO_SERVER_LOCAL: hosts[node] ?? "",
      },
      ready: () => health(hosts[node], until),
    });
  const running = new Map<number, ServerProcess>();
  const stop = (): void => {
    running.forEach((node) => node.stop());
    removeRoot();
  };
  const healthy = async (): Promise<void> => {
    for (const host of hosts) {
      while (!(await health(host, "cluster").catch(() => false))) await new Promise((next) => setTimeout(next, 100));
    }
  };
  try {
    const all = await Promise.all(hosts.map((_, node) => start(node, "cluster")));
    all.forEach((started, node) => running.set(node, started));
  } catch (error) {
    stop();
    throw error;
  }
  return {
    nodes: hosts.map((host) => ({ name: "minio", endpoint: `http://${host}`, ...credentials })),
    kill: async (node) => {
      const victim = running.get(node);
      running.delete(node);
      victim?.stop();
      await victim?.ended;
    },
    restart: async (node) => {
      running.set(node, await start(node, "live"));
    },
    healthy,
    stop,
  };
}
