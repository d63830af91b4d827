/**
 * What test/history.test.ts does, on real servers, by two drivers each. Not on Ceph, which knows no `ifMatch`. SeaweedFS lets more than one of
 * several completions at a time have the same condition (drivers/s3.md), so no uploads in parts there.
 */
import { describe, expect, test } from "vitest";
import s3 from "../drivers/s3.ts";
import { unexplained } from "./history/register.ts";
import type { Kind } from "./history/step.ts";
import { chosen, played } from "./history/team.ts";
import { freshBucket, servers } from "./support/s3.ts";

/** MinIO deletes whatever is there, on whatever condition; versitygw looks before it does (drivers/s3.md). */
const WITHOUT: Readonly<Record<string, readonly Kind[]>> = {
  seaweedfs: ["parts"],
  minio: ["removeSeen"],
  versitygw: ["removeSeen"],
};

const { seeds, calls, times } = chosen(15);
const able = servers.filter(({ name }) => name !== "ceph");
const cases = able.flatMap((server) => seeds.map((seed) => ({ server, name: server.name, seed })));

describe(`histories ${times}`, { timeout: 120_000 * seeds.length }, () => {
  test.each(cases)("on $name, seed $seed", async ({ server, seed }) => {
    const { endpoint, accessKeyId, secretAccessKey, region } = server;
    const bucket = await freshBucket(server);
    const driver = () => s3({ bucket, endpoint, accessKeyId, secretAccessKey, region });
    const stores = [driver(), driver()] as const;
    // None is above another, which two of the servers cannot have.
    const keys = ["a", "c/b", "c/c.txt"];
    const without = WITHOUT[server.name] ?? [];
    expect(unexplained(await played({ stores, players: 4, calls, seed, keys, without }))).toBeNull();
    for (const store of stores) await store.dispose();
  });
});
