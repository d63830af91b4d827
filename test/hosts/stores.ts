/** Where the mounts of a running app keep their objects, and what of it can be seen from outside. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freshBucket, type S3Server, signed } from "../support/s3.ts";
import type { Target } from "./checks.ts";
import { type Deviations, ofServers } from "./deviations.ts";
import { openGate } from "./gate.ts";
import { filesBelow, type Variables } from "./running.ts";

/** A place that is empty at first. */
export interface Store extends Pick<Target, "received" | "hold"> {
  readonly name: string;
  /** What makes `unbucket/drivers/env` use it. */
  readonly variables: Variables;
  readonly deviations: Deviations;
  /** Bytes of an object, asked without the driver under test; absent where nobody else can ask. */
  readonly sizeOf?: (key: string) => Promise<number>;
  readonly close: () => Promise<void>;
}

/** A bucket, by way of a relay. */
export interface BucketStore extends Store {
  readonly server: S3Server;
  readonly bucket: string;
  readonly endpoint: string;
}

/** What lives in the app itself. */
export const memoryStore: Store = {
  name: "memory",
  variables: { STORAGE_BACKEND: "memory" },
  deviations: {},
  close: async () => {},
};

/** A folder of its own. */
export function folderStore(): Store {
  const base = mkdtempSync(join(tmpdir(), "unbucket-uploads-"));
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    name: "a folder",
    variables: { STORAGE_LOCAL_PATH: base },
    deviations: {},
    received: () => filesBelow(base).reduce((sum, path) => sum + sizeOf(path), 0),
    sizeOf: async (key) => sizeOf(join(base, key)),
    close: async () => rmSync(base, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** A fresh bucket on a server. */
export async function bucketStore(server: S3Server): Promise<BucketStore> {
  const bucket = await freshBucket(server);
  const gate = await openGate(server);
  return {
    name: server.name,
    server,
    bucket,
    endpoint: gate.endpoint,
    variables: {
      STORAGE_BACKEND: "s3",
      STORAGE_S3_BUCKET: bucket,
      STORAGE_S3_REGION: server.region,
      STORAGE_S3_ENDPOINT_URL: gate.endpoint,
      STORAGE_S3_ACCESS_KEY: server.accessKeyId,
      STORAGE_S3_SECRET_KEY: server.secretAccessKey,
    },
    deviations: ofServers[server.name] ?? {},
    received: gate.sent,
    hold: gate.hold,
    sizeOf: async (key) => (await (await signed(server, "GET", `${bucket}/${key}`)).arrayBuffer()).byteLength,
    close: gate.close,
  };
}
