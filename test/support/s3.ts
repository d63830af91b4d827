/** The real S3 servers of this run, for tests named `*.live.test.ts`: only those are given servers. */
import { inject } from "vitest";
import { handedOver } from "../servers/handover.ts";
import type { S3Server } from "../servers/server.ts";

export { createBucket as freshBucket, createLocked, encrypt, keepVersions, signed } from "../servers/bucket.ts";
export type { S3Server } from "../servers/server.ts";

const announced: string | undefined = inject("s3Servers");
if (announced === undefined) throw new Error("no server is started for this file: name it *.live.test.ts");

/** Never empty: a file that needs servers waits until they run, and fails when none can be had. */
export const servers: readonly S3Server[] = await handedOver(announced);

const usual = servers.filter(({ name }) => name === "minio" || name === "seaweedfs");

/** MinIO and SeaweedFS, or what there is instead: for tests that take long and whose point is not the product. */
export const mainServers: readonly S3Server[] = usual.length > 0 ? usual : servers;
